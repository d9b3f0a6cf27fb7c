//! Asking a USB device itself, over libusb.

use rusb::UsbContext;

/// The serial number string of the device at an address of a bus (USB 2.0 §9.6.7); `None` if it
/// has none, or cannot be asked, for whatever reason. Takes up to a second for a device that does
/// not answer.
pub(super) fn serial(bus: u8, address: u8) -> Option<String> {
    let context = rusb::Context::new().ok()?;
    let devices = context.devices().ok()?;
    let device = devices.iter().find(|d| d.bus_number() == bus && d.address() == address)?;
    let descriptor = device.device_descriptor().ok()?;
    device.open().ok()?.read_serial_number_string_ascii(&descriptor).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_is_not_there_has_no_serial_number() {
        assert_eq!(serial(255, 255), None);
    }
}
