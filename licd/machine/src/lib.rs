//! Facts of the machine: network interfaces, the USB drive that it runs from, firmware and operating
//! system, clocks, and the block devices below a file.

pub mod block;
pub mod clock;
pub mod links;
pub mod system;
pub mod usb;
