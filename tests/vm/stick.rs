//! Sticks that are plugged in: file systems made on this machine, without mounting them.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use acceptance::program;

/// Where the first partition begins.
const PARTITION: u64 = 1 << 20;
/// Bytes of a file system: the least that is comfortable for FAT32.
const SIZE: u64 = 40 << 20;

/// The file system of a stick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The most common file system.
    Fat,
    /// Common on large sticks.
    Exfat,
    /// Used by some technicians.
    Ext4,
}

/// A stick.
#[derive(Debug)]
pub(crate) struct Stick {
    /// QEMU's name of it.
    pub(crate) name: String,
    /// Its image.
    pub(crate) image: PathBuf,
}

impl Stick {
    /// Makes a stick with these files, in a partition or on the bare device.
    ///
    /// An exFAT stick is empty, since there is no tool that writes into one that is not mounted.
    pub(crate) fn make(
        dir: &Path,
        name: &str,
        format: Format,
        partitioned: bool,
        files: &[(&str, String)],
    ) -> Self {
        let bare = dir.join(format!("{name}.filesystem"));
        File::create(&bare).unwrap().set_len(SIZE).unwrap();
        let from = dir.join(format!("{name}.files"));
        fs::create_dir_all(&from).unwrap();
        for (file, content) in files {
            fs::write(from.join(file), content).unwrap();
        }
        match format {
            Format::Fat => fat(&bare, &from, files),
            Format::Exfat => {
                assert!(files.is_empty(), "an exFAT stick is filled in the device");
                program::tool("mkfs.exfat", [bare.as_os_str()]);
            }
            Format::Ext4 => {
                let (from, bare) = (from.to_str().unwrap(), bare.to_str().unwrap());
                program::tool("mkfs.ext4", ["-q", "-d", from, bare]);
            }
        }
        let image = if partitioned { in_partition(&bare, format) } else { bare };
        Self { name: name.to_owned(), image }
    }
}

fn fat(image: &Path, from: &Path, files: &[(&str, String)]) {
    program::tool("mkfs.fat", ["-n".as_ref(), "LICENCES".as_ref(), image.as_os_str()]);
    for (file, _) in files {
        let mut copy = Command::new("mcopy");
        copy.arg("-i").arg(image).arg(from.join(file)).arg("::");
        let _ = program::run(&mut copy).with_code(0);
    }
}

/// A disk with a table of one partition, which is this file system.
fn in_partition(bare: &Path, format: Format) -> PathBuf {
    let image = bare.with_extension("disk");
    let mut disk = File::create(&image).unwrap();
    disk.set_len(PARTITION + SIZE).unwrap();
    disk.seek(SeekFrom::Start(PARTITION)).unwrap();
    std::io::copy(&mut File::open(bare).unwrap(), &mut disk).unwrap();
    let kind = match format {
        Format::Fat => "c",
        Format::Exfat => "7",
        Format::Ext4 => "83",
    };
    let table = format!("label: dos\nstart={}, type={kind}\n", PARTITION / 512);
    let mut sfdisk = Command::new("/usr/sbin/sfdisk");
    let _ =
        program::run_with_input(sfdisk.arg("--quiet").arg(&image), table.as_bytes()).with_code(0);
    image
}
