//! Imports, removals and settings.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{PipeWriter, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use zbus::{Fd, Message, OwnedObjectPath, OwnedVariant, Variant};

use crate::bus::{Caller, MANAGER, NAME, PATH, Refused};
use crate::world::{STORE, UNIT, World};

const INVALID: &str = "org.freedesktop.DBus.Error.InvalidArgs";
const JOB: &str = "com.igel.License1.Job";

type Options = HashMap<String, OwnedVariant>;
type Changes = (String, Options, Vec<String>);

fn error(code: &str) -> String {
    format!("com.igel.License1.Error.{code}")
}

fn import_fd(
    caller: &Caller,
    file: &impl std::os::fd::AsFd,
    name: &str,
) -> Result<String, Refused> {
    caller.call("ImportFd", &(Fd::from(file.as_fd()), name, Options::new()))
}

fn import_text(caller: &Caller, world: &World, text: &str) -> Result<String, Refused> {
    let path = world.write("source/A.lic", text);
    import_fd(caller, &File::open(path).unwrap(), "A.lic")
}

fn state(caller: &Caller) -> String {
    let status: String = caller.call("GetStatus", &()).unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    status["state"].as_str().unwrap().to_owned()
}

fn get<T: TryFrom<OwnedVariant>>(caller: &Caller, path: &str, interface: &str, name: &str) -> T {
    let properties = "org.freedesktop.DBus.Properties";
    let value: OwnedVariant = caller.call_at(path, properties, "Get", &(interface, name)).unwrap();
    T::try_from(value).unwrap_or_else(|_| panic!("{name} is of another type"))
}

/// Jobs that are shown, with their properties.
fn shown_jobs(caller: &Caller) -> HashMap<String, Options> {
    type Objects = HashMap<OwnedObjectPath, HashMap<String, Options>>;
    let manager = "org.freedesktop.DBus.ObjectManager";
    let objects: Objects = caller.call_at(PATH, manager, "GetManagedObjects", &()).unwrap();
    let job = |(path, mut shown): (OwnedObjectPath, HashMap<String, Options>)| {
        Some((path.to_string(), shown.remove(JOB)?))
    };
    objects.into_iter().filter_map(job).collect()
}

fn jobs(caller: &Caller) -> Vec<String> {
    shown_jobs(caller).into_keys().collect()
}

/// Begins an import of a pipe that brings nothing; the verdict comes from the thread.
fn stall(caller: &Caller) -> (PipeWriter, thread::JoinHandle<Result<String, Refused>>) {
    let (reader, writer) = std::io::pipe().unwrap();
    let before = jobs(caller).len();
    let own = caller.clone();
    let waiting = thread::spawn(move || import_fd(&own, &reader, "stalled.lic"));
    let end = Instant::now() + Duration::from_secs(20);
    while jobs(caller).len() == before {
        assert!(Instant::now() < end, "the import does not begin");
    }
    (writer, waiting)
}

#[test]
fn a_caller_with_the_verdict_sees_the_new_state() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let license = world.license("WE-7Q2KD", 183, UNIT);
    assert_eq!(import_text(&caller, &world, &license), Ok("valid".to_owned()));
    assert_eq!(state(&caller), "valid");
    // No link has deployed it.
    assert!(!get::<bool>(&caller, PATH, MANAGER, "RestartPending"));
    assert_eq!(
        get::<u64>(
            &caller,
            &format!("{PATH}/license/WE_7Q2KD_183"),
            "com.igel.License1.License",
            "Serial"
        ),
        183
    );
    assert!(world.path("run/licd/features/apps").exists());
    let stored: Vec<_> = fs::read_dir(world.path(STORE)).unwrap().collect();
    assert_eq!(stored.len(), 1);
}

#[test]
fn a_licence_that_starts_later_is_pending_and_wants_no_restart() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let later = world.license_with("WE-7Q2KD", 1, UNIT, |terms| {
        terms.starts = license_format::Date::parse("2099-01-01").unwrap();
    });
    assert_eq!(import_text(&caller, &world, &later), Ok("pending".to_owned()));
    assert!(!get::<bool>(&caller, PATH, MANAGER, "RestartPending"));
}

#[test]
fn a_refusal_is_an_error_of_its_name_that_says_which_file_and_why() {
    let world = World::new();
    let (daemon, caller) = world.start();
    let foreign = world.license("WE-7Q2KD", 1, "00E0C5000000");
    let refused = import_text(&caller, &world, &foreign).unwrap_err();
    assert_eq!(refused.0, error("WrongDevice"));
    assert!(refused.1.starts_with("A.lic: for unit 00E0C5000000"), "{}", refused.1);
    let altered = world.license("WE-7Q2KD", 1, UNIT).replace("serial 1", "serial 2");
    assert_eq!(import_text(&caller, &world, &altered).unwrap_err().0, error("BadSignature"));
    assert_eq!(import_text(&caller, &world, "tea\n").unwrap_err().0, error("Malformed"));
    let dir = File::open(world.root()).unwrap();
    assert!(import_fd(&caller, &dir, "\u{1b}[31m").unwrap_err().1.starts_with("\\u{1b}[31m: "));
    assert!(fs::read_dir(world.path(STORE)).unwrap().next().is_none());
    assert!(daemon.log().contains("A.lic: for unit 00E0C5000000"));
}

#[test]
fn a_job_is_there_when_its_path_is_known_and_stays_for_a_while() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let source = world.write("stick/A.lic", &world.license("WE-7Q2KD", 1, UNIT));
    let size = fs::metadata(&source).unwrap().len();
    let source = source.to_str().unwrap();
    let mut signals = caller.listen();
    let job: OwnedObjectPath = caller.call("Import", &(source, Options::new())).unwrap();
    assert!(job.as_str().starts_with(&format!("{PATH}/job/")));
    assert_eq!(get::<String>(&caller, &job, JOB, "Source"), source);
    let finished = signals.wait_for_member("Finished");
    let (verdict, message): (String, String) = finished.body().deserialize().unwrap();
    assert_eq!(verdict, "valid");
    assert_eq!(message, format!("{source}: in force, without end"));
    assert_eq!(state(&caller), "valid");
    assert_eq!(get::<String>(&caller, &job, JOB, "State"), "finished");
    let progress: OwnedVariant = get(&caller, &job, JOB, "Progress");
    assert_eq!(<(u64, u64)>::try_from(progress).unwrap(), (size, size));
}

#[test]
fn what_cannot_be_imported_ends_a_job_or_is_refused_at_once() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let import = |source: &str| -> Result<OwnedObjectPath, Refused> {
        caller.call("Import", &(source, Options::new()))
    };
    let refused = import("sftp://ums.example/a.lic").unwrap_err();
    assert_eq!(refused.0, error("SourceRefused"));
    assert!(refused.1.starts_with("sftp://ums.example/a.lic: "), "{}", refused.1);
    assert_eq!(import("a.lic").unwrap_err().0, INVALID);
    let mut signals = caller.listen();
    import("/no/such/file.lic").unwrap();
    let finished = signals.wait_for_member("Finished");
    let (verdict, message): (String, String) = finished.body().deserialize().unwrap();
    assert_eq!(verdict, "source-unreachable");
    assert!(message.starts_with("/no/such/file.lic: "), "{message}");
}

#[test]
fn a_job_announces_what_has_changed_and_nothing_else() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let mut signals = caller.listen();
    let changed = |message: &Message| {
        let body = message.body();
        let (interface, changed, _): Changes = body.deserialize().ok()?;
        (interface == JOB).then(|| changed.into_keys().collect::<Vec<_>>())
    };
    // Nothing is read, so the progress is at the end what it was at the beginning.
    let _: OwnedObjectPath = caller.call("Import", &("/no/such/file.lic", Options::new())).unwrap();
    assert_eq!(signals.wait_for("PropertiesChanged", changed), ["State"]);
}

#[test]
fn unknown_options_are_refused_by_name() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let options = HashMap::from([("force", Variant::from(true))]);
    let refused = caller.call::<_, u32>("Remove", &("all", &options)).unwrap_err();
    assert_eq!(refused.0, INVALID);
    assert!(refused.1.contains("“force”"), "{}", refused.1);
    let refused = caller.call::<_, OwnedObjectPath>("Import", &("/a", &options)).unwrap_err();
    assert_eq!(refused.0, INVALID);
}

#[test]
fn questions_are_answered_while_an_import_waits_for_its_source() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let (mut writer, waiting) = stall(&caller);
    let begun = Instant::now();
    for _ in 0..100 {
        assert_eq!(state(&caller), "none");
    }
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let () = caller.call("Refresh", &()).unwrap();
    assert!(!waiting.is_finished());
    writer.write_all(world.license("WE-7Q2KD", 1, UNIT).as_bytes()).unwrap();
    drop(writer);
    assert_eq!(waiting.join().unwrap(), Ok("valid".to_owned()));
}

#[test]
fn an_import_can_be_cancelled() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let (_writer, waiting) = stall(&caller);
    let job = jobs(&caller).remove(0);
    assert_eq!(get::<String>(&caller, &job, JOB, "State"), "running");
    let () = world.bus.caller().call_at(&job, JOB, "Cancel", &()).unwrap();
    let refused = waiting.join().unwrap().unwrap_err();
    assert_eq!(refused.0, error("SourceUnreachable"));
    assert_eq!(refused.1, "stalled.lic: cannot be read: the import was cancelled");
}

#[test]
fn the_object_manager_shows_a_job_as_the_job_itself_does() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let (_writer, _waiting) = stall(&caller);
    let (path, shown) = shown_jobs(&caller).into_iter().next().unwrap();
    let properties = "org.freedesktop.DBus.Properties";
    let all: Options = caller.call_at(&path, properties, "GetAll", &JOB).unwrap();
    assert!(all.contains_key("Kind"), "{all:?}");
    assert_eq!(shown, all);
}

#[test]
fn more_imports_than_there_is_room_for_are_refused_as_busy() {
    let world = World::new();
    let (mut daemon, caller) = world.start();
    let license = world.license("WE-7Q2KD", 1, UNIT);
    let mut stalled: Vec<_> = (0..8).map(|_| stall(&caller)).collect();
    // One caller has so many, and neither its files nor other callers are kept waiting by that.
    let (reader, _writer) = std::io::pipe().unwrap();
    let refused = import_fd(&caller, &reader, "ninth.lic").unwrap_err();
    assert_eq!(refused.0, error("Busy"));
    assert!(refused.1.contains("8 imports of this caller"), "{}", refused.1);
    let other = world.bus.caller();
    for caller in [&caller, &other] {
        assert_eq!(import_text(caller, &world, &license), Ok("valid".to_owned()));
    }
    let second = world.bus.caller();
    stalled.extend((0..8).map(|_| stall(&second)));
    assert_eq!(import_text(&other, &world, &license).unwrap_err().0, error("Busy"));
    // A removal profile does not wait for them.
    assert_eq!(other.call::<_, ()>("ApplySettings", &"# none\n"), Ok(()));
    // And all of them are answered when the daemon stops.
    let begun = Instant::now();
    daemon.signal(Signal::SIGTERM);
    for (_writer, waiting) in stalled {
        assert_eq!(waiting.join().unwrap().unwrap_err().0, error("SourceUnreachable"));
    }
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[test]
fn a_call_with_descriptors_that_it_may_not_have_is_refused_and_no_other() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let null = || Fd::from(std::os::fd::OwnedFd::from(File::open("/dev/null").unwrap()));
    let limits = "org.freedesktop.DBus.Error.LimitsExceeded";
    for member in ["GetStatus", "Refresh", "Fly"] {
        let refused = caller.call::<_, ()>(member, &null()).unwrap_err();
        assert_eq!(refused.0, limits, "{member}");
        assert!(refused.1.contains("send at most 0"), "{}", refused.1);
    }
    let many: Vec<_> = (0..16).map(|_| null()).collect();
    let refused = caller.call::<_, ()>("ImportFd", &many).unwrap_err();
    assert!(refused.0 == limits && refused.1.contains("16 descriptors"), "{refused:?}");
    // Nor is a message read that is longer than any of its kind.
    let long = "x".repeat(20_000);
    let refused = caller.call::<_, (bool, String, String)>("CheckFeature", &long).unwrap_err();
    assert!(refused.0 == limits && refused.1.contains("16384 bytes"), "{refused:?}");
    let refused = caller.call::<_, ()>("ApplySettings", &"#".repeat(2 << 20)).unwrap_err();
    assert!(refused.0 == limits && refused.1.contains("1048584 bytes"), "{refused:?}");
    let most = format!("# {}\n", "x".repeat((1 << 20) - 3));
    assert_eq!(caller.call::<_, ()>("ApplySettings", &most), Ok(()));
    let license = world.license("WE-7Q2KD", 183, UNIT);
    assert_eq!(import_text(&caller, &world, &license), Ok("valid".to_owned()));
}

#[test]
fn a_call_that_wants_no_answer_has_its_effect() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let file = world.write("a.lic", &world.license("WE-7Q2KD", 183, UNIT));
    let mut signals = caller.listen();
    let import = zbus::Message::method_call(PATH, "Import")
        .destination(NAME)
        .interface(MANAGER)
        .with_flags(zbus::message::Flags::NO_REPLY_EXPECTED);
    let import = import.build(&(file.to_str().unwrap(), Options::new())).unwrap();
    zbus::block_on(caller.connection.send(&import)).unwrap();
    signals.wait_for_member("Finished");
    assert_eq!(state(&caller), "valid");
}

#[test]
fn an_import_whose_caller_has_left_keeps_no_place() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    // A pipe without data and without an end.
    let (reader, _writer) = std::io::pipe().unwrap();
    let leaving = world.bus.caller();
    let own = leaving.clone();
    let waiting = thread::spawn(move || {
        let body = (Fd::from(&reader), "left.lic", Options::new());
        let (name, manager) = (Some(NAME), Some(MANAGER));
        let import = own.connection.call_method(name, PATH, manager, "ImportFd", &body);
        zbus::block_on(import).is_err()
    });
    let end = Instant::now() + Duration::from_secs(20);
    while jobs(&caller).is_empty() {
        assert!(Instant::now() < end, "the import does not begin");
    }
    let job = jobs(&caller).remove(0);
    zbus::block_on(leaving.connection.close()).unwrap();
    assert!(waiting.join().unwrap());
    while get::<String>(&caller, &job, JOB, "State") != "finished" {
        assert!(Instant::now() < end, "the import goes on");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_removal_says_how_many_it_took() {
    let world = World::new();
    for pack in ["WE-AAAAA", "WE-BBBBB"] {
        world.write(&format!("{STORE}/{pack}.lic"), &world.license(pack, 1, UNIT));
    }
    let (_daemon, caller) = world.start();
    let remove = |selector: &str| caller.call::<_, u32>("Remove", &(selector, Options::new()));
    assert_eq!(remove("pack:WE-AAAAA"), Ok(1));
    assert_eq!(remove("pack:WE-AAAAA"), Ok(0));
    assert_eq!(state(&caller), "valid");
    assert_eq!(remove("workspace-edition"), Ok(1));
    assert_eq!(state(&caller), "none");
    let refused = remove("everything").unwrap_err();
    assert_eq!(refused.0, INVALID);
    assert!(refused.1.starts_with("selector “everything”"), "{}", refused.1);
}

#[test]
fn settings_are_stored_whole_or_not_at_all() {
    let world = World::new();
    let (_daemon, caller) = world.start();
    let apply = |text: &str| caller.call::<_, ()>("ApplySettings", &text);
    let good = "[licensing]\nremove = \"evaluation\"\n";
    assert_eq!(apply(good), Ok(()));
    assert_eq!(world.read("etc/licd/settings.toml"), good);
    let refused = apply("[licensing]\nremove = 7\n").unwrap_err();
    assert_eq!(refused.0, INVALID);
    assert!(refused.1.contains("line 2"), "{}", refused.1);
    assert_eq!(world.read("etc/licd/settings.toml"), good);
    // Broken by hand, the last good ones stay, and the status says so.
    let mut signals = caller.listen();
    world.write("etc/licd/settings.toml", "tea");
    signals.wait_for_member("Changed");
    let status: String = caller.call("GetStatus", &()).unwrap();
    assert!(status.contains("the last good settings stay in force"), "{status}");
}
