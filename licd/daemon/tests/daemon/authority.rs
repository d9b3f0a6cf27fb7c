//! Who may do what, on a bus with the rules that are installed.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use zbus::{Connection, OwnedVariant, connection, fdo, interface};

use crate::bus::{Bus, MANAGER, NAME, PATH};
use crate::world::World;

const DEPLOYMENT: &str = "com.igel.License1.Deployment";
/// An ordinary user: the account `nobody`.
const USER: u32 = 65_534;

/// A world on a bus as the system's, with the rules that are installed. `None` if this user cannot
/// be two.
fn system(test: &str) -> Option<World> {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("needs root: {test}");
        return None;
    }
    let dir = tempfile::tempdir().unwrap();
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir.path(), open).unwrap();
    let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/com.igel.License1.conf");
    // What the system bus itself allows, and polkit's own rules.
    let rules = format!(
        "<policy context=\"default\">\
           <allow user=\"*\"/><deny own=\"*\"/><deny send_type=\"method_call\"/>\
           <allow send_type=\"signal\"/><allow send_requested_reply=\"true\" send_type=\"method_return\"/>\
           <allow send_requested_reply=\"true\" send_type=\"error\"/>\
           <allow receive_type=\"method_call\"/><allow receive_type=\"method_return\"/>\
           <allow receive_type=\"error\"/><allow receive_type=\"signal\"/>\
           <allow send_destination=\"org.freedesktop.DBus\" \
                  send_interface=\"org.freedesktop.DBus\"/>\
         </policy>\
         <policy user=\"root\"><allow own=\"org.freedesktop.PolicyKit1\"/>\
           <allow send_destination=\"org.freedesktop.PolicyKit1\"/></policy>\
         <include>{rules}</include>"
    );
    let bus = Bus::with(dir.path(), "system", &rules);
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(bus.socket(), open).unwrap();
    Some(World::on(dir, bus))
}

/// Whether a user could type a password.
#[derive(Clone, Copy)]
enum Person {
    Waits,
    Absent,
}

/// busctl as an ordinary user runs it.
fn busctl(world: &World, person: Person, words: &[&str]) -> Command {
    let interactive = match person {
        Person::Waits => "yes",
        Person::Absent => "no",
    };
    let mut command = Command::new("busctl");
    command
        .arg(format!("--address={}", world.bus.address))
        .arg(format!("--allow-interactive-authorization={interactive}"))
        .args(words)
        .uid(USER)
        .gid(USER)
        .env_clear();
    command
}

/// Runs busctl as an ordinary user; what it prints.
fn as_user(world: &World, person: Person, words: &[&str]) -> Result<String, String> {
    let output = busctl(world, person, words).output().expect("busctl is installed");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Calls the daemon as an ordinary user.
fn call(world: &World, person: Person, words: &[&str]) -> Result<String, String> {
    let interface = "com.igel.License1.Manager";
    as_user(world, person, &[&["call", NAME, PATH, interface], words].concat())
}

const REMOVE_ALL: [&str; 4] = ["Remove", "sa{sv}", "all", "0"];

/// What polkit was asked so far.
type Questions = Arc<Mutex<Vec<String>>>;

/// A polkit that gives one answer, if any, and notes what it was asked.
struct Polkit {
    /// None of a person who does not answer.
    answer: Option<bool>,
    asked: Questions,
}

type Subject = (String, HashMap<String, OwnedVariant>);

#[interface(name = "org.freedesktop.PolicyKit1.Authority")]
impl Polkit {
    async fn check_authorization(
        &self,
        subject: Subject,
        action: &str,
        _details: HashMap<String, String>,
        flags: u32,
        _cancellation: &str,
    ) -> fdo::Result<((bool, bool, HashMap<String, String>),)> {
        self.asked.lock().unwrap().push(format!("{} {action} {flags}", subject.0));
        match self.answer {
            Some(answer) => Ok(((answer, false, HashMap::new()),)),
            None => std::future::pending().await,
        }
    }
}

impl Polkit {
    fn start(world: &World, answer: Option<bool>, asked: &Questions) -> Connection {
        let polkit = Self { answer, asked: Arc::clone(asked) };
        let serve = connection::Builder::address(world.bus.address.as_str())
            .serve_at("/org/freedesktop/PolicyKit1/Authority", polkit)
            .name("org.freedesktop.PolicyKit1")
            .build();
        zbus::block_on(serve).unwrap()
    }
}

/// Calls a method that waits for a password.
fn open_dialog(world: &World, words: &[&str]) -> Child {
    busctl(world, Person::Waits, words).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until polkit has been asked so often.
fn until_asked(asked: &Questions, times: usize, end: Instant) {
    while asked.lock().unwrap().len() < times {
        assert!(Instant::now() < end, "asked: {asked:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ends the programs that called.
fn close(dialogs: &mut [Child]) {
    for dialog in dialogs {
        dialog.kill().unwrap();
        dialog.wait().unwrap();
    }
}

#[test]
fn nobody_keeps_root_waiting_for_a_password() {
    const DIALOGS: usize = 8;
    let Some(world) = system("nobody_keeps_root_waiting_for_a_password") else { return };
    let (_daemon, caller) = world.start();
    let asked = Questions::default();
    let _connection = Polkit::start(&world, None, &asked);
    let words = [&["call", NAME, PATH, MANAGER][..], &REMOVE_ALL].concat();
    let mut dialogs: Vec<_> = (0..DIALOGS).map(|_| open_dialog(&world, &words)).collect();
    let end = Instant::now() + Duration::from_secs(20);
    until_asked(&asked, DIALOGS, end);
    let refused = call(&world, Person::Waits, &REMOVE_ALL).unwrap_err();
    assert!(refused.contains("8 calls of this user wait already"), "{refused}");
    let options = HashMap::<String, OwnedVariant>::new();
    assert_eq!(caller.call::<_, u32>("Remove", &("all", options)), Ok(0));
    close(&mut dialogs);
    // Those who are gone wait for nothing: there is room for as many again, long before a password
    // would have to be typed.
    let mut again: Vec<_> = (0..DIALOGS).map(|_| open_dialog(&world, &words)).collect();
    while asked.lock().unwrap().len() < 2 * DIALOGS {
        assert!(Instant::now() < end, "asked: {}", asked.lock().unwrap().len());
        for dialog in &mut again {
            if dialog.try_wait().unwrap().is_some() {
                *dialog = open_dialog(&world, &words);
            }
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    close(&mut again);
}

#[test]
fn nobody_keeps_readers_waiting_for_a_password() {
    const DIALOGS: usize = 4;
    let Some(world) = system("nobody_keeps_readers_waiting_for_a_password") else { return };
    let (_daemon, caller) = world.start();
    let asked = Questions::default();
    let _connection = Polkit::start(&world, None, &asked);
    let words = ["call", NAME, PATH, DEPLOYMENT, "Answer", "s", "now"];
    let mut dialogs: Vec<_> = (0..DIALOGS).map(|_| open_dialog(&world, &words)).collect();
    let end = Instant::now() + Duration::from_secs(20);
    until_asked(&asked, DIALOGS, end);
    let began = Instant::now();
    caller.call::<_, String>("GetStatus", &()).unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    close(&mut dialogs);
}

#[test]
fn everyone_may_ask_and_only_the_authorised_may_change() {
    let Some(world) = system("everyone_may_ask_and_only_the_authorised_may_change") else { return };
    let (daemon, caller) = world.start();
    let status = call(&world, Person::Absent, &["GetStatus"]).unwrap();
    assert!(status.contains("unit_id"), "{status}");
    call(&world, Person::Absent, &["Refresh"]).unwrap();

    // Without polkit: no.
    for words in [
        &REMOVE_ALL[..],
        &["Import", "sa{sv}", "/etc/passwd", "0"],
        &["Activate", "a{sv}", "1", "accept_terms", "b", "true"],
        &["ApplySettings", "s", ""],
    ] {
        let refused = call(&world, Person::Absent, words).unwrap_err();
        assert!(refused.contains("polkit does not answer"), "{words:?}: {refused}");
    }
    assert_eq!(daemon.log().matches("refused to user 65534").count(), 4, "{}", daemon.log());

    // However often a user is refused, the journal has room for other events.
    (0..100).for_each(|_| drop(call(&world, Person::Absent, &REMOVE_ALL)));
    assert!(daemon.log().matches("refused to user 65534").count() < 50, "{}", daemon.log());

    // As polkit says.
    let asked = Questions::default();
    for (answer, person) in [(false, Person::Absent), (true, Person::Waits)] {
        let connection = Polkit::start(&world, Some(answer), &asked);
        let outcome = call(&world, person, &REMOVE_ALL);
        assert_eq!(outcome.is_ok(), answer, "{outcome:?}");
        zbus::block_on(connection.graceful_shutdown());
    }
    let asked = asked.lock().unwrap();
    let question = |flags| format!("system-bus-name com.igel.license1.remove {flags}");
    assert_eq!(*asked, [question(0), question(1)]);
    // Root needs no authority.
    let options = HashMap::<String, OwnedVariant>::new();
    assert_eq!(caller.call::<_, u32>("Remove", &("all", options)), Ok(0));
}

#[test]
fn only_the_authorised_answer_the_question_of_a_restart() {
    let Some(world) = system("only_the_authorised_answer_the_question_of_a_restart") else {
        return;
    };
    let (daemon, _caller) = world.start();
    let words = ["call", NAME, PATH, DEPLOYMENT, "Answer", "s", "now"];
    let refused = as_user(&world, Person::Absent, &words).unwrap_err();
    assert!(refused.contains("polkit does not answer"), "{refused}");
    assert!(daemon.log().contains("com.igel.license1.deployment: refused to user 65534"));
    let asked = Questions::default();
    for (answer, said) in [(false, "not authorised"), (true, "no question is open")] {
        let connection = Polkit::start(&world, Some(answer), &asked);
        let refused = as_user(&world, Person::Absent, &words).unwrap_err();
        assert!(refused.contains(said), "{refused}");
        zbus::block_on(connection.graceful_shutdown());
    }
    let question = "system-bus-name com.igel.license1.deployment 0".to_owned();
    assert_eq!(*asked.lock().unwrap(), [question.clone(), question]);
    // Any user may see the plan.
    let words = ["get-property", NAME, PATH, DEPLOYMENT, "State"];
    assert_eq!(as_user(&world, Person::Absent, &words).unwrap().trim(), "s \"none\"");
}

#[test]
fn the_bus_lets_one_method_bring_one_descriptor() {
    let Some(world) = system("the_bus_lets_one_method_bring_one_descriptor") else { return };
    let (_daemon, caller) = world.start();
    let null = || zbus::Fd::from(OwnedFd::from(File::open("/dev/null").unwrap()));
    let options = HashMap::<String, OwnedVariant>::new;
    // It comes as far as licd, which takes no device for a licence.
    let import = caller.call::<_, String>("ImportFd", &(null(), "x", options()));
    assert!(import.unwrap_err().0.starts_with("com.igel.License1.Error."));
    let denied = "org.freedesktop.DBus.Error.AccessDenied";
    let two = caller.call::<_, String>("ImportFd", &(null(), null(), options()));
    assert_eq!(two.unwrap_err().0, denied);
    for member in ["GetStatus", "Refresh", "CheckFeature"] {
        assert_eq!(caller.call::<_, ()>(member, &null()).unwrap_err().0, denied, "{member}");
    }
}

#[test]
fn an_ordinary_user_cannot_be_the_daemon() {
    let Some(world) = system("an_ordinary_user_cannot_be_the_daemon") else { return };
    let bus = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"];
    let words = [&["call"][..], &bus, &["RequestName", "su", NAME, "4"]].concat();
    let refused = as_user(&world, Person::Absent, &words).unwrap_err();
    assert!(refused.contains("Access denied"), "{refused}");
}
