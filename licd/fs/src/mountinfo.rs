//! Mounts as `/proc/PID/mountinfo` lists them (proc_pid_mountinfo(5)).
//!
//! Paths are bytes: the label of any USB stick can put a name that is not UTF-8 into the list, and
//! `procfs-core` rejects the whole list for it.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The mount ID (field 1).
    pub id: u64,
    /// The number of the file system's device, such as `8:2`; `0:…` if it has no block device
    /// (field 3).
    pub device: String,
    /// The directory of the file system that is mounted, `/` for all of it (field 4).
    pub root: PathBuf,
    /// The mount point (field 5).
    pub point: PathBuf,
    /// The options of the mount (field 6).
    pub options: Options,
    /// The type of the file system (field 9).
    pub kind: String,
    /// The source: a device file, or any word (field 10).
    pub source: PathBuf,
    /// The options of the file system (field 11).
    pub super_options: Options,
}

/// Options, separated by commas and escaped as the kernel writes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options(Vec<u8>);

/// Bytes of the list on most devices.
const USUAL: usize = 16_384;

/// Reads a list to its end. The kernel states no length for it, so that the usual way of reading begins with
/// 32 bytes and takes a system call for each doubling.
///
/// # Errors
/// The kernel's error.
pub fn read(file: impl Read) -> io::Result<Vec<u8>> {
    let mut list = Vec::with_capacity(USUAL);
    file.take(u64::MAX).read_to_end(&mut list)?;
    Ok(list)
}

/// The mounts of a list, in the order in which they were made. Malformed lines are skipped.
pub fn parse(list: &[u8]) -> impl Iterator<Item = Mount> {
    list.split(|byte| *byte == b'\n').filter_map(Mount::parse)
}

/// The mount with this ID in a list. The other lines are not parsed.
#[must_use]
pub fn with_id(list: &[u8], id: u64) -> Option<Mount> {
    let start = format!("{id} ");
    let line = list.split(|byte| *byte == b'\n').find(|line| line.starts_with(start.as_bytes()))?;
    Mount::parse(line)
}

/// The mount point that a line states.
#[must_use]
pub fn point(line: &[u8]) -> Option<PathBuf> {
    line.split(|byte| *byte == b' ').nth(4).map(path)
}

/// The index of the mount that holds `path`: the deepest on its way, and of several at one mount
/// point the last.
#[must_use]
pub fn holding(mounts: &[Mount], path: &Path) -> Option<usize> {
    let depth = |mount: &Mount| mount.point.components().count();
    let holders = mounts.iter().enumerate().filter(|(_, mount)| path.starts_with(&mount.point));
    holders.max_by_key(|(_, mount)| depth(mount)).map(|(at, _)| at)
}

impl Mount {
    /// Reads one line.
    #[must_use]
    pub fn parse(line: &[u8]) -> Option<Self> {
        let mut fields = line.split(|byte| *byte == b' ');
        let id = text(fields.next()?).parse().ok()?;
        let device = text(fields.nth(1)?);
        let (root, point) = (path(fields.next()?), path(fields.next()?));
        let options = Options(fields.next()?.to_owned());
        // Optional fields end with a hyphen.
        fields.find(|field| *field == b"-")?;
        let (kind, source) = (text(fields.next()?), path(fields.next()?));
        let super_options = Options(fields.next().unwrap_or_default().to_owned());
        Some(Self { id, device, root, point, options, kind, source, super_options })
    }

    /// The lower directories of an overlay; none for other file systems.
    #[must_use]
    pub fn lower_dirs(&self) -> Vec<PathBuf> {
        if self.kind != "overlay" {
            return Vec::new();
        }
        self.super_options.iter().flat_map(lower_dirs).collect()
    }
}

impl Options {
    /// Whether the option `word` is set.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.iter().any(|option| option == word.as_bytes())
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|byte| *byte == b',')
    }
}

/// The lower directories in one option of an overlay, which writes `\:` for a colon in a name
/// (overlayfs documentation of the kernel).
fn lower_dirs(option: &[u8]) -> Vec<PathBuf> {
    if let Some(dir) = option.strip_prefix(b"lowerdir+=") {
        return vec![path(dir)];
    }
    let Some(list) = option.strip_prefix(b"lowerdir=") else { return Vec::new() };
    let mut dirs = vec![Vec::new()];
    let mut bytes = unescape(list).into_iter().peekable();
    while let Some(byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.next_if(|next| b":\\".contains(next)));
        match (byte, dirs.last_mut()) {
            (b':', _) | (_, None) => dirs.push(Vec::new()),
            (_, Some(dir)) => dir.push(escaped.flatten().unwrap_or(byte)),
        }
    }
    dirs.into_iter().map(|dir| OsString::from_vec(dir).into()).collect()
}

fn text(field: &[u8]) -> String {
    String::from_utf8_lossy(field).into_owned()
}

fn path(field: &[u8]) -> PathBuf {
    OsString::from_vec(unescape(field)).into()
}

/// Decodes `\ooo`, as the kernel writes blanks, commas, line feeds and backslashes.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let octal = |digits: &[u8; 3]| u8::from_str_radix(str::from_utf8(digits).ok()?, 8).ok();
        let escape = after.split_first_chunk().filter(|_| byte == b'\\');
        let decoded = escape.and_then(|(digits, after)| Some((octal(digits)?, after)));
        let (byte, after) = decoded.unwrap_or((byte, after));
        plain.push(byte);
        rest = after;
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    fn mount(line: &str) -> Mount {
        Mount::parse(line.as_bytes()).unwrap()
    }

    #[test]
    fn blanks_and_commas_in_names_are_decoded() {
        let mount = mount(
            "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 propagate_from:2 - ext3 /dev/my\\134root rw",
        );
        assert_eq!((mount.id, mount.device.as_str()), (36, "98:0"));
        assert_eq!(mount.root, Path::new("/mnt1"));
        assert_eq!(mount.point, Path::new("/mnt 2"));
        assert_eq!(mount.source, Path::new("/dev/my\\root"));
        assert!(mount.lower_dirs().is_empty());
        assert!(mount.options.has("noatime") && !mount.options.has("atime"));
        assert!(mount.super_options.has("rw") && !mount.super_options.has("noatime"));
    }

    #[test]
    fn a_name_that_is_not_utf8_is_kept() {
        let mount = Mount::parse(b"36 27 7:0 / /a\\040b\\011\xff ro - ext4 x ro").unwrap();
        assert_eq!(mount.point.as_os_str(), OsStr::from_bytes(b"/a b\t\xff"));
    }

    #[test]
    fn an_empty_source_and_missing_optional_fields_are_accepted() {
        let mount = mount("1 0 0:2 /@license /license rw - btrfs  ro,subvol=/@license");
        assert_eq!(mount.source, Path::new(""));
        assert!(mount.super_options.has("ro"));
    }

    #[test]
    fn the_lower_directories_of_an_overlay_are_listed() {
        let dirs = |options: &str| {
            mount(&format!("1 0 0:30 / / rw - overlay overlay rw,{options},upperdir=/up"))
                .lower_dirs()
        };
        let two = [PathBuf::from("/a"), PathBuf::from("/b")];
        assert_eq!(dirs("lowerdir=/a:/b"), two);
        assert_eq!(dirs("lowerdir+=/a,lowerdir+=/b"), two);
        assert_eq!(dirs("lowerdir=/one\\134:two\\054three"), [PathBuf::from("/one:two,three")]);
    }

    #[test]
    fn a_path_is_held_by_the_deepest_and_then_the_last_mount_on_its_way() {
        let mounts: Vec<_> = parse(
            b"1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /run rw - ext4 b rw\n\
             3 1 8:3 / /run rw - ext4 c rw\n4 1 8:4 / /run/other rw - ext4 d rw\n",
        )
        .collect();
        let at = |path: &str| &mounts[holding(&mounts, Path::new(path)).unwrap()].device;
        assert_eq!(at("/run/image"), "8:3");
        assert_eq!(at("/runtime"), "8:1");
        assert_eq!(at("/run/other/x"), "8:4");
    }

    #[test]
    fn a_list_is_read_to_its_end() {
        let list = "1 0 8:1 / / rw - ext4 a rw\n".repeat(1000);
        assert_eq!(read(list.as_bytes()).unwrap(), list.as_bytes());
    }

    #[test]
    fn a_mount_is_found_by_its_whole_id() {
        let list = b"12 0 8:1 / / rw - ext4 a rw\n1 0 8:2 / /a\\040b rw - ext4 b rw\n";
        let found = with_id(list, 1).unwrap();
        assert_eq!((found.id, found.point.as_path()), (1, Path::new("/a b")));
        assert_eq!(with_id(list, 2), None);
        let points = list.split(|byte| *byte == b'\n').filter_map(point);
        assert_eq!(points.collect::<Vec<_>>(), [Path::new("/"), Path::new("/a b")]);
    }

    #[test]
    fn malformed_lines_are_skipped() {
        for line in [
            "",
            "36",
            "36 27 7:0 /",
            "x 27 7:0 / / rw - ext4 a rw",
            "1 0 8:1 / /",
            "1 0 8:1 / - ext4",
            " - ",
            "1 0 8:1 / / rw - ext4",
        ] {
            assert_eq!(parse(line.as_bytes()).count(), 0, "{line}");
        }
    }

    #[test]
    fn only_a_backslash_before_three_octal_digits_is_an_escape() {
        assert_eq!(unescape(b"\\"), b"\\");
        assert_eq!(unescape(br"/a\040b\134\011"), b"/a b\\\t");
        for plain in ["/a\\04", "/\\999", "\\04é\\999\\777"] {
            assert_eq!(unescape(plain.as_bytes()), plain.as_bytes());
        }
    }
}
