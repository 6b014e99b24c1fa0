//! The part of `crossbeam-channel` that the pools use.
//!
//! Each call is one step, and one of a select is a step for each operation: whatever the real
//! channels do in many steps looks like these from outside. A time-out may fire at any moment,
//! whatever the clock says, and in the end it does. Those who wait are let in in no particular
//! order.

mod channel;
mod ends;
mod handle;
mod iter;
mod macros;
mod operation;
mod select;
mod selected;

pub use crossbeam_channel::{
    ReadyTimeoutError, RecvError, RecvTimeoutError, SelectTimeoutError, SendError,
    SendTimeoutError, TryReadyError, TryRecvError, TrySelectError, TrySendError,
};

use model_schedule::{Woken, note};

pub use ends::{Receiver, Sender, bounded, of_std, unbounded};
pub use iter::{IntoIter, Iter, TryIter};
pub use select::Select;
pub use selected::SelectedOperation;

#[track_caller]
fn note_why(woken: Woken) {
    note(match woken {
        Woken::Alone(_) | Woken::WithAll(_) => "is woken",
        Woken::Late => "has slept enough",
    });
}
