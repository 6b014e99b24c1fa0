//! Messages one after another.

use std::fmt;

use crate::Receiver;

impl<T> Receiver<T> {
    /// The messages to come, and those that are there. Waits for each, and ends with the last
    /// sender.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self)
    }

    /// The messages that are there. Waits for none.
    pub fn try_iter(&self) -> TryIter<'_, T> {
        TryIter(self)
    }
}

/// Made by [`Receiver::iter`].
pub struct Iter<'a, T>(&'a Receiver<T>);

/// Made by [`Receiver::try_iter`].
pub struct TryIter<'a, T>(&'a Receiver<T>);

/// An [`Iter`] that has its receiver with it.
pub struct IntoIter<T>(Receiver<T>);

macro_rules! iterator {
    ([$($parameters:tt)*] $Iter:ty, $receive:ident, $name:literal) => {
        impl<$($parameters)*> Iterator for $Iter {
            type Item = T;

            #[track_caller]
            fn next(&mut self) -> Option<T> {
                self.0.$receive().ok()
            }
        }

        impl<$($parameters)*> fmt::Debug for $Iter {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad($name)
            }
        }
    };
}

iterator!(['a, T] Iter<'a, T>, recv, "Iter { .. }");
iterator!(['a, T] TryIter<'a, T>, try_recv, "TryIter { .. }");
iterator!([T] IntoIter<T>, recv, "IntoIter { .. }");

impl<'a, T> IntoIterator for &'a Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self)
    }
}
