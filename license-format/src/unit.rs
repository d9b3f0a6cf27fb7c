//! Unit IDs, which bind a licence to hardware (LF §5).

use core::fmt;
use heapless::String;

/// Longest unit string: `udp:` and 24 characters.
const UNIT_BYTES: usize = 28;
const MAC: &str = "mac:";
const USB: &str = "udp:";

/// A unit string; a length of one byte keeps licences with many units small.
type Spelling = String<UNIT_BYTES, u8>;

/// The ID of a unit, which a licence is bound to. It holds the unit string of a licence file, so that
/// IDs sort as the format sorts them.
///
/// ```
/// use license_format::{UnitId, UnitKind};
///
/// let unit = UnitId::parse_human("00:e0:c5:1c:50:87").unwrap();
/// assert_eq!(unit.as_str(), "mac:00E0C51C5087");
/// assert_eq!(unit.to_string(), "00E0C51C5087");
/// assert_eq!(unit.kind(), UnitKind::Mac);
///
/// let drive = UnitId::from_usb_serial("85641000d308482019").unwrap();
/// assert_eq!(drive, UnitId::parse("udp:85641000D308482019").unwrap());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(Spelling);

/// The hardware that a unit ID names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// The permanent MAC address of a network interface (`mac:`).
    Mac,
    /// The serial number of the USB drive that the system runs from (`udp:`).
    UsbSerial,
}

impl UnitId {
    /// The unit of a device with this permanent MAC address.
    #[must_use]
    pub fn from_mac(mac: [u8; 6]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let mut text = Spelling::new();
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or('0', |d| char::from(*d));
        // 4 + 12 characters never exceed UNIT_BYTES.
        let _ = text.push_str(MAC);
        for byte in mac {
            let _ = text.push(digit(byte >> 4));
            let _ = text.push(digit(byte & 15));
        }
        Self(text)
    }

    /// The unit of a device that runs from a USB drive with this serial number. Like the portal, it
    /// trims blanks and raises letters. `None` unless 8–24 of `[0-9A-Z]` remain.
    #[must_use]
    pub fn from_usb_serial(serial: &str) -> Option<Self> {
        let mut text = Spelling::new();
        text.push_str(USB).ok()?;
        for c in serial.trim().chars() {
            text.push(c.to_ascii_uppercase()).ok()?;
        }
        Self::parse(&text)
    }

    /// Reads the unit string of a licence file (LF §5).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_line(text.as_bytes())
    }

    /// Does the same with the bytes of a line.
    pub(crate) fn from_line(line: &[u8]) -> Option<Self> {
        let valid = if let Some(mac) = line.strip_prefix(MAC.as_bytes()) {
            mac.len() == 12 && mac.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'))
        } else if let Some(serial) = line.strip_prefix(USB.as_bytes()) {
            (8..=24).contains(&serial.len())
                && serial.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'Z'))
        } else {
            false
        };
        if !valid {
            return None;
        }
        let text = core::str::from_utf8(line).ok()?;
        String::try_from(text).ok().map(Self)
    }

    /// Reads a unit ID as people and the portal write it: a MAC address in any case, with or without
    /// colons or dashes, or `#` and the serial number of a USB drive.
    #[must_use]
    pub fn parse_human(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(serial) = text.strip_prefix('#') {
            return Self::from_usb_serial(serial);
        }
        let mut unit = Spelling::new();
        unit.push_str(MAC).ok()?;
        let separated = text.len() == 17;
        for (at, c) in text.chars().enumerate() {
            match c {
                ':' | '-' if separated && at % 3 == 2 => {}
                // Anything else there is one digit too many.
                _ => unit.push(c.to_ascii_uppercase()).ok()?,
            }
        }
        Self::parse(&unit)
    }

    /// The unit string of a licence file, `mac:00E0C51C5087` or `udp:85641000D308482019`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The hardware that the ID names.
    #[must_use]
    pub fn kind(&self) -> UnitKind {
        if self.0.starts_with(MAC) { UnitKind::Mac } else { UnitKind::UsbSerial }
    }

    /// The MAC address; `None` for a USB drive.
    #[must_use]
    pub fn to_mac(&self) -> Option<[u8; 6]> {
        let digits = self.0.strip_prefix(MAC)?;
        let mut mac = [0; 6];
        for (at, byte) in mac.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(mac)
    }

    /// The ID without its prefix: twelve hex digits, or the drive's serial number.
    #[must_use]
    pub fn bare(&self) -> &str {
        // Every value has one of the two prefixes, both four characters long.
        self.0.get(MAC.len()..).unwrap_or_default()
    }
}

/// The spelling for people: `00E0C51C5087` or `#85641000D308482019`.
impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind() == UnitKind::UsbSerial {
            f.write_str("#")?;
        }
        f.write_str(self.bare())
    }
}

impl fmt::Debug for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::string::ToString;

    #[test]
    fn every_common_spelling_of_a_mac_address_is_the_same_unit() {
        let unit = UnitId::from_mac([0x00, 0xE0, 0xC5, 0x1C, 0x50, 0x87]);
        for text in ["00E0C51C5087", "00:e0:c5:1c:50:87", "00-E0-C5-1C-50-87", " 00e0c51c5087 "] {
            assert_eq!(UnitId::parse_human(text).as_ref(), Some(&unit), "{text}");
        }
        assert_eq!(unit.to_string(), "00E0C51C5087");
        assert_eq!(unit.as_str(), "mac:00E0C51C5087");
        assert_eq!(unit.to_mac(), Some([0x00, 0xE0, 0xC5, 0x1C, 0x50, 0x87]));
    }

    #[test]
    fn a_usb_serial_is_displayed_with_a_hash() {
        let unit = UnitId::parse_human("#85641000D308482019").unwrap();
        assert_eq!(unit.as_str(), "udp:85641000D308482019");
        assert_eq!(unit.to_string(), "#85641000D308482019");
        assert_eq!(UnitId::from_usb_serial(" 85641000d308482019\n"), Some(unit));
        for (length, fits) in [(7, false), (8, true), (24, true), (25, false), (1000, false)] {
            assert_eq!(UnitId::from_usb_serial(&"a".repeat(length)).is_some(), fits, "{length}");
        }
    }

    #[test]
    fn malformed_unit_ids_are_refused() {
        for text in [
            "",
            "00E0C51C508",
            "00E0C51C50877",
            "00:E0C51C5087",
            "00:E0:C5:1C:50087",
            "00.E0.C5.1C.50.87",
            "0:0E0:C51C:5087",
            "#1234567",
            "G0E0C51C5087",
            "00:E0:C5:1C:50:8é",
        ] {
            assert_eq!(UnitId::parse_human(text), None, "{text}");
        }
        for text in [
            "mac:00e0c51c5087",
            "MAC:00E0C51C5087",
            "udp:1234567",
            "udp:1234567890123456789012345",
            "udp:abcdefgh",
            "",
        ] {
            assert_eq!(UnitId::parse(text), None, "{text}");
        }
    }
}
