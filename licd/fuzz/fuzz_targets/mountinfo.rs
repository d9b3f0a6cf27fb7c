//! Lists of mounts. A USB stick chooses some of their bytes.
#![no_main]

use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use licd_fs::mountinfo::{Mount, holding, parse};

/// Mounts whose points are looked up in turn.
const MOUNTS: usize = 16;

fuzz_target!(|bytes: &[u8]| {
    let mounts: Vec<Mount> = parse(bytes).collect();
    for mount in mounts.iter().take(MOUNTS) {
        let again = Mount::parse(&written(mount)).unwrap();
        assert_eq!(
            (&again.root, &again.point, &again.source),
            (&mount.root, &mount.point, &mount.source)
        );
        assert_eq!((again.id, &again.device, &again.kind), (mount.id, &mount.device, &mount.kind));
        check_holder(&mounts, &mount.point);
        let _ = mount.lower_dirs();
    }
    check_holder(&mounts, Path::new("/license/dsa/licenses"));
});

/// The mount that holds a path is on its way, none on its way is deeper, and none as deep comes later.
fn check_holder(mounts: &[Mount], path: &Path) {
    let depth = |mount: &Mount| mount.point.components().count();
    let on_the_way = |mount: &&Mount| path.starts_with(&mount.point);
    let Some(at) = holding(mounts, path) else {
        return assert!(!mounts.iter().any(|mount| on_the_way(&mount)));
    };
    assert!(on_the_way(&&mounts[at]));
    let deepest = mounts.iter().filter(on_the_way).map(depth).max();
    assert_eq!(Some(depth(&mounts[at])), deepest);
    let mut later = mounts[at + 1..].iter().filter(on_the_way);
    assert!(later.all(|mount| depth(mount) < depth(&mounts[at])));
}

/// The line as the kernel writes it (proc_pid_mountinfo(5)).
fn written(mount: &Mount) -> Vec<u8> {
    let mut line = format!("{} 0 {}", mount.id, mount.device).into_bytes();
    let field = |line: &mut Vec<u8>, path: &Path| {
        line.push(b' ');
        for byte in path.as_os_str().as_bytes() {
            match byte {
                b' ' | b'\t' | b'\n' | b'\\' => line.extend(format!("\\{byte:03o}").bytes()),
                byte => line.push(*byte),
            }
        }
    };
    field(&mut line, &mount.root);
    field(&mut line, &mount.point);
    line.extend(b" rw - ");
    line.extend(mount.kind.bytes());
    field(&mut line, &mount.source);
    line.extend(b" rw");
    line
}
