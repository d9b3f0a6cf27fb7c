//! Every decision of licd.
#![no_std]
extern crate alloc;
