//! Cancelling: before, during and after an attempt.

use std::collections::HashMap;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use acceptance::client::{Client, NAME, Signals};
use acceptance::daemon::{Daemon, with_and_without_daemon};
use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::{self, Answer};
use acceptance::server::{hang, ok, reply, status};
use acceptance::{World, story, wait};
use zbus::{OwnedObjectPath, OwnedVariant, Variant};

use super::{JOB, Service, arguments, device, finished, order, point_to, request_file};

pub(super) const STORIES: &[Story] = &[
    story!(a_cancelled_activation_takes_its_request_along),
    story!(licctl_cancels_the_request_that_waits),
    story!(licctl_cancels_an_attempt_that_runs),
    story!(a_request_that_a_person_removes_ends_the_attempt),
    story!(a_request_is_cancelled_before_its_first_attempt),
    story!(a_licence_of_the_last_moment_is_imported_whole_or_not_at_all),
];

/// The total time of a download in these stories: an attempt that ends before was ended.
const TOTAL: Duration = Duration::from_secs(10);

pub(super) fn state_of(client: &Client, job: &OwnedObjectPath) -> String {
    word(client, job, "State")
}

fn word(client: &Client, job: &OwnedObjectPath, property: &str) -> String {
    let properties = client.properties(job.as_str(), JOB);
    String::try_from(properties[property].try_clone().unwrap()).unwrap()
}

fn cancel(client: &Client, job: &OwnedObjectPath) {
    let () = client.call(NAME, job.as_str(), JOB, "Cancel", &()).unwrap();
}

/// licctl on this device, through the daemon if there is one.
fn licctl(world: &World, daemon: Option<&Daemon<'_>>, args: &[&str]) -> Command {
    let mut command = daemon.map_or_else(|| world.licctl_command(), Daemon::licctl_command);
    command.args(args);
    command
}

/// Orders an activation through licd, and waits until the service has its request.
fn ask(daemon: &Daemon<'_>, service: &Service) -> (Client, Signals, OwnedObjectPath) {
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let job = order(&client, &[]).unwrap();
    wait::until("the service is asked", || (!service.posted().is_empty()).then_some(()));
    (client, signals, job)
}

fn begin(mut command: Command) -> thread::JoinHandle<Answer> {
    thread::spawn(move || program::run(&mut command))
}

fn a_cancelled_activation_takes_its_request_along() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let world = device(&hanging.url());
    let daemon = world.start();
    let (client, signals, job) = ask(&daemon, &hanging);
    assert!(request_file(&world).exists());
    assert_eq!(word(&client, &job, "Kind"), "activation");
    cancel(&client, &job);
    assert!(!request_file(&world).exists());
    let (verdict, message) = finished(&signals, &job);
    assert_eq!(verdict, "source-unreachable");
    assert!(message.ends_with("was cancelled"), "{message}");
    assert_eq!(state_of(&client, &job), "finished");
    // Between two attempts.
    let failing = Service::with(|_| status("500 x", "Retry-After: 3600\r\n"));
    let url = [("url", Variant::from(failing.url()))];
    let second = order(&client, &url).unwrap();
    finished(&signals, &second);
    assert_eq!(state_of(&client, &second), "waiting");
    // The first one has no request any more.
    cancel(&client, &job);
    assert!(request_file(&world).exists());
    cancel(&client, &second);
    assert!(!request_file(&world).exists());
    let problems = &daemon.status()["problems"];
    assert_eq!(problems.as_array().unwrap().len(), 0, "{problems}");
}

fn licctl_cancels_the_request_that_waits() {
    let failing = Service::with(|_| status("500 x", "Retry-After: 3600\r\n"));
    with_and_without_daemon(|world, licctl| {
        point_to(world, &failing.url());
        let none = licctl(&["activate", "--cancel"]).with_code(1);
        assert_eq!(none.out, "No request waits for an answer.\n");
        let _ = licctl(&arguments(&[])).with_code(6);
        assert!(request_file(world).exists());
        let cancelled = licctl(&["activate", "--cancel", "--json"]).with_code(0);
        assert_eq!(cancelled.out, "{\"schema\":1,\"cancelled\":true}\n");
        assert!(!request_file(world).exists());
        assert_eq!(world.status()["problems"].as_array().unwrap().len(), 0);
        // A cancel is all that the command does.
        let _ = licctl(&["activate", "--cancel", "--accept-terms"]).with_code(2);
    });
}

fn licctl_cancels_an_attempt_that_runs() {
    for with_daemon in [false, true] {
        let hanging = Service::serving(|_, stream| hang(stream));
        let world = device(&hanging.url());
        let daemon = with_daemon.then(|| world.start());
        let attempt = begin(licctl(&world, daemon.as_ref(), &arguments(&[])));
        wait::until("the service is asked", || (!hanging.posted().is_empty()).then_some(()));
        let mut cancel = licctl(&world, daemon.as_ref(), &["activate", "--cancel"]);
        let cancelled = program::run(&mut cancel).with_code(0);
        assert_eq!(cancelled.out, "The request is cancelled and deleted.\n");
        let ended = attempt.join().unwrap().with_code(6);
        assert!(ended.took < TOTAL, "{ended:?}");
        assert!(ended.message().contains("cancelled"), "{ended:?}");
        assert!(!request_file(&world).exists() && world.stored().is_empty());
        assert_eq!(world.status()["problems"].as_array().unwrap().len(), 0);
    }
}

fn a_request_that_a_person_removes_ends_the_attempt() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let world = device(&hanging.url());
    let daemon = world.start();
    let (_client, signals, job) = ask(&daemon, &hanging);
    // licctl does the same without the daemon.
    let _ = world.licctl(["activate", "--cancel"]).with_code(0);
    let (verdict, message) = finished(&signals, &job);
    assert_eq!(verdict, "source-unreachable");
    assert!(message.contains("the request is gone: it was cancelled or answered"), "{message}");
    assert!(!request_file(&world).exists() && world.stored().is_empty());
}

/// The job of the activation that runs or waits.
fn open_job(client: &Client) -> Option<OwnedObjectPath> {
    type Objects = HashMap<OwnedObjectPath, HashMap<String, HashMap<String, OwnedVariant>>>;
    let manager = "org.freedesktop.DBus.ObjectManager";
    let objects: Objects =
        client.call(NAME, "/com/igel/License1", manager, "GetManagedObjects", &()).unwrap();
    let is_activation = |job: &HashMap<String, OwnedVariant>| {
        let kind = job.get("Kind").and_then(|kind| kind.try_clone().ok());
        kind.is_some_and(|kind| String::try_from(kind).is_ok_and(|kind| kind == "activation"))
    };
    let open = objects.into_iter().find(|(_, has)| has.get(JOB).is_some_and(is_activation));
    open.map(|(path, _)| path)
}

fn a_request_is_cancelled_before_its_first_attempt() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let world = device("http://127.0.0.1:1/activate");
    let _ = world.licctl(arguments(&[])).with_code(6);
    point_to(&world, &hanging.url());
    let daemon = world.start();
    let client = daemon.client();
    let job = wait::until("the request is shown", || open_job(&client));
    let state = state_of(&client, &job);
    assert!(["waiting", "running"].contains(&state.as_str()), "{state}");
    assert_eq!(word(&client, &job, "Source"), hanging.url());
    let cancelled = daemon.licctl(["activate", "--cancel"]).with_code(0);
    assert_eq!(cancelled.out, "The request is cancelled and deleted.\n");
    assert!(!request_file(&world).exists());
    let _ = daemon.licctl(["activate", "--cancel"]).with_code(1);
}

/// Whether a licence arrives or a cancel comes first is a matter of microseconds here; whichever it is,
/// licctl, the attempt and the store say the same.
fn a_licence_of_the_last_moment_is_imported_whole_or_not_at_all() {
    let mut outcomes = std::collections::BTreeSet::new();
    for round in 0..16 {
        let with_daemon = round % 2 == 1;
        let (asked, is_asked) = mpsc::channel();
        let licence = maker::licence().sign();
        let answer = ok("", &licence);
        let service = Service::serving(move |_, stream| {
            asked.send(()).unwrap();
            thread::sleep(Duration::from_millis(2 * round * round));
            reply(stream, &answer);
        });
        let world = device(&service.url());
        let daemon = with_daemon.then(|| world.start());
        let attempt = begin(licctl(&world, daemon.as_ref(), &arguments(&[])));
        let mut cancel = licctl(&world, daemon.as_ref(), &["activate", "--cancel", "--json"]);
        is_asked.recv_timeout(TOTAL).unwrap();
        let cancelled = program::run(&mut cancel);
        let ended = attempt.join().unwrap();
        let stored = world.stored();
        assert!(!request_file(&world).exists(), "{ended:?}");
        let expected = match stored.as_slice() {
            [] => (true, 0, 6),
            [_] => (false, 1, 0),
            _ => panic!("{stored:?}"),
        };
        let is_cancelled = cancelled.json()["cancelled"] == true;
        assert_eq!((is_cancelled, cancelled.code, ended.code), expected, "{cancelled:?} {ended:?}");
        if let [file] = stored.as_slice() {
            let kept = std::fs::read_to_string(world.licenses().join(file)).unwrap();
            assert_eq!(kept, licence);
        }
        outcomes.insert(is_cancelled);
    }
    assert!(outcomes.contains(&true), "no round was cancelled in time");
}
