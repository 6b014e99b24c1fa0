//! A value that is written once.

use ::std::fmt;

use model_schedule::{note, step};

/// A place for a value that is written once. Who comes while another one makes it waits for that.
#[derive(Default)]
pub struct OnceLock<T> {
    making: parking_lot::Mutex<()>,
    value: ::std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    /// An empty place.
    #[must_use]
    pub const fn new() -> OnceLock<T> {
        OnceLock {
            making: parking_lot::Mutex::new(()),
            value: ::std::sync::OnceLock::new(),
        }
    }

    /// The value, if it is there.
    #[track_caller]
    pub fn get(&self) -> Option<&T> {
        step();
        let value = self.value.get();
        note(match value {
            Some(_) => "finds a value",
            None => "finds no value",
        });
        value
    }

    /// The value, which nobody else can see.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.value.get_mut()
    }

    /// Writes the value.
    ///
    /// # Errors
    ///
    /// With the new one: there is one already.
    #[track_caller]
    pub fn set(&self, value: T) -> Result<(), T> {
        let _making = self.making.lock();
        self.value.set(value)
    }

    /// The value, which is made if it is not there.
    #[track_caller]
    pub fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get() {
            return value;
        }
        let _making = self.making.lock();
        match self.value.get() {
            Some(value) => value,
            None => {
                let value = make();
                self.value.get_or_init(|| value)
            }
        }
    }

    /// Takes the value out.
    pub fn take(&mut self) -> Option<T> {
        self.value.take()
    }

    /// The value, if it was written.
    pub fn into_inner(self) -> Option<T> {
        self.value.into_inner()
    }
}

impl<T: fmt::Debug> fmt::Debug for OnceLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
