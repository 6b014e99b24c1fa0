//! Threads that receive boxed closures from a channel, whichever it is. No pool: nobody survives a
//! task that panics.

use std::fmt::{self, Debug};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use super::wait_group::WaitGroup;
use crate::contender::Contender;

/// A task in its box.
pub type Boxed = Box<dyn FnOnce() + Send>;

/// A channel with a bound.
pub trait Channel: 'static {
    /// Where tasks go in.
    type Sender: Send + Sync + 'static;
    /// Where they come out, until all senders are gone.
    type Receiver: Iterator<Item = Boxed> + Send + 'static;

    /// With so many places, and for so many threads that receive.
    fn open(places: usize, receivers: usize) -> (Self::Sender, Vec<Self::Receiver>);

    /// Waits for a place.
    fn send(sender: &Self::Sender, task: Boxed);
}

/// What a race makes of a channel.
pub trait Setup: 'static {
    /// Which channel.
    type Channel: Channel;

    /// The name in tables and plots.
    const NAME: &'static str;

    /// As [`Contender::ONE_IN`].
    const ONE_IN: usize = 1;

    /// How many places there are if so many are asked for.
    fn places(asked: usize) -> usize {
        asked
    }

    /// How many threads receive if so many are asked for.
    fn receivers(asked: usize) -> usize {
        asked
    }
}

/// Threads that receive.
pub struct Receivers<S: Setup> {
    /// `None` only while it is dropped.
    queue: Option<<S::Channel as Channel>::Sender>,
    threads: Vec<JoinHandle<()>>,
    unfinished: WaitGroup,
}

impl<S: Setup> Contender for Receivers<S> {
    const NAME: &'static str = S::NAME;
    const ONE_IN: usize = S::ONE_IN;

    fn start(threads: usize, capacity: usize) -> Receivers<S> {
        let places = S::places(capacity);
        let (queue, receivers) = S::Channel::open(places, S::receivers(threads));
        let unfinished = WaitGroup::default();
        let worker = |tasks: <S::Channel as Channel>::Receiver| {
            let unfinished = unfinished.clone();
            thread::spawn(move || {
                for task in tasks {
                    task();
                    unfinished.done();
                }
            })
        };
        Receivers {
            queue: Some(queue),
            threads: receivers.into_iter().map(worker).collect(),
            unfinished,
        }
    }

    fn workers(asked: usize) -> usize {
        S::receivers(asked)
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let queue = self.queue.as_ref().expect("it is there until the drop");
        S::Channel::send(queue, Box::new(task));
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

impl<S: Setup> Drop for Receivers<S> {
    fn drop(&mut self) {
        drop(self.queue.take());
        join(&mut self.threads);
    }
}

impl<S: Setup> Debug for Receivers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receivers")
            .field("channel", &S::NAME)
            .field("threads", &self.threads.len())
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}

/// Waits until they have ended.
pub(super) fn join(threads: &mut Vec<JoinHandle<()>>) {
    for thread in threads.drain(..) {
        // A task that panicked has ended its worker and has been heard of.
        drop(thread.join());
    }
}

/// That of `crossbeam-channel`.
#[derive(Debug)]
pub struct Crossbeam;

impl Channel for Crossbeam {
    type Sender = crossbeam_channel::Sender<Boxed>;
    type Receiver = crossbeam_channel::IntoIter<Boxed>;

    fn open(places: usize, receivers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = crossbeam_channel::bounded(places);
        let each = (0..receivers).map(|_| receiver.clone().into_iter());
        (sender, each.collect())
    }

    fn send(sender: &Self::Sender, task: Boxed) {
        sender.send(task).expect("the workers receive");
    }
}

/// That of the standard library. One thread can receive from it.
#[derive(Debug)]
pub struct Std;

impl Channel for Std {
    type Sender = mpsc::SyncSender<Boxed>;
    type Receiver = mpsc::IntoIter<Boxed>;

    fn open(places: usize, receivers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        assert_eq!(receivers, 1, "its receiver cannot be cloned");
        let (sender, receiver) = mpsc::sync_channel(places);
        (sender, vec![receiver.into_iter()])
    }

    fn send(sender: &Self::Sender, task: Boxed) {
        sender.send(task).expect("the worker receives");
    }
}
