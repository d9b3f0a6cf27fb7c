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
        let watch = Watch::open(&Root::new(dir.path()).unwrap()).unwrap();
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
fn links_are_noticed_when_they_are_made() {
    let mut world = World::with(&[STORE, "elsewhere"]);
    let (file, lic) = (world.path("elsewhere/a"), world.path(STORE).join("a.lic"));
    fs::write(&file, "x").unwrap();
    assert!(world.notices(|_| fs::hard_link(&file, &lic).unwrap()));
    assert!(world.notices(|_| fs::remove_file(&lic).unwrap()));
    assert!(world.notices(|_| std::os::unix::fs::symlink(&file, &lic).unwrap()));
}

#[test]
fn other_files_and_reads_are_not_noticed() {
    let mut world = World::with(&[STORE, "etc/licd"]);
    let lic = world.path("license/dsa/licenses/a.lic");
    fs::write(&lic, "x").unwrap();
    world.watch.drain(|_| false);
    assert!(!world.notices(|_| drop(fs::read(&lic).unwrap())));
    assert!(!world.notices(|dir| fs::write(dir.join(STORE).join(".licd-1-0.tmp"), "").unwrap()));
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
    assert!(world.notices(|top| fs::rename(top.join("other"), top.join("license/dsa")).unwrap()));
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

#[test]
fn a_parent_is_watched_while_one_of_its_directories_is_missing() {
    let dirs = ["license", "etc/licd", "var/lib/licd", "run/systemd/timesync"];
    let mut world = World::with(&dirs);
    let watches = |world: &World, path: &str| {
        let place = PLACES.iter().position(|place| place.path == path).unwrap();
        world.watch.watched[place].is_some()
    };
    for (parent, child) in [
        ("/", "license"),
        ("/etc", "etc/licd"),
        ("/var/lib", "var/lib/licd"),
        ("/run/systemd", "run/systemd/timesync"),
        ("/run", "run/systemd"),
    ] {
        assert!(!watches(&world, parent), "{parent}");
        assert!(
            !world.notices(|top| fs::create_dir(top.join(&parent[1..]).join("other")).unwrap())
        );
        assert!(world.notices(|top| fs::remove_dir_all(top.join(child)).unwrap()), "{child}");
        assert!(watches(&world, parent), "{parent}");
        assert!(world.notices(|top| fs::create_dir(top.join(child)).unwrap()), "{child}");
    }
    assert!(watches(&world, "/run/systemd") && !watches(&world, "/run"));
}
