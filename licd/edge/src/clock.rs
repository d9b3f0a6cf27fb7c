//! The machine's clock.
