//! What a stick says of itself: the superblock of ext4, the record of udev, the names of its files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use licd_rules::names;
use licd_sources::stick::{Record, Superblock};

fuzz_target!(|bytes: &[u8]| {
    let mut block = [0; Superblock::BYTES];
    block.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let has_magic = block[0x38..0x3a] == [0x53, 0xef];
    assert_eq!(Superblock::of(&block) != Superblock::Absent, has_magic);
    // The first orphan and the flag of an orphan file mean that the driver would write.
    let is_clean = block[0xe8..0xec] == [0; 4] && block[0x66] & 1 == 0;
    assert_eq!(Superblock::of(&block) == Superblock::Finished, has_magic && is_clean);

    let kinds = [names::is_license(bytes), names::is_trust(bytes), names::is_near_miss(bytes)];
    assert!(kinds.iter().filter(|is| **is).count() <= 1, "a name of two kinds");

    let Ok(text) = str::from_utf8(bytes) else { return };
    let record = Record::parse(text);
    if let Some(label) = record.label {
        assert!(text.contains(&format!("E:ID_FS_LABEL={label}")) && !label.contains('\n'));
    }
});
