//! The licence partition.
