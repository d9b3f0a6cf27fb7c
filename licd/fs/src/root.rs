//! The directory under which every path of the product lies.

use std::path::{Path, PathBuf};

use crate::look::{self, Looked, look};
use crate::tree::Tree;

/// The directories of the product, those in others first.
const PLACES: [&str; 6] =
    ["/run/licd/features", "/run/licd", "/license", "/etc/licd", "/var/lib/licd", "/usr/lib/licd"];

/// Whether this is a directory. A path that could not be looked at counts as one: reading inside it
/// reports the error.
#[must_use]
pub fn is_dir(path: &Path) -> bool {
    match look::look(path, path.metadata()) {
        Ok(found) => found.is_ok_and(|found| found.is_dir()),
        Err(_) => true,
    }
}

/// The root directory, `/` on a device.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
    simulated: bool,
    /// The places to which links lead, and where these lead: a link in another root leads to a path of that
    /// root, as with systemd's `--root=`. The kernel would take it for a path of this machine.
    linked: Vec<(&'static str, PathBuf)>,
}

impl Root {
    /// The root at `dir`. If `dir` is not `/` and holds `sys` or `proc`, hardware facts come from
    /// those trees instead of the machine.
    ///
    /// # Errors
    /// [`Unavailable`](crate::look::Unavailable): which trees and links it holds could not be looked at.
    pub fn new(dir: impl Into<PathBuf>) -> Looked<Self> {
        let mut root = Self { dir: dir.into(), simulated: false, linked: Vec::new() };
        if root.is_device() {
            return Ok(root);
        }
        let holds = |tree| {
            let path = root.dir.join(tree);
            Ok(look(&path, path.metadata())?.is_ok_and(|found| found.is_dir()))
        };
        root.simulated = holds("sys")? || holds("proc")?;
        let tree = Tree::below(root.dir.clone());
        for place in PLACES {
            let target = tree.resolve(place)?.filter(|target| target != Path::new(place));
            root.linked.extend(target.map(|target| (place, target)));
        }
        Ok(root)
    }

    /// An absolute path of the product, under this root.
    #[must_use]
    pub fn path(&self, absolute: &str) -> PathBuf {
        let follow = |(place, target): &(&str, PathBuf)| {
            let rest = Path::new(absolute).strip_prefix(place).ok()?;
            Some(self.dir.join(target.strip_prefix("/").unwrap_or(target)).join(rest))
        };
        let linked = self.linked.iter().find_map(follow);
        linked.unwrap_or_else(|| self.dir.join(absolute.trim_start_matches('/')))
    }

    /// A file that the configuration names by an absolute path: under this root if it exists there,
    /// otherwise as it is.
    #[must_use]
    pub fn named(&self, absolute: &Path) -> PathBuf {
        let inside = self.dir.join(absolute.strip_prefix("/").unwrap_or(absolute));
        if inside.exists() { inside } else { absolute.to_owned() }
    }

    /// A path of `/sys` or `/proc` that describes the hardware.
    #[must_use]
    pub fn hardware(&self, absolute: &str) -> PathBuf {
        if self.simulated { self.path(absolute) } else { PathBuf::from(absolute) }
    }

    /// Whether the hardware is simulated by trees under this root, so that the kernel's answers do
    /// not apply.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Whether this is the device's own root.
    #[must_use]
    pub fn is_device(&self) -> bool {
        self.dir == Path::new("/")
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_file_is_no_directory() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        assert!(is_dir(dir.path()) && !is_dir(&file));
        fs::write(&file, "").unwrap();
        assert!(!is_dir(&file));
    }

    #[test]
    fn links_lead_to_paths_of_the_same_root() {
        let dir = tempfile::tempdir().unwrap();
        let top = dir.path();
        fs::create_dir_all(top.join("data/state/lib/licd")).unwrap();
        fs::create_dir_all(top.join("run/licd")).unwrap();
        symlink("/data/state", top.join("var")).unwrap();
        symlink("/data/features", top.join("run/licd/features")).unwrap();
        symlink("../../../../../../data/store", top.join("license")).unwrap();
        let root = Root::new(top).unwrap();
        for (path, inside) in [
            ("/license", "data/store"),
            ("/license/dsa", "data/store/dsa"),
            ("/var/lib/licd/state.toml", "data/state/lib/licd/state.toml"),
            ("/run/licd/features/os", "data/features/os"),
            ("/run/licd/status.json", "run/licd/status.json"),
            ("/etc/licd/licd.toml", "etc/licd/licd.toml"),
            ("/licenses", "licenses"),
        ] {
            assert_eq!(root.path(path), top.join(inside), "{path}");
        }
    }

    #[test]
    fn the_paths_of_the_product_lie_under_the_root() {
        let (device, other) = (Root::new("/").unwrap(), Root::new("/mnt").unwrap());
        assert_eq!(device.path("/etc/licd"), Path::new("/etc/licd"));
        assert_eq!(other.path("/etc/licd"), Path::new("/mnt/etc/licd"));
        assert!(device.is_device() && !other.is_device());
    }

    #[test]
    fn the_hardware_is_simulated_by_trees_under_a_root_of_its_own() {
        assert!(!Root::new("/").unwrap().is_simulated());
        for tree in ["sys", "proc"] {
            let dir = tempfile::tempdir().unwrap();
            let hardware = || {
                (
                    Root::new(dir.path()).unwrap().is_simulated(),
                    Root::new(dir.path()).unwrap().hardware("/sys/class"),
                )
            };
            let (of_machine, simulated) =
                (PathBuf::from("/sys/class"), dir.path().join("sys/class"));
            assert_eq!(hardware(), (false, of_machine.clone()));
            fs::write(dir.path().join(tree), "").unwrap();
            assert_eq!(hardware(), (false, of_machine));
            fs::remove_file(dir.path().join(tree)).unwrap();
            fs::create_dir(dir.path().join(tree)).unwrap();
            assert_eq!(hardware(), (true, simulated));
        }
    }

    #[test]
    fn a_file_that_the_configuration_names_lies_under_the_root_if_it_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::new(dir.path()).unwrap();
        let outside = Path::new("/nowhere.pem");
        assert_eq!(root.named(outside), outside);
        fs::write(dir.path().join("nowhere.pem"), "").unwrap();
        assert_eq!(root.named(outside), dir.path().join("nowhere.pem"));
    }
}
