//! `std::sync::atomic`. Sequentially consistent, whatever the order that is asked for.

use ::std::fmt;

use model_schedule::note;

pub use ::shuttle::sync::atomic::{Ordering, fence};

macro_rules! atomic {
    ($Atomic:ident, $value:ty) => {
        /// A value that several threads read and write.
        #[derive(Default)]
        pub struct $Atomic(::shuttle::sync::atomic::$Atomic);

        impl $Atomic {
            /// One with this value in it.
            #[must_use]
            pub const fn new(value: $value) -> $Atomic {
                $Atomic(::shuttle::sync::atomic::$Atomic::new(value))
            }

            /// Reads the value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let value = self.0.load(order);
                note(format_args!("reads {value}"));
                value
            }
        }

        atomic!(@ $Atomic, $value, "writes",
            /// Writes the value.
            store -> (),
            /// Writes the value, and returns what was there before.
            swap -> $value,
        );

        impl fmt::Debug for $Atomic {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
    (@ $Atomic:ident, $value:ty, $what:literal,
        $($(#[$doc:meta])* $change:ident -> $result:ty,)*
    ) => {
        impl $Atomic { $(
            $(#[$doc])*
            #[track_caller]
            pub fn $change(&self, value: $value, order: Ordering) -> $result {
                let result = self.0.$change(value, order);
                note(format_args!("{} {value}", $what));
                result
            }
        )* }
    };
}

atomic!(AtomicBool, bool);
atomic!(AtomicIsize, isize);
atomic!(AtomicU8, u8);
atomic!(AtomicUsize, usize);

atomic!(@ AtomicIsize, isize, "adds",
    /// Adds to the value, and returns what was there before.
    fetch_add -> isize,
);

atomic!(@ AtomicIsize, isize, "subtracts",
    /// Subtracts from the value, and returns what was there before.
    fetch_sub -> isize,
);

atomic!(@ AtomicUsize, usize, "adds",
    /// Adds to the value, and returns what was there before.
    fetch_add -> usize,
);

atomic!(@ AtomicUsize, usize, "subtracts",
    /// Subtracts from the value, and returns what was there before.
    fetch_sub -> usize,
);

atomic!(@ AtomicUsize, usize, "raises it to",
    /// Raises the value to at least this one, and returns what was there before.
    fetch_max -> usize,
);

impl AtomicU8 {
    /// Writes a value if this one is there. Returns what was there before.
    ///
    /// # Errors
    ///
    /// What is there, if it is another value.
    #[track_caller]
    pub fn compare_exchange(
        &self,
        current: u8,
        new: u8,
        success: Ordering,
        failure: Ordering,
    ) -> Result<u8, u8> {
        let result = self.0.compare_exchange(current, new, success, failure);
        match result {
            Ok(_) => note(format_args!("writes {new} in place of {current}")),
            Err(other) => note(format_args!("reads {other}, and not {current}")),
        }
        result
    }
}
