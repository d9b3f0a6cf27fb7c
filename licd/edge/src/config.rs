//! Configuration, .
