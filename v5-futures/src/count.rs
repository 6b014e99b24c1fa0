//! A counter with a cache line to itself.

use std::sync::atomic::AtomicUsize;

/// A counter that shares its cache line with nothing.
///
/// A core that writes to a line takes it away from all others, whichever byte they want. A counter
/// next to something that other cores use would slow both down. The lines of today's machines have
/// 64 bytes; 128, because some fetch two neighbours at a time.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Count(pub(crate) AtomicUsize);
