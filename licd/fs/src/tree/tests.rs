use super::*;
use std::os::unix::fs::symlink;

fn tree() -> (tempfile::TempDir, Tree) {
    let dir = tempfile::tempdir().unwrap();
    let tree = Tree::below(dir.path().to_owned());
    (dir, tree)
}

#[test]
fn absolute_links_and_parents_stay_inside_the_tree() {
    let (dir, tree) = tree();
    fs::create_dir_all(dir.path().join("sys/devices/card")).unwrap();
    symlink("/sys/devices/card", dir.path().join("absolute")).unwrap();
    symlink("../../../../sys/devices/card", dir.path().join("relative")).unwrap();
    symlink("./sys/devices/card", dir.path().join("here")).unwrap();
    for path in ["/absolute", "/relative", "/here", "/../../sys/./devices/card"] {
        let resolved = tree.resolve(path).unwrap().unwrap();
        assert_eq!(resolved.as_os_str(), "/sys/devices/card", "{path}");
    }
    symlink("/etc/passwd", dir.path().join("passwd")).unwrap();
    assert!(tree.text(Path::new("/passwd"), 1 << 20).unwrap().is_err());
}

#[test]
fn a_file_behind_a_link_is_read_inside_the_tree() {
    let (dir, tree) = tree();
    fs::create_dir(dir.path().join("etc")).unwrap();
    fs::write(dir.path().join("etc/release"), "inside").unwrap();
    symlink("/etc/release", dir.path().join("link")).unwrap();
    symlink("../../link", dir.path().join("etc/chain")).unwrap();
    for path in ["/etc/release", "/link", "/etc/chain"] {
        assert_eq!(tree.text(Path::new(path), 10).unwrap().unwrap(), "inside", "{path}");
    }
}

#[test]
fn a_directory_of_the_machine_does_not_stand_for_a_link_of_the_tree() {
    let (dir, tree) = tree();
    fs::create_dir(dir.path().join("inside")).unwrap();
    fs::write(dir.path().join("inside/version"), "inside").unwrap();
    symlink("/inside", dir.path().join("proc")).unwrap();
    let path = Path::new("/proc/version");
    assert_eq!(tree.resolve(path).unwrap().unwrap(), Path::new("/inside/version"));
    assert_eq!(tree.text(path, 10).unwrap().unwrap(), "inside");
}

#[test]
fn as_many_links_are_followed_as_the_kernel_follows() {
    let (dir, tree) = tree();
    fs::write(dir.path().join("0"), "").unwrap();
    for n in 1..=MAX_LINKS + 1 {
        symlink((n - 1).to_string(), dir.path().join(n.to_string())).unwrap();
    }
    for (n, is_resolved) in [(MAX_LINKS, true), (MAX_LINKS + 1, false)] {
        assert_eq!(dir.path().join(n.to_string()).exists(), is_resolved);
        assert_eq!(tree.resolve(format!("/{n}")).unwrap().is_some(), is_resolved);
    }
}

#[test]
fn a_dangling_link_resolves_to_its_target() {
    let (dir, tree) = tree();
    symlink("bus/pci", dir.path().join("subsystem")).unwrap();
    assert_eq!(tree.resolve("/subsystem").unwrap().unwrap(), Path::new("/bus/pci"));
    assert!(tree.exists(Path::new("/subsystem")).unwrap());
}

#[test]
fn a_loop_of_links_does_not_resolve() {
    let (dir, tree) = tree();
    symlink("b", dir.path().join("a")).unwrap();
    symlink("a", dir.path().join("b")).unwrap();
    symlink("deeper/deeper", dir.path().join("deeper")).unwrap();
    assert_eq!(tree.resolve("/a"), Ok(None));
    assert_eq!(tree.resolve("/deeper"), Ok(None));
    assert!(tree.text(Path::new("/a"), 10).unwrap().is_err());
    assert!(tree.names(Path::new("/a")).unwrap().is_err());
}

#[test]
fn a_path_that_is_not_a_link_is_asked_about_once() {
    let (dir, tree) = tree();
    fs::create_dir(dir.path().join("sys")).unwrap();
    assert_eq!(tree.resolve("/sys/a").unwrap().unwrap(), Path::new("/sys/a"));
    fs::rename(dir.path().join("sys"), dir.path().join("moved")).unwrap();
    symlink("moved", dir.path().join("sys")).unwrap();
    assert_eq!(tree.resolve("/sys/a").unwrap().unwrap(), Path::new("/sys/a"));
    let next = Tree::below(dir.path().to_owned());
    assert_eq!(next.resolve("/sys/a").unwrap().unwrap(), Path::new("/moved/a"));
}

#[test]
fn the_kernel_and_the_tree_resolve_a_path_of_the_machine_to_the_same() {
    let classes = ["/sys/class/net", "/sys/class/block", "/sys/class/mem", "/proc/self/task"];
    let machine = || Tree::below("/".into());
    for class in classes.map(Path::new) {
        let names = machine().names(class).unwrap().unwrap_or_default();
        for path in names.iter().map(|name| class.join(name)).chain([class.join("none")]) {
            let walked = machine().walk(&path).unwrap();
            assert_eq!(machine().resolve(&path).unwrap(), walked, "{path:?}");
        }
    }
    // What the kernel says of a pipe is not a path.
    let (pipe, _writer) = io::pipe().unwrap();
    let pipe = format!("/proc/self/fd/{}", pipe.as_raw_fd());
    assert_eq!(machine().resolve(&pipe).unwrap(), machine().walk(Path::new(&pipe)).unwrap());
}

#[test]
fn a_device_of_the_machine_is_resolved_once() {
    let tree = Tree::below("/".into());
    let device = tree.resolve("/sys/class/mem/zero").unwrap().unwrap();
    assert_eq!(device, Path::new("/sys/devices/virtual/mem/zero"));
    assert!(device.ancestors().all(|dir| tree.is_plain(dir)));
    // The kernel has followed the link: its way was not asked for.
    assert!(!["/sys/class/mem/zero", "/sys/class"].iter().any(|path| tree.is_plain(path.as_ref())));
    assert_eq!(tree.attribute(&device, "dev").unwrap().as_deref(), Some("1:5"));
    let class = tree.resolve(device.join("subsystem")).unwrap().unwrap();
    assert_eq!(class, Path::new("/sys/class/mem"));
}

#[test]
fn an_attribute_is_a_regular_file_within_the_limit() {
    let (dir, tree) = tree();
    nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(dir.path().join("directory")).unwrap();
    for (name, bytes) in [("empty", 0), ("full", ATTRIBUTE_BYTES), ("long", ATTRIBUTE_BYTES + 1)] {
        fs::write(dir.path().join(name), "x".repeat(bytes)).unwrap();
    }
    fs::write(dir.path().join("lines"), "a\nb\n").unwrap();
    symlink("lines", dir.path().join("link")).unwrap();
    let read = |name| tree.attribute(Path::new("/"), name).unwrap();
    for (name, text) in [("empty", ""), ("lines", "a\nb"), ("link", "a\nb")] {
        assert_eq!(read(name).as_deref(), Some(text), "{name}");
    }
    assert_eq!(read("full").unwrap().len(), ATTRIBUTE_BYTES);
    for name in ["pipe", "directory", "long", "none"] {
        assert_eq!(read(name), None, "{name}");
    }
}

#[test]
fn only_a_regular_file_within_the_limit_is_read() {
    let (dir, tree) = tree();
    nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(dir.path().join("long"), "12345").unwrap();
    assert!(tree.text(Path::new("/pipe"), 10).unwrap().is_err());
    assert!(tree.text(Path::new("/"), 10).unwrap().is_err());
    assert!(tree.text(Path::new("/long"), 4).unwrap().is_err());
    assert_eq!(tree.text(Path::new("/long"), 5).unwrap().unwrap(), "12345");
}
