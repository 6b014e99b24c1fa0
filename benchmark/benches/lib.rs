//! Nothing: what this package has is the benchmark beside this file.
