//! A right pool, as far as stage 1 goes.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

type Job = Box<dyn FnOnce() + Send>;

pub struct Pool {
    workers: Vec<JoinHandle<()>>,
    sender: Option<mpsc::Sender<Job>>,
}

impl Pool {
    pub fn new(threads: usize, _: usize) -> Result<Pool, Infallible> {
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let worker = |_| {
            let receiver = Arc::clone(&receiver);
            thread::spawn(move || work(&receiver))
        };
        Ok(Pool {
            workers: (0..threads).map(worker).collect(),
            sender: Some(sender),
        })
    }

    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Infallible> {
        let sender = self.sender.as_ref().unwrap();
        sender.send(Box::new(task)).unwrap();
        Ok(())
    }
}

fn work(receiver: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        let message = receiver.lock().unwrap().recv();
        let Ok(job) = message else {
            return;
        };
        job();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            worker.join().unwrap();
        }
    }
}
