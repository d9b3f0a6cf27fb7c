//! The daemon on the bus (docs/ums-administrator.md, section 7).

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::{Client, MANAGER, NAME, PATH, PROPERTIES, Refusal};
use acceptance::daemon::Daemon;
use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, UNIT, WE};
use acceptance::program;
use acceptance::{World, story, wait};
use serde_json::Value;
use zbus::{Fd, OwnedObjectPath, OwnedVariant, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(the_first_call_after_the_name_appears_is_answered),
    story!(properties_and_answers_say_what_the_report_says),
    story!(a_change_emits_signals_and_is_visible_to_their_receivers),
    story!(every_licence_is_an_object),
    story!(an_import_is_a_job_that_signals_its_end),
    story!(importing_a_descriptor_returns_its_verdict),
    story!(bus_errors_are_named_after_verdicts),
    story!(queries_are_answered_while_an_import_waits_for_its_source),
    story!(an_import_can_be_cancelled),
    story!(an_unauthorised_caller_may_query_but_not_change, needs root),
];

const LICENSE: &str = "com.igel.License1.License";
const JOB: &str = "com.igel.License1.Job";
/// The number of starts with an immediate call.
const STARTS: usize = 200;
/// The time limit for an answer that nothing delays.
const AT_ONCE: Duration = Duration::from_secs(2);

type Options<'a> = HashMap<&'a str, Variant<'a>>;
type Interfaces = HashMap<String, HashMap<String, OwnedVariant>>;

fn text(value: &OwnedVariant) -> String {
    String::try_from(value.try_clone().unwrap()).unwrap()
}

fn import_fd(client: &Client, file: impl AsFd, name: &str) -> Result<String, Refusal> {
    client.manager("ImportFd", &(Fd::from(file.as_fd()), name, Options::new()))
}

/// The objects that the daemon exports, by path.
fn objects(client: &Client) -> HashMap<OwnedObjectPath, Interfaces> {
    let manager = "org.freedesktop.DBus.ObjectManager";
    client.call(NAME, PATH, manager, "GetManagedObjects", &()).unwrap()
}

fn the_first_call_after_the_name_appears_is_answered() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let watcher = Client::connect(world.bus.address());
    let caller = Client::connect(world.bus.address());
    let mut slowest = Duration::ZERO;
    for start in 0..STARTS {
        let began = Instant::now();
        let daemon = Daemon::start_unwatched(&world);
        while !watcher.is_owned() {
            assert!(began.elapsed() < wait::DEADLINE, "start {start}: {}", daemon.log());
        }
        let state: String = caller.property("State");
        assert_eq!(state, "valid", "start {start}");
        slowest = slowest.max(began.elapsed());
        if start % 2 == 0 {
            assert!(daemon.stop().success(), "start {start}");
        } else {
            daemon.kill();
        }
        wait::until("the name is free", || (!watcher.is_owned()).then_some(()));
    }
    eprintln!("{STARTS} starts: the slowest had answered after {slowest:?}");
}

fn properties_and_answers_say_what_the_report_says() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let daemon = world.start();
    let client = daemon.client();
    let status: Value = serde_json::from_str(&client.status()).unwrap();
    assert_eq!(client.property::<String>("State"), "valid");
    assert_eq!(client.property::<String>("UnitId"), UNIT);
    assert_eq!(status["clock"]["state"], *client.property::<String>("ClockState"));
    assert_eq!(status["store"]["state"], *client.property::<String>("StoreState"));
    assert!(!client.property::<bool>("RestartPending"));
    assert!(!client.property::<String>("Version").is_empty());
    let names = ["ClockState", "RestartPending", "State", "StoreState", "UnitId", "Version"];
    let all = client.properties(PATH, MANAGER);
    assert!(names.iter().all(|name| all.contains_key(*name)), "{all:?}");

    for (name, feature) in status["features"].as_object().unwrap() {
        let (allowed, reason, until): (bool, String, String) =
            client.manager("CheckFeature", &name.as_str()).unwrap();
        assert_eq!((&feature["allowed"], &feature["reason"]), (&allowed.into(), &reason.into()));
        assert_eq!(feature["until"].as_str().unwrap_or_default(), until);
    }
    let update: (bool, String) = client.manager("CheckUpdate", &"2026-05-01").unwrap();
    assert_eq!(update, (true, "licensed".to_owned()));
    let newer: (bool, String) = client.manager("CheckUpdateTo", &("13.0", "2026-05-01")).unwrap();
    assert_eq!(newer, update);
    let services: Vec<(String, String, String, String)> =
        client.manager("ListServices", &()).unwrap();
    let row = |words: [&str; 4]| words.map(str::to_owned).into();
    assert_eq!(
        services,
        [row([EMP, "UNLICENSED", "none", ""]), row([WE, "LICENSED", "valid", "2099-12-31"])]
    );
    let introspectable = "org.freedesktop.DBus.Introspectable";
    let described: String = client.call(NAME, PATH, introspectable, "Introspect", &()).unwrap();
    assert!(described.contains(MANAGER) && described.contains("name=\"ImportFd\""));
}

fn a_change_emits_signals_and_is_visible_to_their_receivers() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    wait::until("Changed", || (!signals.named("Changed").is_empty()).then_some(()));
    assert_eq!(client.property::<String>("State"), "valid");
    wait::until("PropertiesChanged with State", || {
        let changes = signals.changes(MANAGER);
        changes
            .iter()
            .any(|change| change.get("State").map(text).as_deref() == Some("valid"))
            .then_some(())
    });
    wait::until("InterfacesAdded", || (!signals.named("InterfacesAdded").is_empty()).then_some(()));

    // Nothing visible changes, so the daemon sends no signal.
    signals.forget();
    let () = client.manager("Refresh", &()).unwrap();
    let _ = daemon.import("nonsense").with_code(3);
    assert!(signals.named("Changed").is_empty());

    // Copying by hand sends signals too.
    world.copy_by_hand("b.lic", maker::licence().pack("EMP-R9HXH").services(&[EMP]).sign());
    wait::until("Changed", || (!signals.named("Changed").is_empty()).then_some(()));
    assert_eq!(daemon.status()["store"]["licenses"], 2);
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    wait::until("InterfacesRemoved", || {
        (signals.named("InterfacesRemoved").len() >= 2).then_some(())
    });
    assert_eq!(client.property::<String>("State"), "none");
}

fn every_licence_is_an_object() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let daemon = world.start();
    let client = daemon.client();
    let all = objects(&client);
    let licenses = all.iter().filter(|(_, interfaces)| interfaces.contains_key(LICENSE));
    let licenses: Vec<_> = licenses.collect();
    let [(path, interfaces)] = licenses[..] else { panic!("{all:?}") };
    assert!(path.as_str().starts_with("/com/igel/License1/license/"), "{path}");
    let properties = &interfaces[LICENSE];
    let report = &daemon.status()["licenses"][0];
    for (name, member) in [
        ("Pack", "pack"),
        ("Product", "product"),
        ("Category", "category"),
        ("Order", "order"),
        ("Term", "term"),
        ("Issued", "issued"),
        ("Starts", "starts"),
        ("Expires", "expires"),
        ("State", "state"),
        ("File", "file"),
    ] {
        assert_eq!(report[member], *text(&properties[name]), "{name}");
    }
    let serial = u64::try_from(properties["Serial"].try_clone().unwrap()).unwrap();
    assert_eq!(serial, 183);
    assert_eq!(client.properties(path.as_str(), LICENSE).len(), properties.len());

    // The licence's own object announces a changed state.
    let signals = client.listen();
    world.write("/etc/licd/settings.toml", "[system.remotemanager]\nlicense_cleanup = false\n");
    let _ = daemon.import(maker::licence().serial(184).sign()).with_code(0);
    wait::until("the old one is superseded", || {
        let changes = signals.changes(LICENSE);
        let states = changes.iter().filter_map(|change| change.get("State")).map(text);
        let gone = !signals.named("InterfacesRemoved").is_empty();
        (gone || states.into_iter().any(|state| state == "superseded")).then_some(())
    });
}

fn an_import_is_a_job_that_signals_its_end() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    let finished = |n: usize| {
        let message = wait::until("Finished", || signals.named("Finished").get(n).cloned());
        message.body().deserialize::<(String, String)>().unwrap()
    };
    let path = world.file("a.lic", maker::licence().sign());
    let import = |source: &str| -> Result<OwnedObjectPath, Refusal> {
        client.manager("Import", &(source, Options::new()))
    };
    let job = import(&path).unwrap();
    assert!(job.as_str().starts_with("/com/igel/License1/job/"), "{job}");
    assert_eq!(finished(0).0, "valid");
    assert_eq!(client.property::<String>("State"), "valid");
    // A finished job stays available for late callers.
    let properties = client.properties(job.as_str(), JOB);
    assert_eq!(text(&properties["Source"]), path);
    assert_eq!(text(&properties["State"]), "finished");
    assert!(properties.contains_key("Progress"));

    let bad = world.file("bad.lic", "nonsense");
    import(&bad).unwrap();
    let (verdict, message) = finished(1);
    assert_eq!(verdict, "malformed");
    assert!(message.contains(&bad), "{message}");
    assert!(import("a.lic").is_err(), "a relative path depends on the caller's directory");
}

fn importing_a_descriptor_returns_its_verdict() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let file = File::open(world.file("a.lic", maker::licence().sign())).unwrap();
    assert_eq!(import_fd(&client, &file, "a.lic").unwrap(), "valid");
    // A caller that has the verdict sees the new state.
    assert_eq!(client.property::<String>("State"), "valid");
    let later = maker::licence().serial(200).starts("2098-01-01").sign();
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(later.as_bytes()).unwrap();
    drop(writer);
    assert_eq!(import_fd(&client, reader, "pipe").unwrap(), "pending");
    let closed = File::options().write(true).open(world.file("b.lic", "")).unwrap();
    let refusal = import_fd(&client, closed, "b.lic").unwrap_err();
    let message = "b.lic: is open for writing only; open it for reading";
    assert_eq!(refusal.message, message);
    let removed: u32 = client.manager("Remove", &("all", Options::new())).unwrap();
    assert_eq!(removed, 2);
    let removed: u32 = client.manager("Remove", &("all", Options::new())).unwrap();
    assert_eq!(removed, 0);
}

fn bus_errors_are_named_after_verdicts() {
    let world = World::new();
    let daemon = world.start();
    let client = daemon.client();
    let _ = daemon.import(maker::licence().serial(200).sign()).with_code(0);
    let licence = maker::licence;
    for (name, file) in [
        ("Malformed", "nonsense".to_owned()),
        ("Unsupported", maker::sign(&licence().text().replace("/v1", "/v2"))),
        ("BadSignature", licence().sign().replace("183", "184")),
        ("UnknownKey", licence().signed_by(&[&maker::stranger()])),
        ("UntrustedProduct", licence().signed_by(&[&maker::demo_issuer()])),
        ("WrongDevice", licence().units(&[OTHER]).sign()),
        ("Superseded", licence().serial(199).sign()),
        ("Expired", licence().pack("WE-ENDED").term("evaluation").expires("2021-01-01").sign()),
    ] {
        let file = File::open(world.file("a.lic", file)).unwrap();
        let refusal = import_fd(&client, &file, "the file").unwrap_err();
        assert_eq!(refusal.name, format!("com.igel.License1.Error.{name}"));
        assert!(refusal.message.starts_with("the file: "), "{refusal:?}");
    }
    let invalid = "org.freedesktop.DBus.Error.InvalidArgs";
    let remove = client.manager::<u32>("Remove", &("everything", Options::new()));
    assert_eq!(remove.unwrap_err().name, invalid);
    let feature = client.manager::<(bool, String, String)>("CheckFeature", &"flying");
    assert_eq!(feature.unwrap_err().name, invalid);
    let update = client.manager::<(bool, String)>("CheckUpdate", &"tomorrow");
    assert_eq!(update.unwrap_err().name, invalid);
    let set =
        client.call::<()>(NAME, PATH, PROPERTIES, "Set", &(MANAGER, "State", Variant::from("x")));
    assert!(set.is_err());
    let unknown = client.manager::<()>("Fly", &());
    assert_eq!(unknown.unwrap_err().name, "org.freedesktop.DBus.Error.UnknownMethod");
}

fn queries_are_answered_while_an_import_waits_for_its_source() {
    let world = World::new();
    let daemon = world.start();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let importer = daemon.client();
    let import = thread::spawn(move || import_fd(&importer, reader, "slow"));
    let client = daemon.client();
    wait::until("the import runs", || {
        objects(&client).values().any(|interfaces| interfaces.contains_key(JOB)).then_some(())
    });
    let began = Instant::now();
    for _ in 0..20 {
        assert_eq!(client.property::<String>("State"), "none");
        assert!(!client.status().is_empty());
        let _: (bool, String, String) = client.manager("CheckFeature", &"os").unwrap();
        let _: Vec<(String, String, String, String)> = client.manager("ListServices", &()).unwrap();
    }
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    // A second import overtakes the first.
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert_eq!(client.property::<String>("State"), "valid");
    assert!(!import.is_finished());
    writer.write_all(maker::licence().serial(184).sign().as_bytes()).unwrap();
    drop(writer);
    assert_eq!(import.join().unwrap().unwrap(), "valid");
}

fn an_import_can_be_cancelled() {
    let world = World::new();
    let daemon = world.start();
    let (reader, _writer) = std::io::pipe().unwrap();
    let importer = daemon.client();
    let import = thread::spawn(move || import_fd(&importer, reader, "endless"));
    let client = daemon.client();
    let job = wait::until("the import runs", || {
        let is_job = |interfaces: &Interfaces| interfaces.contains_key(JOB);
        objects(&client)
            .into_iter()
            .find(|(_, interfaces)| is_job(interfaces))
            .map(|(path, _)| path)
    });
    let () = client.call(NAME, job.as_str(), JOB, "Cancel", &()).unwrap();
    let refusal = import.join().unwrap().unwrap_err();
    assert_eq!(refusal.name, "com.igel.License1.Error.SourceUnreachable");
    assert!(refusal.message.contains("cancelled"), "{refusal:?}");
}

fn an_unauthorised_caller_may_query_but_not_change() {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let daemon = world.start();
    let other = world.file("b.lic", maker::licence().pack("WE-OTHER").sign());
    let as_nobody = |args: &[&str]| world.as_nobody(daemon.licctl_command().args(args));
    for args in [&["status", "--json"][..], &["features"], &["list"], &["verify", &other]] {
        assert_eq!(as_nobody(args).code, 0, "{args:?}");
    }
    let through = as_nobody(&["status", "--json"]).json();
    assert_eq!(through["licenses"], daemon.status()["licenses"]);
    let import = as_nobody(&["import", "--json", &other]).with_code(8);
    assert_eq!(import.verdict(), "not-authorized");
    assert!(import.message().contains("com.igel.license1.import"), "{import:?}");
    let _ = as_nobody(&["remove", "all"]).with_code(8);
    assert_eq!(world.stored().len(), 1);
    // Calls without licctl are refused too.
    let call = |words: &str| {
        let mut busctl = Command::new("setpriv");
        busctl.args(["--reuid=65534", "--regid=65534", "--clear-groups", "busctl", "call"]);
        busctl.arg(format!("--address={}", world.bus.address())).args([NAME, PATH, MANAGER]);
        program::run(busctl.args(words.split(' ')))
    };
    for (action, words) in [
        ("import", "Import sa{sv} /x.lic 0"),
        ("remove", "Remove sa{sv} all 0"),
        ("settings", "ApplySettings s text"),
    ] {
        let refused = call(words);
        let named = format!("com.igel.license1.{action}: ");
        assert!(refused.code != 0 && refused.err.contains(&named), "{words}: {refused:?}");
    }
    for words in ["GetStatus", "Refresh", "CheckFeature s ums", "ListServices"] {
        assert_eq!(call(words).code, 0, "{words}");
    }
}
