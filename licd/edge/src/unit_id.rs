//! The hardware that a licence can be bound to.
