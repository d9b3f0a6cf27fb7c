//! The mounts of `/proc/self/mountinfo` (proc_pid_mountinfo(5)).

use std::path::{Path, PathBuf};

/// One mount.
pub(crate) struct Mount {
    /// Numbers of the device that the file system is on, `8:2`; `0:…` if it is on none.
    pub(crate) device: String,
    /// What of the file system is mounted, `/` for all of it.
    pub(crate) top: PathBuf,
    /// Where it is mounted.
    pub(crate) point: PathBuf,
    /// What was mounted: a device file, or any word.
    pub(crate) source: PathBuf,
    /// The directories that an overlay shows, its writable one left out; none for other kinds.
    pub(crate) layers: Vec<PathBuf>,
}

/// All mounts in the order of their making; lines of another form are passed over.
pub(crate) fn parse(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(mount).collect()
}

/// The mount that holds a file: the one mounted deepest on the way to it, of several at the same
/// place the last.
pub(crate) fn holding(mounts: &[Mount], file: &Path) -> Option<usize> {
    let depth = |mount: &Mount| mount.point.components().count();
    let holders = mounts.iter().enumerate().filter(|(_, mount)| file.starts_with(&mount.point));
    holders.max_by_key(|(_, mount)| depth(mount)).map(|(at, _)| at)
}

fn mount(line: &str) -> Option<Mount> {
    let (mount, file_system) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(2);
    let (device, top, point) = (mount.next()?, mount.next()?, mount.next()?);
    let mut file_system = file_system.split(' ');
    let (kind, source) = (file_system.next()?, file_system.next()?);
    let options = file_system.next().filter(|_| kind == "overlay").unwrap_or_default();
    Some(Mount {
        device: device.to_owned(),
        top: unescape(top).into(),
        point: unescape(point).into(),
        source: unescape(source).into(),
        layers: options.split(',').flat_map(layers).collect(),
    })
}

/// The lower directories that one option of an overlay names, which says `\:` for a colon in a
/// name (overlayfs documentation of the kernel).
fn layers(option: &str) -> Vec<PathBuf> {
    /// Stands for a colon of a name while the list is split; no path has it.
    const COLON: &str = "\0";
    if let Some(one) = option.strip_prefix("lowerdir+=") {
        return vec![unescape(one).into()];
    }
    let Some(list) = option.strip_prefix("lowerdir=") else { return Vec::new() };
    let list = unescape(list).replace("\\:", COLON).replace("\\\\", "\\");
    list.split(':').map(|layer| layer.replace(COLON, ":").into()).collect()
}

/// Undoes the kernel's spelling of blanks, commas and backslashes as `\` and three octal digits.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let code = after.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match code.filter(u8::is_ascii) {
            Some(code) => {
                plain.push(char::from(code));
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                plain.push('\\');
                rest = after;
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_commas_in_names_are_read() {
        let mounts = parse(
            "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 propagate_from:2 - ext3 /dev/my\\134root rw\n",
        );
        assert_eq!(mounts[0].device, "98:0");
        assert_eq!(mounts[0].point, Path::new("/mnt 2"));
        assert_eq!(mounts[0].source, Path::new("/dev/my\\root"));
        assert!(mounts[0].layers.is_empty());
    }

    #[test]
    fn the_layers_of_an_overlay_are_its_lower_directories() {
        let layers = |options: &str| {
            let line = format!("1 0 0:30 / / rw - overlay overlay rw,{options},upperdir=/up");
            parse(&line).remove(0).layers
        };
        let two = [PathBuf::from("/a"), PathBuf::from("/b")];
        assert_eq!(layers("lowerdir=/a:/b"), two);
        assert_eq!(layers("lowerdir+=/a,lowerdir+=/b"), two);
        assert_eq!(layers("lowerdir=/one\\134:two\\054three"), [PathBuf::from("/one:two,three")]);
    }

    #[test]
    fn a_file_is_held_by_the_deepest_and_then_the_last_mount_on_its_way() {
        let mounts = parse(
            "1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /run rw - ext4 b rw\n\
             3 1 8:3 / /run rw - ext4 c rw\n4 1 8:4 / /run/other rw - ext4 d rw\n",
        );
        let at = |file: &str| &mounts[holding(&mounts, Path::new(file)).unwrap()].device;
        assert_eq!(at("/run/image"), "8:3");
        assert_eq!(at("/runtime"), "8:1");
        assert_eq!(at("/run/other/x"), "8:4");
    }

    #[test]
    fn lines_of_another_form_are_passed_over() {
        for line in ["", "1 0 8:1 / /", "1 0 8:1 / - ext4", " - ", "1 0 8:1 / / rw - ext4"] {
            assert!(parse(line).is_empty(), "{line}");
        }
        assert_eq!(unescape("\\"), "\\");
        assert_eq!(unescape("\\04é\\999\\777\\040"), "\\04é\\999\\777 ");
    }
}
