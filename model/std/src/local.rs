//! Thread-local values.

use ::std::cell::{Cell, RefCell};
use ::std::fmt;

use ::shuttle::thread::{AccessError, LocalKey as Key};

/// Each thread of a model has values of its own. To be used by its full name, `std::thread_local!`:
/// the bare one is the real `std`'s.
#[macro_export]
macro_rules! thread_local {
    () => {};
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $Type:ty = const $init:block $(; $($rest:tt)*)?) => {
        $crate::thread_local!($(#[$attribute])* $vis static $name: $Type = $init $(; $($rest)*)?);
    };
    ($(#[$attribute:meta])* $vis:vis static $name:ident: $Type:ty = $init:expr $(; $($rest:tt)*)?) => {
        $(#[$attribute])* $vis static $name: $crate::thread::LocalKey<$Type> = {
            $crate::modelled_thread_local!(static KEY: $Type = $init);
            $crate::thread::LocalKey::new(&KEY)
        };
        $($crate::thread_local!($($rest)*);)?
    };
}

/// The name of a value that each thread has for itself.
pub struct LocalKey<T: 'static>(&'static Key<T>);

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(key: &'static Key<T>) -> LocalKey<T> {
        LocalKey(key)
    }

    /// Looks at the value of this thread, which is made if there is none yet.
    pub fn with<U>(&'static self, look: impl FnOnce(&T) -> U) -> U {
        self.0.with(look)
    }

    /// Looks at the value of this thread.
    ///
    /// # Errors
    ///
    /// If it has been dropped: the thread ends.
    pub fn try_with<U>(&'static self, look: impl FnOnce(&T) -> U) -> Result<U, AccessError> {
        self.0.try_with(look)
    }
}

impl<T: 'static> LocalKey<Cell<T>> {
    /// Replaces the value.
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    /// A copy of the value.
    #[must_use]
    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    /// Takes the value out.
    #[must_use]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    /// Replaces the value, and returns what was there before.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> LocalKey<RefCell<T>> {
    /// Looks at the value.
    pub fn with_borrow<U>(&'static self, look: impl FnOnce(&T) -> U) -> U {
        self.with(|cell| look(&cell.borrow()))
    }

    /// Changes the value.
    pub fn with_borrow_mut<U>(&'static self, change: impl FnOnce(&mut T) -> U) -> U {
        self.with(|cell| change(&mut cell.borrow_mut()))
    }

    /// Replaces the value.
    pub fn set(&'static self, value: T) {
        self.replace(value);
    }

    /// Takes the value out.
    #[must_use]
    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    /// Replaces the value, and returns what was there before.
    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}
