//! What the facades of the models and the crates behind them both promise, asked by the same tests:
//! see `tests`. And what the search finds.
//!
//! A package of its own, since `model-schedule` is compiled with all optimisations, and these tests
//! need none.
