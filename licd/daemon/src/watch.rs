//! Files that other programs change: the store, the memory, the settings, the configuration.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use licd_fs::root::Root;
use licd_rules::names;
use licd_store::{FileName, Store};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, InotifyEvent, WatchDescriptor};

use crate::journal;

/// Which names in a directory are watched.
enum Names {
    These(&'static [&'static str]),
    /// Those, and names that look like a licence or a trust document: a file that licd does not read is
    /// reported.
    TheseAndLicenses(&'static [&'static str]),
    Ending(&'static str),
}
use Names::{Ending, These, TheseAndLicenses};

/// A directory that is watched while it is there.
struct WatchedDirectory {
    path: &'static str,
    names: Names,
    /// Whether the content of its files is watched, and not only names that come and go.
    content: bool,
}

const fn parent(path: &'static str, names: &'static [&'static str]) -> WatchedDirectory {
    WatchedDirectory { path, names: These(names), content: false }
}

const fn files(path: &'static str, names: Names) -> WatchedDirectory {
    WatchedDirectory { path, names, content: true }
}

const LICENSES: &str = "/license/dsa/licenses";
/// The directory of the memory, which `licctl --direct` writes, too.
const MEMORY: &str = "/var/lib/licd";
/// A directory of the partition that licd only searches for strays.
const SEARCHED: WatchedDirectory = files("/license/…", TheseAndLicenses(&[]));

/// The watched directories, with their parents, so that a directory is noticed that is made later.
const PLACES: [WatchedDirectory; 12] = [
    parent("/", &["license", "etc", "run"]),
    WatchedDirectory {
        path: "/license",
        names: TheseAndLicenses(&["dsa", "fetch-activation.json"]),
        content: false,
    },
    files("/license/dsa", TheseAndLicenses(&["licenses"])),
    files(LICENSES, TheseAndLicenses(&[])),
    parent("/etc", &["licd"]),
    files("/etc/licd", These(&["licd.toml", "settings.toml", "licd.toml.d"])),
    files("/etc/licd/licd.toml.d", Ending(".toml")),
    parent("/var/lib", &["licd"]),
    parent(MEMORY, &["state.toml", "trust.note"]),
    // systemd-timesyncd makes this file once the clock is synchronized.
    parent("/run", &["systemd"]),
    parent("/run/systemd", &["timesync"]),
    parent("/run/systemd/timesync", &["synchronized"]),
];

const COMES_OR_GOES: AddWatchFlags =
    AddWatchFlags::IN_CREATE.union(AddWatchFlags::IN_DELETE).union(AddWatchFlags::IN_MOVE);
/// The directory itself was moved or removed; the kernel sends the latter two unasked.
const SELF: AddWatchFlags = AddWatchFlags::IN_DELETE_SELF.union(AddWatchFlags::IN_MOVE_SELF);
const UNASKED: AddWatchFlags = AddWatchFlags::IN_UNMOUNT.union(AddWatchFlags::IN_IGNORED);

/// A file that licd itself writes, so that its change may be no news.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Changed<'a> {
    /// A licence of the store.
    License(&'a FileName),
    /// The memory.
    Memory,
}

/// The watches.
pub(crate) struct Watch {
    inotify: Inotify,
    root: Root,
    /// One for each of [`PLACES`].
    watched: [Option<WatchDescriptor>; PLACES.len()],
    /// Those of directories that are searched for strays.
    searched: Vec<WatchDescriptor>,
}

impl Watch {
    /// Watches the directories that exist under this root.
    ///
    /// # Errors
    /// The kernel's, if it has no watch left for this user.
    pub(crate) fn open(root: &Root) -> Result<Self, Errno> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let watched = [None; PLACES.len()];
        let mut watch = Self { inotify, root: root.clone(), watched, searched: Vec::new() };
        watch.renew_places();
        Ok(watch)
    }

    /// Takes the events so far. Whether one of them is of a watched name, and not of a file that
    /// `is_known` as it is now.
    pub(crate) fn drain(&mut self, is_known: impl Fn(Changed<'_>) -> bool) -> bool {
        let mut news = false;
        while let Ok(events) = self.inotify.read_events() {
            news = news || events.iter().any(|event| self.is_news(event, &is_known));
        }
        if news {
            self.renew();
        }
        news
    }

    /// Replaces the watches by those of the directories that exist now. Adding a watch twice adds it once.
    pub(crate) fn renew(&mut self) {
        self.renew_places();
        self.search();
    }

    fn renew_places(&mut self) {
        let before = self.watched;
        self.watched = std::array::from_fn(|n| {
            PLACES.get(n).and_then(|place| self.add(place, &self.root.path(place.path)))
        });
        self.forget(before.into_iter().flatten());
    }

    /// Replaces the watches of the directories that are searched for strays. Whether there are any.
    pub(crate) fn search(&mut self) -> bool {
        // What cannot be listed now is listed with the next change.
        let found = Store::new(&self.root).searched().unwrap_or_default();
        let paths = found.iter().map(|path| self.root.path("/license").join(path));
        let now = paths.filter_map(|path| self.add(&SEARCHED, &path)).collect();
        let before = std::mem::replace(&mut self.searched, now);
        self.forget(before.into_iter());
        !self.searched.is_empty()
    }

    /// Ends those of these watches that are of no directory any longer.
    fn forget(&self, before: impl Iterator<Item = WatchDescriptor>) {
        let is_watched =
            |wd: &WatchDescriptor| self.watched.contains(&Some(*wd)) || self.searched.contains(wd);
        for gone in before.filter(|wd| !is_watched(wd)) {
            // Fails if the kernel has removed the watch with its directory.
            let _ = self.inotify.rm_watch(gone);
        }
    }

    fn add(&self, place: &WatchedDirectory, path: &Path) -> Option<WatchDescriptor> {
        let mut mask = COMES_OR_GOES | SELF | AddWatchFlags::IN_ONLYDIR;
        mask.set(AddWatchFlags::IN_CLOSE_WRITE, place.content);
        match self.inotify.add_watch(path, mask) {
            Ok(wd) => Some(wd),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => None,
            Err(reason) => {
                log::warn!(
                    MESSAGE_ID = journal::PROBLEM;
                    "{}: cannot be watched ({}); send SIGHUP to licd when it has changed",
                    place.path,
                    reason.desc()
                );
                None
            }
        }
    }

    fn is_news(&self, event: &InotifyEvent, is_known: impl Fn(Changed<'_>) -> bool) -> bool {
        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
            return true;
        }
        let places = self.watched.iter().zip(&PLACES);
        let places = places.filter(|(wd, _)| **wd == Some(event.wd)).map(|(_, place)| place);
        let searched = self.searched.contains(&event.wd).then_some(&SEARCHED);
        let is_known = |place: &WatchedDirectory| match (place.path, event.name.as_deref()) {
            (LICENSES, Some(name)) => {
                FileName::new(name).is_some_and(|name| is_known(Changed::License(&name)))
            }
            (MEMORY, Some(_)) => is_known(Changed::Memory),
            _ => false,
        };
        places.chain(searched).any(|place| place.is_touched_by(event) && !is_known(place))
    }
}

impl WatchedDirectory {
    fn is_touched_by(&self, event: &InotifyEvent) -> bool {
        if event.mask.intersects(SELF | UNASKED) {
            return true;
        }
        let is_directory = event.mask.contains(AddWatchFlags::IN_ISDIR);
        let named = event.name.as_deref().is_some_and(|name| self.names.hold(name))
            || (is_directory && self.path.starts_with("/license"));
        // A file that was only created has no content yet; IN_CLOSE_WRITE follows.
        let empty = self.content && event.mask.contains(AddWatchFlags::IN_CREATE) && !is_directory;
        named && !empty
    }
}

impl Names {
    fn hold(&self, name: &OsStr) -> bool {
        match self {
            These(names) => names.iter().any(|known| name == *known),
            TheseAndLicenses(these) => {
                let bytes = name.as_bytes();
                names::is_license(bytes)
                    || names::is_trust(bytes)
                    || names::is_near_miss(bytes)
                    || These(these).hold(name)
            }
            Ending(ending) => name.as_bytes().ends_with(ending.as_bytes()),
        }
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    /// A root directory and a watch on it.
    struct World {
        dir: tempfile::TempDir,
        watch: Watch,
    }

    impl World {
        fn with(dirs: &[&str]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for path in dirs {
                fs::create_dir_all(dir.path().join(path)).unwrap();
            }
            let watch = Watch::open(&Root::new(dir.path())).unwrap();
            Self { dir, watch }
        }

        fn path(&self, path: &str) -> PathBuf {
            self.dir.path().join(path)
        }

        /// Whether the watch reports `change`.
        fn notices(&mut self, change: impl FnOnce(&Path)) -> bool {
            change(self.dir.path());
            self.watch.drain(|_| false)
        }
    }

    const STORE: &str = "license/dsa/licenses";

    #[test]
    fn licences_that_come_and_go_are_noticed() {
        let mut world = World::with(&[STORE, "elsewhere"]);
        let lic = world.path("license/dsa/licenses/a.lic");
        let away = world.path("elsewhere/a.lic");
        assert!(world.notices(|_| fs::write(&lic, "x").unwrap()));
        assert!(world.notices(|_| fs::rename(&lic, &away).unwrap()));
        assert!(world.notices(|_| fs::rename(&away, &lic).unwrap()));
        assert!(world.notices(|_| fs::remove_file(&lic).unwrap()));
        assert!(!world.notices(|_| ()));
    }

    #[test]
    fn names_in_capitals_and_misplaced_files_are_noticed() {
        let mut world = World::with(&[STORE]);
        for path in ["WE.LIC", "WE.lic.txt", "../WE.lic", "../../WE.lic", "../trust (1).note"] {
            let file = world.path(STORE).join(path);
            assert!(world.notices(|_| fs::write(&file, "x").unwrap()), "{path}");
            assert!(world.notices(|_| fs::remove_file(&file).unwrap()), "{path}");
        }
        let dotted = world.path(STORE).join("._WE.lic");
        assert!(!world.notices(|_| fs::write(&dotted, "x").unwrap()));
    }

    #[test]
    fn misplaced_files_in_other_directories_are_noticed() {
        let mut world = World::with(&[STORE, "license/dsa/licenses/old"]);
        assert!(world.watch.search());
        for dir in ["dsa/licenses/old", "dsa/licenses/new", "more", "more/below"] {
            let dir = world.path("license").join(dir);
            if !dir.exists() {
                assert!(world.notices(|_| fs::create_dir(&dir).unwrap()), "{dir:?}");
            }
            assert!(!world.notices(|_| fs::write(dir.join("notes.txt"), "x").unwrap()));
            assert!(world.notices(|_| fs::write(dir.join("WE.lic"), "x").unwrap()), "{dir:?}");
        }
        assert!(world.notices(|root| fs::remove_dir_all(root.join("license/more")).unwrap()));
    }

    #[test]
    fn the_memory_is_news_unless_it_is_known() {
        let mut world = World::with(&["var/lib"]);
        assert!(world.notices(|root| fs::create_dir_all(root.join("var/lib/licd")).unwrap()));
        for file in ["state.toml", "trust.note"] {
            let write = |root: &Path| {
                fs::write(root.join("new"), "x").unwrap();
                fs::rename(root.join("new"), root.join("var/lib/licd").join(file)).unwrap();
            };
            assert!(world.notices(write), "{file}");
            write(world.dir.path());
            assert!(!world.watch.drain(|changed| matches!(changed, Changed::Memory)), "{file}");
        }
        assert!(!world.notices(|root| fs::write(root.join("var/lib/licd/clock.a"), "x").unwrap()));
    }

    #[test]
    fn of_licences_only_those_are_noticed_that_are_not_known() {
        let mut world = World::with(&[STORE, "etc/licd"]);
        let known = |changed: Changed<'_>| match changed {
            Changed::License(name) => name.as_os_str() == "a.lic",
            Changed::Memory => false,
        };
        for (path, is_news) in [
            ("license/dsa/licenses/a.lic", false),
            ("license/dsa/licenses/b.lic", true),
            ("license/a.lic", true),
            ("etc/licd/settings.toml", true),
        ] {
            fs::write(world.path(path), "x").unwrap();
            assert_eq!(world.watch.drain(known), is_news, "{path}");
        }
        fs::rename(world.path("license/dsa"), world.path("old")).unwrap();
        assert!(world.watch.drain(|_| true));
    }

    #[test]
    fn a_file_is_noticed_when_it_is_whole() {
        let mut world = World::with(&[STORE]);
        let lic = world.path("license/dsa/licenses/a.lic");
        let mut open = None;
        assert!(!world.notices(|_| open = Some(fs::File::create(&lic).unwrap())));
        assert!(world.notices(|_| drop(open.take())));
    }

    #[test]
    fn other_files_and_reads_are_not_noticed() {
        let mut world = World::with(&[STORE, "etc/licd"]);
        let lic = world.path("license/dsa/licenses/a.lic");
        fs::write(&lic, "x").unwrap();
        world.watch.drain(|_| false);
        assert!(!world.notices(|_| drop(fs::read(&lic).unwrap())));
        assert!(
            !world.notices(|dir| fs::write(dir.join(STORE).join(".licd-1-0.tmp"), "").unwrap())
        );
        assert!(!world.notices(|dir| fs::write(dir.join("license/fetch.req"), "").unwrap()));
        assert!(!world.notices(|dir| fs::write(dir.join("etc/licd/notes.txt"), "").unwrap()));
        assert!(!world.notices(|dir| fs::create_dir(dir.join("etc/other")).unwrap()));
    }

    #[test]
    fn directories_that_are_made_later_are_watched_from_then_on() {
        let mut world = World::with(&[]);
        for dir in ["license", "license/dsa", STORE, "etc", "etc/licd", "etc/licd/licd.toml.d"] {
            assert!(world.notices(|top| fs::create_dir(top.join(dir)).unwrap()), "{dir}");
        }
        for file in [
            "license/dsa/licenses/a.lic",
            "license/dsa/trust.note",
            "etc/licd/licd.toml",
            "etc/licd/settings.toml",
            "etc/licd/licd.toml.d/a.toml",
        ] {
            assert!(world.notices(|top| fs::write(top.join(file), "").unwrap()), "{file}");
        }
    }

    #[test]
    fn a_directory_that_replaces_a_watched_one_is_watched() {
        let mut world = World::with(&[STORE, "other/licenses"]);
        assert!(world.notices(|top| fs::rename(top.join("license/dsa"), top.join("old")).unwrap()));
        assert!(
            world.notices(|top| fs::rename(top.join("other"), top.join("license/dsa")).unwrap())
        );
        assert!(world.notices(|top| fs::write(top.join(STORE).join("a.lic"), "").unwrap()));
        assert!(!world.notices(|top| fs::write(top.join("old/licenses/a.lic"), "").unwrap()));
        assert!(world.notices(|top| fs::remove_dir_all(top.join("license")).unwrap()));
    }

    #[test]
    fn the_file_of_the_time_service_is_noticed_when_it_appears_but_not_when_it_is_renewed() {
        let mut world = World::with(&[]);
        for dir in ["run", "run/systemd", "run/systemd/timesync"] {
            assert!(world.notices(|top| fs::create_dir(top.join(dir)).unwrap()), "{dir}");
        }
        let word = world.path("run/systemd/timesync/synchronized");
        assert!(world.notices(|_| fs::write(&word, "").unwrap()));
        assert!(!world.notices(|_| fs::write(&word, "").unwrap()));
    }
}
