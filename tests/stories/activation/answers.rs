//! Services that answer well, badly, twice or from elsewhere.

use std::fs;
use std::sync::{Arc, Mutex};

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::server::certificate::{Authority, NOW};
use acceptance::server::nginx::Nginx;
use acceptance::server::{ok, status};
use acceptance::story;

use super::{
    Service, activate, activate_with, arguments, assert_conforms, device, finished, order,
    request_file,
};

pub(super) const STORIES: &[Story] = &[
    story!(a_service_activates_the_device_with_and_without_the_daemon),
    story!(a_service_is_reached_by_https_and_only_with_a_trusted_certificate),
    story!(a_bad_answer_leaves_the_request_and_says_why),
    story!(an_answer_given_twice_changes_nothing),
    story!(a_redirect_gets_no_persons_data_on_another_server),
    story!(the_address_is_https_or_of_this_machine),
    story!(an_activation_can_name_its_proxy_which_stays_on_the_device),
    story!(licctl_names_a_proxy_without_a_password),
];

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

fn a_service_is_reached_by_https_and_only_with_a_trusted_certificate() {
    let authority = Authority::new();
    let service = Service::issuing(&maker::licence().sign());
    let pass = format!("location = /activate {{ proxy_pass {}; }}", service.url());
    let server = Nginx::start(&authority.identity("localhost", NOW), &[], &pass);
    let world = device(&server.url("activate"));
    let refused = world.licctl(arguments(&[])).with_code(6);
    assert_eq!(refused.verdict(), "source-refused");
    assert!(refused.message().contains("does not know the authority"), "{refused:?}");
    assert!(service.posted().is_empty());
    world.write("/etc/licd/ca.pem", authority.pem());
    world.write("/etc/licd/licd.toml.d/ca.toml", "[network]\nca_file = \"/etc/licd/ca.pem\"\n");
    // The clock of a new device may be wrong, and so may seem the dates of the certificate.
    fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
    let _ = world.licctl(arguments(&[])).with_code(0);
    assert_eq!(assert_conforms(&service.posted()[0])["unit_id"], UNIT);
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

fn licctl_names_a_proxy_without_a_password() {
    let proxy = Service::issuing(&maker::licence().sign());
    let address = format!("http://{}", proxy.server.address);
    let (worlds, _) = activate_with("http://127.0.0.1:1/activate", &["--proxy", &address]);
    for head in proxy.server.heads() {
        assert!(head.starts_with("POST http://127.0.0.1:1/activate HTTP/1.1\r\n"), "{head}");
    }
    assert_eq!(proxy.posted().len(), 2);
    assert!(worlds.iter().all(|world| world.status()["state"] == "valid"));
    for (wrong, words) in [
        ("http://ada:secret@proxy:3128", "every user of this machine"),
        ("nonsense", "is not of the form"),
    ] {
        let answer = worlds[0].licctl(arguments(&["--proxy", wrong])).with_code(2);
        assert!(answer.err.contains(words) && !answer.err.contains("secret"), "{answer:?}");
    }
}
