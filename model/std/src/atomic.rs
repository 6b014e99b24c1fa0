//! `std::sync::atomic`. Sequentially consistent, whatever the order that is asked for.

use ::std::fmt;

use model_schedule::{note, switching};

pub use ::shuttle::sync::atomic::{Ordering, fence};

macro_rules! atomic {
    ($($Atomic:ident: $value:ty),*) => { $(
        /// A value that several threads read and write.
        #[derive(Default)]
        pub struct $Atomic(::shuttle::sync::atomic::$Atomic);

        impl $Atomic {
            /// One with this value in it.
            #[must_use]
            pub const fn new(value: $value) -> $Atomic {
                $Atomic(::shuttle::sync::atomic::$Atomic::new(value))
            }

            /// The value, which nobody else can see.
            pub fn get_mut(&mut self) -> &mut $value {
                self.0.get_mut()
            }

            /// The value.
            #[must_use]
            pub fn into_inner(self) -> $value {
                self.0.into_inner()
            }

            /// Reads the value.
            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                let value = switching(|| self.0.load(order));
                note(format_args!("reads {value}"));
                value
            }

            /// Writes a value if this one is there. Returns what was there before.
            ///
            /// # Errors
            ///
            /// What is there, if it is another value.
            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let exchange = || self.0.compare_exchange(current, new, success, failure);
                let result = switching(exchange);
                match result {
                    Ok(_) => note(format_args!("writes {new} in place of {current}")),
                    Err(other) => note(format_args!("reads {other}, and not {current}")),
                }
                result
            }

            /// As `compare_exchange`: it never fails by itself here.
            ///
            /// # Errors
            ///
            /// What is there, if it is another value.
            #[track_caller]
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.compare_exchange(current, new, success, failure)
            }

            /// Changes the value until nobody else has changed it meanwhile. Returns what was there
            /// before.
            ///
            /// # Errors
            ///
            /// What is there, if it is not to be changed.
            #[track_caller]
            pub fn fetch_update(
                &self,
                set_order: Ordering,
                fetch_order: Ordering,
                mut change: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut before = self.load(fetch_order);
                while let Some(new) = change(before) {
                    match self.compare_exchange(before, new, set_order, fetch_order) {
                        Ok(before) => return Ok(before),
                        Err(other) => before = other,
                    }
                }
                Err(before)
            }
        }

        atomic!(@ $Atomic, $value,
            /// Writes the value.
            "writes": store -> (),
            /// Writes the value, and returns what was there before.
            "writes": swap -> $value,
            /// Keeps what is in both, and returns what was there before.
            "keeps what is in": fetch_and -> $value,
            /// Adds what is in either, and returns what was there before.
            "joins with": fetch_or -> $value,
            /// Keeps what is in one of both, and returns what was there before.
            "turns over": fetch_xor -> $value,
        );

        impl From<$value> for $Atomic {
            fn from(value: $value) -> $Atomic {
                $Atomic::new(value)
            }
        }

        impl fmt::Debug for $Atomic {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )* };
    (@ $Atomic:ident, $value:ty,
        $($(#[$doc:meta])* $what:literal: $change:ident -> $result:ty,)*
    ) => {
        impl $Atomic { $(
            $(#[$doc])*
            #[track_caller]
            pub fn $change(&self, value: $value, order: Ordering) -> $result {
                let result = switching(|| self.0.$change(value, order));
                note(format_args!("{} {value}", $what));
                result
            }
        )* }
    };
}

macro_rules! number {
    ($($Atomic:ident: $value:ty),*) => {
        atomic!($($Atomic: $value),*);
        $(atomic!(@ $Atomic, $value,
            /// Adds to the value, and returns what was there before.
            "adds": fetch_add -> $value,
            /// Subtracts from the value, and returns what was there before.
            "subtracts": fetch_sub -> $value,
            /// Raises the value to at least this one, and returns what was there before.
            "raises it to": fetch_max -> $value,
            /// Lowers the value to at most this one, and returns what was there before.
            "lowers it to": fetch_min -> $value,
        );)*
    };
}

atomic!(AtomicBool: bool);
number!(AtomicI8: i8, AtomicI16: i16, AtomicI32: i32, AtomicI64: i64, AtomicIsize: isize);
number!(AtomicU8: u8, AtomicU16: u16, AtomicU32: u32, AtomicU64: u64, AtomicUsize: usize);
