//! Something to wait at.

use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::doing;

/// Something to wait at until the test opens it.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    /// A gate that is shut.
    #[must_use]
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Lets everybody pass, from now on.
    pub fn open(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Waits until it is open.
    pub fn pass(&self) {
        let open = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = self.0.1.wait_while(open, |open| !*open);
        drop(opened.unwrap_or_else(PoisonError::into_inner));
    }

    /// Keeps a worker busy: `submit` is given a task that waits here. Returns when it has begun.
    ///
    /// # Panics
    ///
    /// If the task is dropped and has not begun.
    pub fn occupy(&self, submit: impl FnOnce(Box<dyn FnOnce() + Send>)) {
        let (begin, begun) = mpsc::channel();
        let at = self.clone();
        submit(Box::new(move || {
            let _ = begin.send(());
            doing(
                "runs a task that waits until the test lets it go on",
                || {
                    at.pass();
                },
            );
        }));
        let has_begun = doing("waits until a task that it has submitted begins", || {
            begun.recv().is_ok()
        });
        assert!(has_begun, "an accepted task was dropped and has not run");
    }
}

/// Opens its gate when it goes out of scope.
#[derive(Debug)]
pub struct OpenOnDrop<'gate>(pub &'gate Gate);

impl Drop for OpenOnDrop<'_> {
    fn drop(&mut self) {
        self.0.open();
    }
}
