//! Files that other programs change: the store, the memory, the settings, the configuration.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use licd_fs::look::is_fact;
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

/// The watched directories, with their parents, so that a directory is noticed that is made later. A parent of
/// no other use is watched only while one of its directories is missing: others make files in `/run` and `/etc`
/// all the time.
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
    /// Whether the kernel had no watch left for one of them.
    is_lacking: bool,
}

impl Watch {
    /// Watches the directories that exist under this root.
    ///
    /// # Errors
    /// The kernel's, if it has no watch left for this user.
    pub(crate) fn open(root: &Root) -> Result<Self, Errno> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        let watched = [None; PLACES.len()];
        let root = root.clone();
        let mut watch = Self { inotify, root, watched, searched: Vec::new(), is_lacking: false };
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

    /// Whether the kernel had no watch left for a directory.
    pub(crate) fn is_lacking(&self) -> bool {
        self.is_lacking
    }

    /// Replaces the watches by those of the directories that exist now. Adding a watch twice adds it once.
    pub(crate) fn renew(&mut self) {
        self.is_lacking = false;
        self.renew_places();
        self.search();
    }

    fn renew_places(&mut self) {
        let before = std::mem::take(&mut self.watched);
        for (n, place) in PLACES.iter().enumerate() {
            if PLACES.iter().all(|other| !place.is_in(other)) {
                self.watch(n, place);
            }
        }
        self.forget(before.into_iter().flatten());
    }

    /// Watches a place and those in it. Whether it is there.
    fn watch(&mut self, n: usize, place: &WatchedDirectory) -> bool {
        let inside = PLACES.iter().enumerate().filter(|(_, other)| other.is_in(place));
        let mut missing: Vec<_> = inside.collect();
        if place.is_only_a_parent() {
            missing.retain(|(n, other)| !self.watch(*n, other));
            if missing.is_empty() {
                return true;
            }
        }
        let watched = self.add(place, &self.root.path(place.path));
        if let Some(slot) = self.watched.get_mut(n) {
            *slot = watched;
        }
        if watched.is_some() {
            // Those that were missing may have been made before their parent was watched.
            for (n, other) in missing {
                self.watch(n, other);
            }
        }
        watched.is_some()
    }

    /// Replaces the watches of the directories that are searched for strays. Whether there are any.
    pub(crate) fn search(&mut self) -> bool {
        // What cannot be listed now is listed with the next change.
        let found = Store::new(&self.root).searched().unwrap_or_default();
        let place = self.root.path("/license");
        let now = found.iter().filter_map(|path| self.add(&SEARCHED, &place.join(path))).collect();
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

    fn add(&mut self, place: &WatchedDirectory, path: &Path) -> Option<WatchDescriptor> {
        let mut mask = COMES_OR_GOES | SELF | AddWatchFlags::IN_ONLYDIR;
        mask.set(AddWatchFlags::IN_CLOSE_WRITE, place.content);
        match self.inotify.add_watch(path, mask) {
            Ok(wd) => Some(wd),
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES) => None,
            Err(reason) if !is_fact(reason) => {
                self.is_lacking = true;
                None
            }
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
        places
            .chain(searched)
            .any(|place| place.is_touched_by(event, &self.root) && !is_known(place))
    }
}

impl WatchedDirectory {
    /// Whether this is a directory in the other one.
    fn is_in(&self, other: &Self) -> bool {
        let parent = self.path.rsplit_once('/').map(|(parent, _)| parent);
        self.path != "/" && parent == Some(other.path.trim_end_matches('/'))
    }

    /// Whether nothing is watched here but directories that are watched themselves.
    fn is_only_a_parent(&self) -> bool {
        let These(names) = self.names else { return false };
        let is_place = |name: &&str| {
            let path = Path::new(self.path).join(name);
            PLACES.iter().any(|place| path == Path::new(place.path))
        };
        !self.content && names.iter().all(is_place)
    }

    fn is_touched_by(&self, event: &InotifyEvent, root: &Root) -> bool {
        if event.mask.intersects(SELF | UNASKED) {
            return true;
        }
        let is_directory = event.mask.contains(AddWatchFlags::IN_ISDIR);
        let named = event.name.as_deref().is_some_and(|name| self.names.hold(name))
            || (is_directory && self.path.starts_with("/license"));
        let is_new = self.content && event.mask.contains(AddWatchFlags::IN_CREATE) && !is_directory;
        named && (!is_new || event.name.as_deref().is_some_and(|name| self.has_content(name, root)))
    }

    /// Whether a new entry has its content already, as a link has. IN_CLOSE_WRITE follows for a file that
    /// is being written.
    fn has_content(&self, name: &OsStr, root: &Root) -> bool {
        let entry = root.path(self.path).join(name).symlink_metadata();
        entry.is_ok_and(|entry| !entry.is_file() || entry.len() > 0)
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
mod tests;
