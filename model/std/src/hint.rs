//! `std::hint`, for whoever looks again and again.

/// No step of its own: what is looked at is one. But now and then everybody else goes first, or one
/// that looks until another one is done would starve it.
pub fn spin_loop() {
    model_schedule::relax();
}
