//! Results from a pool that gives none back: by hand, with a channel for each task.

use std::sync::mpsc::{self, Receiver};

use crate::contender::{Contender, Resulting};

/// The task, which now sends its result, and where the result arrives.
pub(super) fn sending<T: Send + 'static>(
    task: impl FnOnce() -> T + Send + 'static,
) -> (impl FnOnce() + Send + 'static, Receiver<T>) {
    let (sender, receiver) = mpsc::channel();
    let task = move || {
        // Whoever asked for the result may be gone.
        drop(sender.send(task()));
    };
    (task, receiver)
}

pub(super) fn receive<T>(receiver: &Receiver<T>) -> T {
    receiver.recv().expect("no task of a race panics")
}

/// v4, whose users have to bring the channel.
#[derive(Debug)]
pub struct ByHand(v4_dedicated_queues::Pool);

impl Contender for ByHand {
    const NAME: &'static str = "v4 with channel";

    fn start(threads: usize, capacity: usize) -> ByHand {
        ByHand(Contender::start(threads, capacity))
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        Contender::execute(&self.0, task);
    }

    fn wait(&self) {
        Contender::wait(&self.0);
    }
}

impl Resulting for ByHand {
    type Handle<T: Send + 'static> = Receiver<T>;

    fn spawn<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
        let (task, receiver) = sending(task);
        self.execute(task);
        receiver
    }

    fn join<T: Send + 'static>(&self, receiver: Receiver<T>) -> T {
        receive(&receiver)
    }
}
