//! Requests to a USB device over libusb.

use licd_fs::look::{Looked, Unavailable};
use nix::errno::Errno;
use rusb::UsbContext;

/// The serial number of the device at an address of a bus (USB 2.0 §9.6.7); `None` if it has none or
/// this process may not open it. A device that does not answer takes a second.
///
/// # Errors
/// [`Unavailable`].
pub(super) fn serial(bus: u8, address: u8) -> Looked<Option<String>> {
    match request(bus, address) {
        Ok(serial) => Ok(serial),
        Err(error) => match shortage(error) {
            Some(why) => Err(Unavailable::new("USB drive of the system", why)),
            None => Ok(None),
        },
    }
}

fn request(bus: u8, address: u8) -> rusb::Result<Option<String>> {
    let context = rusb::Context::new()?;
    let devices = context.devices()?;
    let at = |device: &rusb::Device<_>| device.bus_number() == bus && device.address() == address;
    let Some(device) = devices.iter().find(at) else { return Ok(None) };
    let descriptor = device.device_descriptor()?;
    if descriptor.serial_number_string_index().is_none() {
        return Ok(None);
    }
    device.open()?.read_serial_number_string_ascii(&descriptor).map(Some)
}

/// The error number of a shortage. An invalid answer, or a drive that this process may not open, is a
/// fact.
fn shortage(error: rusb::Error) -> Option<Errno> {
    match error {
        rusb::Error::NoMem => Some(Errno::ENOMEM),
        rusb::Error::Io => Some(Errno::EIO),
        rusb::Error::Busy => Some(Errno::EBUSY),
        rusb::Error::Timeout => Some(Errno::ETIMEDOUT),
        rusb::Error::Interrupted => Some(Errno::EINTR),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_device_has_no_serial_number() {
        assert_eq!(serial(255, 255), Ok(None));
    }
}
