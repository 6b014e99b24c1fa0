//! What a pool is told before it starts because of results.

use crate::Builder;

impl Builder {
    /// How large the stack of each worker is, in bytes. Without this, as large as the standard
    /// library makes it: two mebibytes, unless `RUST_MIN_STACK` says otherwise.
    ///
    /// A worker that joins a task may run it on top of its own, and so on: with
    /// [`JoinHandle::join`](crate::JoinHandle::join) the depth of the recursion is what needs the
    /// stack.
    ///
    /// ```
    /// let pool = v5_futures::Pool::builder().threads(1).stack_size(64 << 20).build()?;
    /// # Ok::<(), v5_futures::BuildError>(())
    /// ```
    pub fn stack_size(mut self, bytes: usize) -> Builder {
        self.stack_size = Some(bytes);
        self
    }
}
