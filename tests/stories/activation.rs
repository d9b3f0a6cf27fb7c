//! Activation (contract §7b): a request to the licensing service, and what becomes of it.

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use acceptance::client::{Client, NAME, Refusal, Signals};
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::program::Answer;
use acceptance::server::{Server, hang, ok, status};
use acceptance::{World, program, schema, story, wait};
use nix::sys::stat::Mode;
use serde_json::Value;
use zbus::{OwnedObjectPath, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(a_service_activates_the_device_with_and_without_the_daemon),
    story!(the_request_conforms_to_its_schema),
    story!(without_accepted_terms_nothing_is_sent_or_written),
    story!(a_request_waits_for_a_service_that_is_down_and_survives_a_restart),
    story!(a_bad_answer_leaves_the_request_and_says_why),
    story!(an_answer_given_twice_changes_nothing),
    story!(a_licence_from_elsewhere_answers_the_request),
    story!(a_cancelled_activation_takes_its_request_along),
    story!(a_later_activation_replaces_the_earlier_one),
    story!(the_persons_data_are_for_root_and_the_service_alone),
    story!(a_redirect_gets_no_persons_data_on_another_server),
    story!(an_activation_can_name_its_proxy_which_stays_on_the_device),
    story!(the_address_is_https_or_of_this_machine),
    story!(a_request_file_of_another_kind_is_reported_and_replaced),
    story!(a_request_may_travel_on_a_stick_to_the_vendor),
    story!(a_full_partition_sends_nothing, needs root),
];

const JOB: &str = "com.igel.License1.Job";
const REQUEST: &str = "/license/fetch-activation.json";
const PERSON: [&str; 6] =
    ["--name", "Ada Lovelace", "--company", "Engines Ltd", "--email", "ada@engines.example"];
/// What the person stated, as it may turn up anywhere.
const DATA: [&str; 3] = ["Lovelace", "Engines Ltd", "ada@engines.example"];

/// A licensing service that keeps what was posted.
#[derive(Clone)]
struct Service {
    posted: Arc<Mutex<Vec<String>>>,
    server: Server,
}

impl Service {
    /// A service with this answer, which may depend on the request.
    fn with(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::serving(move |request, mut stream| drop(stream.write_all(&answer(request))))
    }

    fn serving(serve: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> Self {
        let posted: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&posted);
        let server = Server::http(move |head, mut stream| {
            let length = head.to_ascii_lowercase();
            let length =
                length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            seen.lock().unwrap().push(body.clone());
            serve(&body, stream);
        });
        Self { posted, server }
    }

    /// A service that issues this licence.
    fn issuing(licence: &str) -> Self {
        let licence = ok("", licence);
        Self::with(move |_| licence.clone())
    }

    fn url(&self) -> String {
        self.server.url("activate")
    }

    fn posted(&self) -> Vec<String> {
        self.posted.lock().unwrap().clone()
    }
}

/// A device whose licensing service is at this address.
fn device(url: &str) -> World {
    let world = World::new();
    point_to(&world, url);
    world
}

fn point_to(world: &World, url: &str) {
    let network = "[network]\nconnect_timeout_seconds = 5\ntotal_timeout_seconds = 10\n";
    world.write("/etc/licd/licd.toml", format!("{network}[activation]\nurl = \"{url}\"\n"));
}

fn request_file(world: &World) -> PathBuf {
    world.path(REQUEST)
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let verb = ["activate", "--json", "--accept-terms"];
    verb.iter().chain(&PERSON).chain(more).copied().collect()
}

/// Activates a new device without a daemon, and another with one; both give the same answer.
fn activate(url: &str) -> ([World; 2], Answer) {
    let worlds = [device(url), device(url)];
    let alone = worlds[0].licctl(arguments(&[]));
    let served = {
        let daemon = worlds[1].start();
        let answer = daemon.licctl(arguments(&[]));
        assert!(daemon.stop().success());
        answer
    };
    assert_eq!((alone.code, &alone.out), (served.code, &served.out));
    (worlds, alone)
}

/// Calls `Activate`.
fn order(client: &Client, more: &[(&str, Variant<'_>)]) -> Result<OwnedObjectPath, Refusal> {
    let mut options: HashMap<&str, Variant<'_>> = HashMap::new();
    options.insert("name", "Ada Lovelace".into());
    options.insert("email", "ada@engines.example".into());
    options.insert("accept_terms", true.into());
    options.extend(more.iter().map(|(key, value)| (*key, value.try_clone().unwrap())));
    client.manager("Activate", &options)
}

fn finished(signals: &Signals, job: &OwnedObjectPath) -> (String, String) {
    wait::until("Finished", || {
        let ended = signals.named("Finished");
        let is_own = |path: &str| path == job.as_str();
        let own = ended.iter().find(|one| one.header().path().is_some_and(|path| is_own(path)));
        own.map(|signal| signal.body().deserialize().unwrap())
    })
}

fn state_of(client: &Client, job: &OwnedObjectPath) -> String {
    let properties = client.properties(job.as_str(), JOB);
    String::try_from(properties["State"].try_clone().unwrap()).unwrap()
}

fn cancel(client: &Client, job: &OwnedObjectPath) {
    let () = client.call(NAME, job.as_str(), JOB, "Cancel", &()).unwrap();
}

fn the_schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/request.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_conforms(request: &str) -> Value {
    let request = serde_json::from_str(request).unwrap();
    assert_eq!(schema::faults(&the_schema(), &request), Vec::<String>::new(), "{request}");
    request
}

fn a_service_activates_the_device_with_and_without_the_daemon() {
    let service = Service::issuing(&maker::licence().product("WE-E").term("evaluation").sign());
    let (worlds, answer) = activate(&service.url());
    let answer = answer.with_code(0);
    assert_eq!(answer.verdict(), "valid");
    assert_eq!(answer.json()["files"][0]["file"], service.url());
    for world in &worlds {
        assert_eq!(world.status()["state"], "valid");
        assert_eq!(world.stored().len(), 1);
        assert!(!request_file(world).exists());
    }
    for head in service.server.heads() {
        assert!(head.starts_with("POST /activate HTTP/1.1\r\n"), "{head}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/json\r\n"), "{head}");
    }
    let posted = service.posted();
    assert_eq!(posted.len(), 2);
    assert_eq!(posted[0], posted[1]);
    let request = assert_conforms(&posted[0]);
    assert_eq!(request["unit_id"], UNIT);
    assert_eq!(request["hardware"]["serial"], "14D3F8B00B");
    assert_eq!(request["person"]["email"], "ada@engines.example");
}

fn the_request_conforms_to_its_schema() {
    let worlds = [World::new(), World::new()];
    worlds[1].machine().boots_from_usb("85641000D308482019");
    for world in worlds {
        let request = world.licctl(["request", "-o", "-"]).with_code(0).out;
        assert!(assert_conforms(&request)["person"].is_null());
        let service = Service::issuing("");
        let url = service.url();
        // Without a person's data, and to another address.
        let _ = world.licctl(["activate", "--accept-terms", "--url", &url]).with_code(3);
        let kept = fs::read_to_string(request_file(&world)).unwrap();
        assert_eq!(assert_conforms(&kept)["url"], url);
        assert_eq!(service.posted(), [kept]);
    }
}

fn without_accepted_terms_nothing_is_sent_or_written() {
    let service = Service::issuing(&maker::licence().sign());
    let world = device(&service.url());
    let daemon = world.start();
    let without = |licctl: &dyn Fn(&[&str]) -> Answer| {
        let answer = licctl(&["activate", "--name", "Ada"]).with_code(2);
        assert!(answer.err.contains("--accept-terms"), "{answer:?}");
    };
    without(&|args| world.licctl(args));
    without(&|args| daemon.licctl(args));
    for terms in [None, Some(("accept_terms", Variant::from(false)))] {
        let mut options = HashMap::from([("name", Variant::from("Ada"))]);
        options.extend(terms);
        let refusal = daemon.client().manager::<OwnedObjectPath>("Activate", &options);
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.name, "org.freedesktop.DBus.Error.InvalidArgs");
        assert!(refusal.message.contains("nothing was sent"), "{refusal:?}");
    }
    assert!(service.posted().is_empty() && !request_file(&world).exists());
}

fn a_request_waits_for_a_service_that_is_down_and_survives_a_restart() {
    // A port on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (worlds, answer) = activate(&format!("http://127.0.0.1:{port}/activate"));
    let answer = answer.with_code(6);
    assert_eq!(answer.verdict(), "source-unreachable");
    for words in ["refuses the connection", "the request stays in /license/fetch-activation.json"] {
        assert!(answer.message().contains(words), "{answer:?}");
    }
    let service = Service::issuing(&maker::licence().sign());
    for world in &worlds {
        let request = fs::metadata(request_file(world)).unwrap();
        assert_eq!(request.permissions().mode() & 0o777, 0o600);
        let problems = world.status()["problems"].to_string();
        assert!(problems.contains(REQUEST) && problems.contains("no answer yet"), "{problems}");
        point_to(world, &service.url());
        let daemon = world.start();
        daemon.until("the licence counts", |status| status["state"] == "valid");
        assert!(!request_file(world).exists());
        let problems = &daemon.status()["problems"];
        assert_eq!(problems.as_array().unwrap().len(), 0, "{problems}");
    }
    assert_eq!(service.posted().len(), 2);
}

fn a_bad_answer_leaves_the_request_and_says_why() {
    let text = |status: &str, kind: &str, body: &str| {
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n");
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let terms = "Accept the terms of 2027 first.";
    let problem = r#"{"title":"Terms","detail":"Accept the terms of 2027 first."}"#;
    let page = "<!DOCTYPE html><html><title>Welcome</title>";
    for (answer, code, exit, words) in [
        (ok("", "garbage"), "malformed", 3, "is not the first line of a licence"),
        (ok("Content-Type: text/html\r\n", page), "malformed", 3, "is a web page, not a licence"),
        (ok("", maker::licence().units(&[OTHER]).sign()), "wrong-device", 4, OTHER),
        (text("403 No", "text/plain; charset=utf-8", terms), "source-refused", 6, terms),
        (text("422 No", "application/problem+json", problem), "source-refused", 6, terms),
        (text("403 No", "text/html", page), "source-refused", 6, "refuses the request (HTTP 403)"),
        (status("202 Accepted", ""), "source-unreachable", 6, "not answered it yet"),
        (status("404 No", ""), "source-refused", 6, "check the address"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec(),
            "source-too-large",
            6,
            "33554432 bytes",
        ),
    ] {
        let service = Service::with(move |_| answer.clone());
        let (worlds, answer) = activate(&service.url());
        assert_eq!((answer.verdict().as_str(), answer.code), (code, exit), "{answer:?}");
        let message = answer.message();
        assert!(message.contains(words) && message.contains("licd asks again"), "{message}");
        for world in &worlds {
            assert!(request_file(world).exists() && world.stored().is_empty(), "{message}");
        }
    }
}

fn an_answer_given_twice_changes_nothing() {
    let service = Service::issuing(&maker::licence().sign());
    let world = device(&service.url());
    let _ = world.licctl(arguments(&[])).with_code(0);
    let before = (world.stored(), world.report());
    let daemon = world.start();
    for answer in [world.licctl(arguments(&[])), daemon.licctl(arguments(&[]))] {
        let answer = answer.with_code(0);
        assert!(answer.message().contains("already in the store"), "{answer:?}");
        assert!(!request_file(&world).exists());
    }
    assert_eq!((world.stored(), daemon.report()), before);
}

fn a_licence_from_elsewhere_answers_the_request() {
    let service = Service::with(|_| status("503 Later", "Retry-After: 3600\r\n"));
    let world = device(&service.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let job = order(&client, &[]).unwrap();
    assert_eq!(finished(&signals, &job).0, "source-unreachable");
    assert_eq!(state_of(&client, &job), "waiting");
    // A trust document and a licence of another device answer nothing.
    let _ = daemon.import(maker::trust(2, &[])).with_code(0);
    let _ = daemon.import(maker::licence().units(&[OTHER]).sign()).with_code(4);
    assert!(request_file(&world).exists());
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert!(!request_file(&world).exists());
    wait::until("the job is gone", || {
        signals
            .named("InterfacesRemoved")
            .iter()
            .any(|signal| {
                let (path, _): (OwnedObjectPath, Vec<String>) =
                    signal.body().deserialize().unwrap();
                path == job
            })
            .then_some(())
    });
    assert_eq!(service.posted().len(), 1);
    // A person copies a licence into the store.
    let job = order(&client, &[]).unwrap();
    finished(&signals, &job);
    assert!(request_file(&world).exists());
    world.copy_by_hand("copied.lic", maker::licence().pack("WE-COPY1").sign());
    wait::until("the request is gone", || (!request_file(&world).exists()).then_some(()));
}

fn a_cancelled_activation_takes_its_request_along() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let world = device(&hanging.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let job = order(&client, &[]).unwrap();
    wait::until("the service is asked", || (!hanging.posted().is_empty()).then_some(()));
    assert!(request_file(&world).exists());
    cancel(&client, &job);
    let (verdict, message) = finished(&signals, &job);
    assert_eq!(verdict, "source-unreachable");
    assert!(message.ends_with("was cancelled"), "{message}");
    assert!(!request_file(&world).exists());
    // Between two attempts.
    let failing = Service::with(|_| status("500 x", "Retry-After: 3600\r\n"));
    let url = [("url", Variant::from(failing.url()))];
    let job = order(&client, &url).unwrap();
    finished(&signals, &job);
    assert_eq!(state_of(&client, &job), "waiting");
    cancel(&client, &job);
    assert!(!request_file(&world).exists());
    let problems = &daemon.status()["problems"];
    assert_eq!(problems.as_array().unwrap().len(), 0, "{problems}");
}

fn a_later_activation_replaces_the_earlier_one() {
    let hanging = Service::serving(|_, stream| hang(stream));
    let failing = Service::with(|_| status("500 x", "Retry-After: 3600\r\n"));
    let world = device(&hanging.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let first = order(&client, &[]).unwrap();
    wait::until("the service is asked", || (!hanging.posted().is_empty()).then_some(()));
    let company = ("company", Variant::from("Looms Ltd"));
    let second = order(&client, &[company, ("url", failing.url().into())]).unwrap();
    assert!(finished(&signals, &first).1.contains("was cancelled"));
    finished(&signals, &second);
    let kept = fs::read_to_string(request_file(&world)).unwrap();
    assert_eq!(assert_conforms(&kept)["person"]["company"], "Looms Ltd");
    assert_eq!(failing.posted(), [kept]);
    // The stored request is replaced, too.
    point_to(&world, &Service::issuing(&maker::licence().sign()).url());
    daemon.refresh();
    let _ = daemon.licctl(arguments(&[])).with_code(0);
    assert!(!request_file(&world).exists());
}

fn the_persons_data_are_for_root_and_the_service_alone() {
    let echo = Service::with(|request| {
        let body = format!("Unknown: {request} ADA@ENGINES.EXAMPLE");
        let head = "HTTP/1.1 400 No\r\nContent-Type: text/plain\r\n";
        format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    });
    let world = device(&echo.url());
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let job = order(&client, &[("company", "Engines Ltd".into())]).unwrap();
    let (_, message) = finished(&signals, &job);
    let answer = world.licctl(arguments(&[]));
    assert!(message.contains("Unknown: ") && answer.message().contains("Unknown: "));
    let properties = format!("{:?}", client.properties(job.as_str(), JOB));
    let status = client.status();
    let public = [message, answer.out, answer.err, properties, status, daemon.log()];
    for text in &public {
        for data in DATA {
            let shown = text.to_lowercase().contains(&data.to_lowercase());
            assert!(!shown, "{data} is in {text}");
        }
    }
    let mode = fs::metadata(request_file(&world)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // No other file of the device holds them, and none once the licence is in.
    let holders = || {
        let found = program::run(
            std::process::Command::new("grep").args(["-rlis", DATA[2]]).arg(world.root()),
        );
        found.out.lines().map(PathBuf::from).collect::<Vec<_>>()
    };
    assert_eq!(holders(), [request_file(&world)]);
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    assert_eq!(holders(), Vec::<PathBuf>::new());
}

fn a_redirect_gets_no_persons_data_on_another_server() {
    let other = Service::issuing(&maker::licence().sign());
    let target = other.url();
    let moved = Service::with(move |_| status("307 x", &format!("Location: {target}\r\n")));
    let (_, answer) = activate(&moved.url());
    let answer = answer.with_code(6);
    assert_eq!(answer.verdict(), "source-refused");
    assert!(answer.message().contains("redirects the request"), "{answer:?}");
    assert!(other.server.heads().is_empty());
    // The answer may be anywhere, and the service may move on its own server.
    let target = other.url();
    let elsewhere = Service::with(move |_| status("303 x", &format!("Location: {target}\r\n")));
    let _ = activate(&elsewhere.url()).1.with_code(0);
    assert!(other.server.heads().iter().all(|head| head.starts_with("GET ")));
    let licence = maker::licence().sign();
    let asked = Arc::new(Mutex::new(0));
    let moving = Service::with(move |_| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        if *asked % 2 == 1 { status("308 x", "Location: /new\r\n") } else { ok("", &licence) }
    });
    let _ = activate(&moving.url()).1.with_code(0);
    let posted = moving.posted();
    assert!(posted.len() == 4 && posted.iter().all(|one| *one == posted[0] && !one.is_empty()));
}

fn an_activation_can_name_its_proxy_which_stays_on_the_device() {
    let proxy = Service::with(|_| status("503 x", "Retry-After: 3600\r\n"));
    let world = device("http://127.0.0.1:1/activate");
    let daemon = world.start();
    let (client, signals) = (daemon.client(), daemon.client().listen());
    let address = format!("http://ada:secret@{}", proxy.server.address);
    let job = order(&client, &[("proxy", address.into())]).unwrap();
    let (_, message) = finished(&signals, &job);
    assert!(!message.contains("secret"), "{message}");
    let posted = proxy.posted();
    assert_conforms(&posted[0]);
    let carried = world.file("request.json", "");
    let _ = world.licctl(["request", "-o", &carried]).with_code(0);
    for text in [posted[0].clone(), fs::read_to_string(carried).unwrap()] {
        assert!(!text.contains("secret") && !text.contains("proxy"), "{text}");
    }
    assert!(!daemon.log().contains("secret"));
    assert!(fs::read_to_string(request_file(&world)).unwrap().contains("ada:secret@"));
    let refusal = order(&client, &[("proxy", "nonsense".into())]).unwrap_err();
    assert!(refusal.message.contains("option “proxy”: is not of the form"), "{refusal:?}");
}

fn the_address_is_https_or_of_this_machine() {
    for (url, words) in [
        ("", "no licensing service"),
        ("http://licensing.example/activate", "begins with https://"),
        ("https://ada:secret@licensing.example/activate", "holds a user"),
    ] {
        let (worlds, answer) = activate(url);
        let answer = answer.with_code(6);
        assert_eq!(answer.json()["code"], "source-refused");
        assert!(answer.err.contains(words) && !answer.err.contains("secret"), "{answer:?}");
        assert!(worlds.iter().all(|world| !request_file(world).exists()));
    }
    let world = device("");
    let daemon = world.start();
    let refusal = order(&daemon.client(), &[]).unwrap_err();
    assert_eq!(refusal.name, "com.igel.License1.Error.SourceRefused");
    for (option, value) in [("url", "ftp://h/x"), ("url", "nonsense"), ("email", "nobody")] {
        let answer = world.licctl(arguments(&[&format!("--{option}"), value]));
        assert!([2, 6].contains(&answer.code), "{answer:?}");
    }
    assert!(!request_file(&world).exists());
}

fn a_request_file_of_another_kind_is_reported_and_replaced() {
    let service = Service::issuing(&maker::licence().sign());
    let place = |world: &World, kind: &str| {
        let path = request_file(world);
        match kind {
            "link" => symlink("/etc/passwd", path).unwrap(),
            "fifo" => nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap(),
            "empty" => fs::write(path, "").unwrap(),
            "garbage" => fs::write(path, [0xff; 100]).unwrap(),
            "long" => fs::write(path, "x".repeat(1 << 20)).unwrap(),
            _ => {
                let other = World::new();
                other.machine().remove_interface("eth0").pci_interface("eth0", "00:e0:c5:1c:50:88");
                let _ = other.licctl(["activate", "--accept-terms", "--url", "http://[::1]:1/"]);
                fs::copy(request_file(&other), path).unwrap();
            }
        }
    };
    for (kind, words) in [
        ("link", "is not a regular file"),
        ("fifo", "is not a regular file"),
        ("empty", "is damaged"),
        ("garbage", "is damaged"),
        ("long", "is damaged"),
        ("stranger", "is the request of another device (00E0C51C5088)"),
    ] {
        let world = device(&service.url());
        place(&world, kind);
        let daemon = world.start();
        let problems = daemon.status()["problems"].to_string();
        assert!(problems.contains(words), "{kind}: {problems}");
        assert_eq!(world.status()["problems"].to_string(), problems);
        let _ = daemon.licctl(arguments(&[])).with_code(0);
        assert!(fs::symlink_metadata(request_file(&world)).is_err(), "{kind}");
    }
    // A directory is left to a person.
    let world = device(&service.url());
    fs::create_dir(request_file(&world)).unwrap();
    let before = service.posted().len();
    let answer = world.licctl(arguments(&[])).with_code(7);
    assert_eq!(answer.verdict(), "store-unwritable");
    assert!(answer.message().contains(REQUEST), "{answer:?}");
    assert_eq!(service.posted().len(), before);
}

fn a_request_may_travel_on_a_stick_to_the_vendor() {
    let world = device("http://127.0.0.1:1/activate");
    let _ = world.licctl(arguments(&[])).with_code(6);
    let file = world.file("request.json", "");
    fs::remove_file(&file).unwrap();
    let _ = world.licctl(["request", "-o", &file]).with_code(0);
    let request = assert_conforms(&fs::read_to_string(&file).unwrap());
    assert_eq!(request["person"]["company"], "Engines Ltd");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // Others see the device's data only.
    let shown = world.licctl(["request", "-o", "-"]).with_code(0).out;
    assert!(assert_conforms(&shown)["person"].is_null());
}

fn a_full_partition_sends_nothing() {
    let service = Service::issuing(&maker::licence().sign());
    let world = World::mounted_with(1 << 20);
    point_to(&world, &service.url());
    world.by_hand(|licenses| {
        let mut filler = fs::File::create(licenses.join("../../filler")).unwrap();
        while filler.write_all(&[7; 1024]).is_ok() {}
    });
    let daemon = world.start();
    for answer in [world.licctl(arguments(&[])), daemon.licctl(arguments(&[]))] {
        assert_eq!(answer.with_code(7).verdict(), "store-full");
    }
    assert!(service.posted().is_empty() && !request_file(&world).exists());
    assert!(world.partition().is_read_only());
}
