//! The device's memory.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod damage;
mod entries;
mod learned;
mod world;
