//! What both ends of a channel have: they count themselves, and tell the other end when the last is
//! gone.

use std::fmt;
use std::sync::Arc;

use model_schedule::{note, step};

use crate::{Receiver, Sender};

/// What both ends have. `$count` are the living handles of this end, `$others` is where the other
/// end sleeps.
macro_rules! handle {
    ($Handle:ident, $count:ident, $others:ident, $name:literal) => {
        impl<T> $Handle<T> {
            /// The number of messages in the channel.
            #[must_use]
            pub fn len(&self) -> usize {
                step();
                self.0.with(|state| state.queue.len())
            }

            /// Whether there is no message in the channel.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether there is no place in the channel.
            #[must_use]
            pub fn is_full(&self) -> bool {
                step();
                self.0.with(|state| state.is_full())
            }

            /// The number of places, if there is a bound.
            #[must_use]
            pub fn capacity(&self) -> Option<usize> {
                self.0.with(|state| state.capacity)
            }
        }

        impl<T> Clone for $Handle<T> {
            fn clone(&self) -> $Handle<T> {
                self.0.with(|state| state.$count += 1);
                $Handle(Arc::clone(&self.0))
            }
        }

        impl<T> Drop for $Handle<T> {
            fn drop(&mut self) {
                step();
                note(concat!("drops a ", stringify!($Handle)));
                let (last, discarded) = self.0.with(|state| {
                    state.$count -= 1;
                    // Without a bound, the last receiver drops what is in the channel. With one,
                    // that stays until the last sender is gone as well.
                    let discard = state.receivers == 0 && !state.keeps;
                    let discarded = discard.then(|| std::mem::take(&mut state.queue));
                    (state.$count == 0, discarded)
                });
                if last {
                    self.0.$others.call_all();
                }
                // Code of whoever made the messages, so not under the lock.
                drop(discarded);
            }
        }

        impl<T> fmt::Debug for $Handle<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad($name)
            }
        }
    };
}

handle!(Sender, senders, receivers, "Sender { .. }");
handle!(Receiver, receivers, senders, "Receiver { .. }");
