//! The marks, the device's memory of time.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use flate2::Crc;
use licd_files::marks::LastMarks;
use licd_fs::root::Root;
use licd_fs::statefile::Warning;
use licd_rules::{BootId, Jump, LEADS, Lead, Marks, Moment, Signer};
use license_format::{PublicKey, UnixSeconds};
use tempfile::TempDir;

/// Holds the root directory in a test program that one of its tests has started again.
const AGAIN: &str = "LICD_WORLD";
const BOOT: &str = "5b1f1d0c-7a6f-4c3e-9d2b-0123456789ab";

fn device() -> (TempDir, Root, [PathBuf; 2]) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root::new(dir.path()).unwrap();
    let slots = ["a", "b"].map(|slot| root.path(&format!("/var/lib/licd/clock.{slot}")));
    (dir, root, slots)
}

/// Marks that differ by the time seen.
fn marks(seen: i64) -> Marks {
    Marks {
        at: Moment { boot: BootId::parse(BOOT), uptime: Duration::from_secs(3600) },
        floor: UnixSeconds(1_700_000_000),
        refuted: Marks::NEVER,
        trusted: UnixSeconds(seen),
        seen: UnixSeconds(seen),
        leads: [None; LEADS],
        jump: Some(Jump { claims: UnixSeconds(seen + 90_000), held: Duration::from_secs(7200) }),
        found: true,
        cut: false,
        clean: true,
    }
}

/// A device that has written marks with these times, one after another.
fn written(times: impl IntoIterator<Item = i64>) -> (TempDir, Root, [PathBuf; 2]) {
    let (dir, root, slots) = device();
    let mut written = loaded(&root);
    for time in times {
        written.save(&root, marks(time)).unwrap();
        assert_eq!(written.marks(), Some(&marks(time)));
    }
    (dir, root, slots)
}

fn loaded(root: &Root) -> LastMarks {
    let (written, warnings) = LastMarks::load(root).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    written
}

/// A slot of this text with its checksum.
fn summed(body: &str) -> String {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    format!("{body}# crc32 {:08x}\n", crc.sum())
}

#[test]
fn a_device_without_slots_has_no_marks_and_no_warning() {
    let (_dir, root, [a, _]) = device();
    assert_eq!(loaded(&root).marks(), None);
    assert!(!a.parent().unwrap().exists());
}

#[test]
fn saved_marks_are_loaded_and_written_as_documented() {
    let (_dir, root, [a, _]) = written([1_795_366_090]);
    assert_eq!(loaded(&root).marks(), Some(&marks(1_795_366_090)));
    let body = format!(
        "schema = 1\nsequence = 1\nboot = \"{BOOT}\"\nuptime = 3600\nfloor = 1700000000\n\
         refuted = 0\ntrusted = 1795366090\nseen = 1795366090\nfound = true\ncut = false\n\
         clean = true\n\n[jump]\nclaims = 1795456090\nheld = 7200\n"
    );
    assert_eq!(fs::read_to_string(&a).unwrap(), summed(&body));
    assert_eq!(a.metadata().unwrap().permissions().mode() & 0o7777, 0o644);
    let plain = Marks {
        at: Moment { boot: None, uptime: Duration::ZERO },
        jump: None,
        found: false,
        cut: true,
        clean: false,
        ..marks(-5)
    };
    loaded(&root).save(&root, plain).unwrap();
    assert_eq!(loaded(&root).marks(), Some(&plain));
}

/// Marks with a lead of every signer, at the maximum length.
fn led() -> Marks {
    let latest = UnixSeconds(253_402_300_799);
    let key = |place: usize| {
        let letter = char::from(b'A' + u8::try_from(place).unwrap());
        PublicKey::parse(&format!("{}E=", letter.to_string().repeat(42))).unwrap()
    };
    let lead = |place: usize| Lead {
        by: if place == 0 { Signer::Roots } else { Signer::Key(key(place)) },
        floor: latest,
        refuted: UnixSeconds(latest.0 - 1),
        trusted: UnixSeconds(latest.0 - 2),
        seen: UnixSeconds(latest.0 - 3),
    };
    Marks { leads: std::array::from_fn(|place| Some(lead(place))), ..marks(latest.0) }
}

#[test]
fn the_leads_of_all_signers_fit_into_a_slot() {
    let (_dir, root, [a, _]) = device();
    loaded(&root).save(&root, led()).unwrap();
    assert_eq!(loaded(&root).marks(), Some(&led()));
    let text = fs::read_to_string(&a).unwrap();
    assert!(text.len() < 3200, "{}", text.len());
    let first = "[[lead]]\nby = \"roots\"\nfloor = 253402300799\nrefuted = 253402300798\n\
        trusted = 253402300797\nseen = 253402300796\n";
    assert!(text.contains(first), "{text}");
    let (body, _) = text.rsplit_once("# crc32").unwrap();
    fs::write(&a, summed(&body.replace("roots", "a person"))).unwrap();
    let (written, warnings) = LastMarks::load(&root).unwrap();
    assert_eq!(written.marks(), None);
    assert!(warnings[0].to_string().contains("“by” is not a public key"), "{}", warnings[0]);
}

#[test]
fn slots_are_written_in_turn_and_the_newer_one_counts() {
    for count in 1..=5 {
        let (_dir, root, slots) = written(1..=count);
        assert_eq!(loaded(&root).marks(), Some(&marks(count)));
        let other = &slots[usize::try_from(count % 2).unwrap()];
        assert_eq!(other.exists(), count > 1);
        // As before the last write.
        fs::remove_file(&slots[usize::try_from(1 - count % 2).unwrap()]).unwrap();
        let before = (count > 1).then(|| marks(count - 1));
        let mut left = loaded(&root);
        assert_eq!(left.marks(), before.as_ref());
        left.save(&root, marks(100)).unwrap();
        assert_eq!(loaded(&root).marks(), Some(&marks(100)));
    }
}

#[test]
fn a_slot_with_any_damaged_byte_is_set_aside_and_the_older_one_counts() {
    let (_dir, root, [a, b]) = written([1, 2]);
    let whole = fs::read(&b).unwrap();
    let altered = (0..whole.len()).map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x04;
        bytes
    });
    let cut = (0..whole.len()).step_by(7).map(|length| whole[..length].to_vec());
    for damaged in altered.chain(cut) {
        fs::write(&b, &damaged).unwrap();
        let (written, warnings) = LastMarks::load(&root).unwrap();
        assert_eq!(written.marks(), Some(&marks(1)));
        let [Warning::SetAside { file, kept: Ok(kept), .. }] = &warnings[..] else {
            panic!("{warnings:?}");
        };
        assert_eq!((file, kept), (&b, &b.with_extension("b.damaged")));
        assert_eq!(fs::read(kept).unwrap(), damaged);
        assert!(a.exists() && !b.exists());
    }
}

#[test]
fn without_a_valid_slot_the_device_starts_without_marks() {
    let (_dir, root, slots) = written([1, 2]);
    for slot in &slots {
        fs::write(slot, "schema = 1\n").unwrap();
    }
    let (mut anew, warnings) = LastMarks::load(&root).unwrap();
    assert_eq!(anew.marks(), None);
    let messages: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    let expected = slots.each_ref().map(|slot| {
        let slot = slot.display();
        format!(
            "{slot}: its checksum is missing or wrong; it is kept as {slot}.damaged, \
             and the device goes by what else it knows of the time"
        )
    });
    assert_eq!(messages, expected);
    anew.save(&root, marks(3)).unwrap();
    assert_eq!(loaded(&root).marks(), Some(&marks(3)));
}

#[test]
fn a_slot_of_another_version_is_reported() {
    let (_dir, root, [a, _]) = written([1]);
    let text = fs::read_to_string(&a).unwrap();
    let (body, _) = text.rsplit_once("# crc32").unwrap();
    for (from, to, message) in [
        ("schema = 1", "schema = 2", "has schema 2, which needs another licd; this one knows 1"),
        (BOOT, "not an ID", "“boot” is not a boot ID"),
        ("uptime = 3600", "uptime = -1", "line 4, column 10"),
        ("seen = ", "scene = ", "missing field `seen`"),
    ] {
        fs::write(&a, summed(&body.replacen(from, to, 1))).unwrap();
        let (written, warnings) = LastMarks::load(&root).unwrap();
        assert_eq!(written.marks(), None);
        let warning = warnings[0].to_string();
        assert!(warning.contains(message), "{warning}");
    }
}

#[test]
fn a_directory_and_a_file_that_is_too_large_are_set_aside() {
    let (_dir, root, [a, b]) = device();
    fs::create_dir_all(a.join("below")).unwrap();
    fs::write(&b, "#".repeat(5000)).unwrap();
    let (mut written, warnings) = LastMarks::load(&root).unwrap();
    assert_eq!((written.marks(), warnings.len()), (None, 2));
    assert!(a.with_extension("a.damaged").is_dir());
    written.save(&root, marks(1)).unwrap();
    assert_eq!(loaded(&root).marks(), Some(&marks(1)));
}

#[test]
fn a_slot_that_this_user_may_not_read_is_ignored_and_kept() {
    const TEST: &str = "a_slot_that_this_user_may_not_read_is_ignored_and_kept";
    /// The UID of an ordinary user.
    const USER: u32 = 65_534;
    let look = |root: &Root| {
        let (written, warnings) = LastMarks::load(root).unwrap();
        assert_eq!(written.marks(), None);
        assert!(matches!(&warnings[..], [Warning::Unreadable { file }] if file.exists()));
    };
    if let Some(dir) = root_of_again() {
        return look(&Root::new(dir).unwrap());
    }
    let (dir, root, [a, _]) = written([1]);
    fs::set_permissions(&a, Permissions::from_mode(0o000)).unwrap();
    if nix::unistd::geteuid().is_root() {
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(again(dir.path(), TEST, USER).success());
    } else {
        look(&root);
    }
}

#[test]
fn an_unwritable_slot_is_reported_and_the_marks_are_unchanged() {
    let (dir, root, [a, _]) = device();
    fs::write(dir.path().join("var"), "").unwrap();
    let mut written = LastMarks::default();
    let error = written.save(&root, marks(1)).unwrap_err().to_string();
    assert_eq!(error, format!("{}: cannot be written: Not a directory", a.display()));
    assert_eq!(written.marks(), None);
}

/// Runs a test in a process of its own, which gets the directory from [`root_of_again`].
fn again(root: &Path, test: &str, uid: u32) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(AGAIN, root)
        .uid(uid)
        .gid(uid)
        .status()
        .unwrap()
}

/// The root directory in a process that [`again`] has started.
fn root_of_again() -> Option<PathBuf> {
    std::env::var_os(AGAIN).map(PathBuf::from)
}
