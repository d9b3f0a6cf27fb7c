//! Facts of the machine: its network interfaces, the USB drive that it runs from, its firmware and
//! system, its clocks, and what a file is on.

pub mod block;
pub mod clock;
pub mod links;
mod mountinfo;
pub mod system;
pub mod usb;
