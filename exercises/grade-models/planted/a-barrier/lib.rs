//! Something that is not modelled.

use std::convert::Infallible;
use std::sync::{Arc, Barrier};

pub struct Pool(Arc<Barrier>);

impl Pool {
    pub fn new(threads: usize, _: usize) -> Result<Pool, Infallible> {
        Ok(Pool(Arc::new(Barrier::new(threads))))
    }
}
