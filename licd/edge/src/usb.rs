//! USB devices.
