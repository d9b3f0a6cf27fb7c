//! The request: what it holds, where it is, and for whose eyes.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::Answer;
use acceptance::{World, program, story};
use nix::sys::stat::Mode;
use zbus::{OwnedObjectPath, Variant};

use super::{
    JOB, REQUEST, Service, activate, arguments, assert_conforms, device, finished, order, point_to,
    request_file,
};

pub(super) const STORIES: &[Story] = &[
    story!(the_request_conforms_to_its_schema),
    story!(without_accepted_terms_nothing_is_sent_or_written),
    story!(a_request_waits_for_a_service_that_is_down_and_survives_a_restart),
    story!(the_persons_data_are_for_root_and_the_service_alone),
    story!(a_request_file_of_another_kind_is_reported_and_replaced),
    story!(a_request_may_travel_on_a_stick_to_the_vendor),
    story!(a_full_partition_sends_nothing, needs root),
];

/// What the person stated, as it may turn up anywhere.
const DATA: [&str; 3] = ["Lovelace", "Engines Ltd", "ada@engines.example"];

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
