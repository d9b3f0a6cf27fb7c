//! The operating system and the machine.

mod os_release;

use std::path::Path;

use licd_fs::look::Looked;
use licd_fs::printable::reason;
use licd_fs::root::Root;
use licd_fs::tree::Tree;
use licd_rules::{Generation, Version};
use license_format::Date;

/// The paths of os-release(5), the administrator's first.
const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
/// Limit of `os-release` in bytes; the large distributions need less than a thousand.
const OS_RELEASE_BYTES: u64 = 64 * 1024;
/// Limit of a version's length; every status report contains it.
const VERSION_CHARS: usize = 64;
/// The machine's SMBIOS strings.
const DMI: &str = "/sys/class/dmi/id";

/// The image's description of itself in os-release(5). The configuration may supply a missing value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// The major number of `VERSION_ID`, if licences know that generation.
    pub generation: Option<Generation>,
    /// `VERSION_ID`, if it is printable ASCII.
    pub version: Option<String>,
    /// The day of the release: the first ten characters of `RELEASE_DATE`, else of `BUILD_DATE`. Both
    /// are extensions of the images; os-release(5) defines no such field.
    pub released: Option<Date>,
}

/// Reads the first readable `os-release`. An unreadable one is logged and skipped: it must not cost a
/// device its licence.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn os_release(root: &Root) -> Looked<OsRelease> {
    let tree = Tree::system(root);
    for path in OS_RELEASE {
        match tree.text_of_image(Path::new(path), OS_RELEASE_BYTES)? {
            Ok(text) => return Ok(OsRelease::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                log::warn!("{path}: cannot be read ({}); passing it over", reason(&error));
            }
        }
    }
    Ok(OsRelease::default())
}

impl OsRelease {
    /// Reads the text of an `os-release`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let version = os_release::value(text, "VERSION_ID")
            .filter(|version| is_printable(version) && version.len() <= VERSION_CHARS);
        let numbers = version.as_deref().and_then(Version::parse);
        let day = |field| Date::parse(os_release::value(text, field)?.get(..10)?);
        Self {
            generation: numbers.and_then(|v| Generation::from_major(v.major().into())),
            released: day("RELEASE_DATE").or_else(|| day("BUILD_DATE")),
            version,
        }
    }
}

/// The machine's serial number: DMI `product_serial`, else `chassis_serial`; `None` if both are
/// missing, unreadable (only root may read them) or known dummies.
///
/// # Errors
/// [`Unavailable`](licd_fs::look::Unavailable).
pub fn serial_number(root: &Root) -> Looked<Option<String>> {
    let tree = Tree::hardware(root);
    for field in ["product_serial", "chassis_serial"] {
        let text = tree.attribute(Path::new(DMI), field)?.unwrap_or_default();
        let serial = text.trim();
        if is_printable(serial) && !is_dummy(serial) {
            return Ok(Some(serial.to_owned()));
        }
    }
    Ok(None)
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| matches!(b, 0x20..=0x7e))
}

/// Dummies in firmware without a serial number, letters and digits only, as hardinfo, Salt, ChromeOS
/// Flex and OCS Inventory have found them.
const DUMMIES: [&str; 44] = [
    "atn12345678901234567",
    "boardserialnumber",
    "bsn12345678901234567",
    "baseboardserialnumber",
    "chassisserial",
    "chassisserialnumber",
    "csn12345678901234567",
    "default",
    "defaultstring",
    "eeepc1234567890",
    "empty",
    "field",
    "invalid",
    "mb1234567890",
    "na",
    "nil",
    "none",
    "notapplicable",
    "notavailable",
    "notdefined",
    "notprovided",
    "notsettable",
    "notspecified",
    "null",
    "oem",
    "oemchassisserialnumber",
    "serial",
    "serialnumber",
    "sernum",
    "sernum0",
    "sn",
    "ssn12345678901234567",
    "standard",
    "systemserial",
    "systemserialnumb",
    "systemserialnumber",
    "test",
    "tobedefinedbyoem",
    "tobefilledbyoem",
    "tobefilledbyoemmfg",
    "undefined",
    "unknow",
    "unknown",
    "unspecified",
];

/// Whether many machines share this serial number: a known dummy in any spelling, one repeated
/// character, or digits counting up from 0 or 1.
fn is_dummy(serial: &str) -> bool {
    let bare: Vec<u8> = serial
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    let repeated = bare.iter().all(|byte| Some(byte) == bare.first());
    let counted = |from| bare.iter().zip((b'0'..=b'9').cycle().skip(from)).all(|(a, b)| *a == b);
    repeated || counted(0) || counted(1) || DUMMIES.iter().any(|dummy| dummy.as_bytes() == bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_that_many_machines_share_are_dummies() {
        for dummy in [
            "To Be Filled By O.E.M.",
            "To be filled by OEM",
            "Default string",
            "DEFAULT_STRING",
            "System Serial Number",
            "System Serial#",
            "SystemSerialNumb",
            "$SerialNumber$",
            "Chassis Serial Number",
            "None",
            "Not Specified",
            "Not Applicable",
            "N/A",
            "OEM",
            "INVALID",
            "Unknown",
            "0",
            "00000000",
            "0000-0000-0000",
            "xxxxxxxx",
            "XXXXXXXXXXXX",
            "...............",
            "----",
            "0123456789",
            "123456789",
            "1234567890",
            "1234567",
            "01234567890123456789",
            "EeePC-1234567890",
            "MB-1234567890",
            "SSN12345678901234567",
        ] {
            assert!(is_dummy(dummy), "{dummy}");
        }
    }

    #[test]
    fn serial_numbers_of_one_machine_are_not_dummies() {
        for serial in
            ["14D3F0A401A00", "5CG0123456", "123456780", "PF0AB1CD", "9876543210", "00001"]
        {
            assert!(!is_dummy(serial), "{serial}");
        }
    }

    #[test]
    fn every_dummy_consists_of_lower_case_letters_and_digits() {
        for dummy in DUMMIES {
            assert!(dummy.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase()), "{dummy}");
        }
    }
}
