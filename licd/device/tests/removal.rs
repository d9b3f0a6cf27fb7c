//! What a removal on purpose leaves in the store and in the memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed unwrap fails the test")]

mod world;
use world::{Licence, World};

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use licd_device::{Device, Intent};
use licd_files::state::{self, Removing};
use licd_fs::root::Root;
use licd_fs::stamp::Stamp;
use licd_rules::{Code, Selector};
use license_format::{Product, Term, Terms};
use license_issue as issue;
use nix::unistd::geteuid;

const LICENCE: Licence =
    Licence { pack: "WE-AAAAA", serial: 1, starts: -100, expires: 1000, supersedes: None };

/// Records the removal of a file, as a program does that is killed then.
fn cut_off(world: &World, file: &str) {
    let stamp = Stamp::at(&world.licenses().join(file)).unwrap().unwrap();
    let removing = Removing::new(file.as_ref(), stamp).unwrap();
    state::update(world.device().root(), |memory| memory.removing.push(removing)).unwrap();
}

#[test]
fn a_removal_on_a_device_that_cannot_remember_is_remembered_once_it_can() {
    let world = World::new();
    assert_eq!(world.import(&LICENCE.sign(), Intent::Explicit), Code::Valid);
    world.daemon_looks();
    let (state, aside) = (world.path("var/lib/licd"), world.path("var/lib/aside"));
    fs::rename(&state, &aside).unwrap();
    fs::write(&state, "").unwrap();
    assert_eq!(world.remove(&Selector::All), 1);
    assert!(fs::read_dir(world.licenses()).unwrap().next().is_none());
    assert_eq!(world.device().unwritten().len(), 1);
    fs::remove_file(&state).unwrap();
    fs::rename(&aside, &state).unwrap();
    world.daemon_looks();
    assert!(world.device().unwritten().is_empty());
    assert_eq!(world.import(&LICENCE.sign(), Intent::Automatic), Code::Removed);
}

#[test]
fn a_removal_does_not_name_a_licence_that_another_removal_took_meanwhile() {
    let world = World::new();
    let evaluation = Terms {
        product: Product::parse("WE-E").unwrap(),
        term: Term::Evaluation,
        ..Licence { pack: "WE-BBBBB", ..LICENCE }.terms()
    };
    let evaluation = issue::license(&evaluation, &LICENCE.units(), &[&world::key("issuer", 2)]);
    let remove = |is_cut_off: bool| {
        world.copy_by_hand("a.lic", &LICENCE.sign());
        world.copy_by_hand("b.lic", &evaluation);
        if is_cut_off {
            cut_off(&world, "b.lic");
        }
        let removed = world.device().remove(None, &Selector::parse("workspace-edition").unwrap());
        let removed = removed.unwrap();
        (removed.count, removed.left.into_iter().map(|left| left.file).collect::<Vec<_>>())
    };
    assert_eq!(remove(false), (1, vec!["b.lic".to_owned()]));
    assert_eq!(remove(true), (1, vec![]));
}

#[test]
fn only_a_removal_by_a_person_makes_the_links_old() {
    let settles = |remove: &dyn Fn(&Device)| {
        let world = World::new();
        world.copy_by_hand("a.lic", &LICENCE.sign());
        let settings = "[system.remotemanager]\nlicense_urls = [\"https://ums.example/a.lic\"]\n";
        world.set("etc/licd/settings.toml", settings);
        remove(world.device());
        assert!(!world.licenses().join("a.lic").exists());
        world.path("var/lib/licd/downloads.toml").exists()
    };
    assert!(settles(&|device| drop(device.remove(None, &Selector::All).unwrap())));
    let by_profile = |device: &Device| {
        device.remove_by_profile(&device.survey().unwrap(), &Selector::All).map(drop).unwrap();
    };
    assert!(!settles(&by_profile));
}

#[test]
fn a_user_without_the_right_to_write_has_no_authority() {
    const TEST: &str = "a_user_without_the_right_to_write_has_no_authority";
    const AGAIN: &str = "LICD_TEST_AGAIN";
    let is_refused = |root: Root| {
        let failure = Device::at(root).authority().unwrap_err();
        assert_eq!(failure.code, Code::NotAuthorized);
    };
    if let Some(dir) = std::env::var_os(AGAIN) {
        return is_refused(Root::new(dir).unwrap());
    }
    let world = World::new();
    world.device().authority().unwrap();
    fs::remove_dir_all(world.path("run/licd")).unwrap();
    fs::create_dir(world.path("run/licd")).unwrap();
    fs::set_permissions(world.path("run/licd"), Permissions::from_mode(0o555)).unwrap();
    if geteuid().is_root() {
        fs::set_permissions(world.path(""), Permissions::from_mode(0o755)).unwrap();
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", TEST]).env(AGAIN, world.path("")).uid(65_534);
        assert!(again.status().unwrap().success());
    } else {
        is_refused(world.device().root().clone());
    }
}
