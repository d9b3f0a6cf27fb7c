//! HTTP, from well-behaved servers.

use std::io::Write as _;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::{Server, ok, status};
use acceptance::{program, story};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::ways::{device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(a_licence_may_come_over_plain_http_because_it_is_signed),
    story!(a_compressed_licence_is_decompressed_whether_file_or_transfer_coding),
    story!(a_twice_compressed_licence_is_refused_as_on_a_stick),
    story!(a_redirect_may_lead_to_any_port),
    story!(redirects_are_followed_in_every_common_spelling),
    story!(a_failing_redirect_is_named_in_the_message),
    story!(an_address_may_contain_blanks_and_umlauts),
    story!(a_trust_document_can_be_downloaded_too),
    story!(checking_an_address_changes_nothing),
    story!(a_busy_server_is_retried_when_it_says),
    story!(the_worker_keeps_lower_limits_that_it_began_with),
];

const TOTAL: u32 = 20;

fn a_licence_may_come_over_plain_http_because_it_is_signed() {
    let server = Server::answering(ok("", maker::licence().sign()));
    let outcome = import(|| device(&network(TOTAL, "")), &server.url("WE.lic?id=1"), None);
    outcome.is("valid", 0, "in force until 2099-12-31");
    assert_eq!(outcome.file, server.url("WE.lic?id=1"));
    assert!(server.heads().iter().all(|head| head.starts_with("GET /WE.lic?id=1 HTTP/1.1\r\n")));
}

fn a_compressed_licence_is_decompressed_whether_file_or_transfer_coding() {
    let packed = packed(maker::licence().sign().as_bytes());
    for headers in ["Content-Encoding: gzip\r\n", ""] {
        let server = Server::answering(ok(headers, &packed));
        let outcome = import(|| device(&network(TOTAL, "")), &server.url("WE.lic.gz"), None);
        outcome.is("valid", 0, "in force");
    }
}

fn a_twice_compressed_licence_is_refused_as_on_a_stick() {
    let packed = packed(&packed(maker::licence().sign().as_bytes()));
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let server = Server::answering(ok("", &packed));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    let file = world.file("WE.lic.gz", &packed);
    let verified = world.licctl(["verify", "--json", &file]).with_code(3);
    outcome.is("malformed", 3, &verified.message());
    assert_eq!(verified.verdict(), "malformed");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn a_redirect_may_lead_to_any_port() {
    let other = Server::answering(ok("", maker::licence().sign()));
    let location = format!("Location: {}\r\n", other.url("WE.lic"));
    let server = Server::answering(status("302 x", &location));
    import(|| device(&network(TOTAL, "")), &server.url("a"), None).is("valid", 0, "in force");
}

fn redirects_are_followed_in_every_common_spelling() {
    for location in [
        "/deliver?from=https://portal.example/WE.lic",
        "/Lizenz-für-Büro.lic",
        "/my licence.lic",
        "../../WE.lic",
    ] {
        let file = ok("", maker::licence().sign());
        let server = Server::http(move |head, mut stream| {
            let answer = match head.starts_with("GET /a/b/start ") {
                true => status("302 x", &format!("Location: {location}\r\n")),
                false => file.clone(),
            };
            let _ = stream.write_all(&answer);
        });
        let outcome = import(|| device(&network(TOTAL, "")), &server.url("a/b/start"), None);
        outcome.is("valid", 0, "in force");
        let asked: Vec<_> = server.heads();
        assert!(!asked.iter().any(|head| head.contains("..")), "{asked:?}");
    }
}

fn a_failing_redirect_is_named_in_the_message() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for (location, code, words, advice) in [
        (
            "http://no.invalid/x.lic",
            "source-unreachable",
            "redirects to http://no.invalid/x.lic",
            "new link",
        ),
        (
            "http://h:x/",
            "source-refused",
            "redirects to “http://h:x/”, which has an invalid port",
            "new link",
        ),
    ] {
        let server = Server::answering(status("302 x", &format!("Location: {location}\r\n")));
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused(code, words, advice);
    }
}

fn an_address_may_contain_blanks_and_umlauts() {
    let server = Server::answering(ok("", maker::licence().sign()));
    let outcome = import(|| device(&network(TOTAL, "")), &server.url("für uns/WE.lic"), None);
    outcome.is("valid", 0, "in force");
    assert_eq!(outcome.file, server.url("f%C3%BCr%20uns/WE.lic"));
    assert!(server.heads().iter().all(|head| head.starts_with("GET /f%C3%BCr%20uns/WE.lic ")));
}

fn a_trust_document_can_be_downloaded_too() {
    let server = Server::answering(ok("", maker::trust(7, &[("WE-7Q2KD", 183)])));
    import(|| device(&network(TOTAL, "")), &server.url("trust.note"), None).is("valid", 0, "7");
    let world = device(&network(TOTAL, ""));
    let _ = world.licctl(["import", &server.url("trust.note")]).with_code(0);
    assert_eq!(world.import(maker::licence().sign()).with_code(5).verdict(), "withdrawn");
}

fn checking_an_address_changes_nothing() {
    let server = Server::answering(ok("", maker::licence().sign()));
    let world = device(&network(TOTAL, ""));
    let url = server.url("WE.lic");
    let checked = world.licctl(["import", "-n", "--json", &url]).with_code(0);
    assert_eq!(checked.verdict(), "valid");
    assert!(world.stored().is_empty());
    assert!(!world.path("/run/licd").exists() && !world.path("/var/lib/licd").exists());
    assert_eq!(world.licctl(["import", "--json", &url]).with_code(0).out, checked.out);
    assert_eq!(world.stored().len(), 1);
}

fn a_busy_server_is_retried_when_it_says() {
    let file = maker::licence().sign();
    let first = std::sync::atomic::AtomicBool::new(true);
    let server = Server::http(move |_, mut stream| {
        let answer = match first.swap(false, std::sync::atomic::Ordering::SeqCst) {
            true => acceptance::server::status("503 x", "Retry-After: 1\r\n"),
            false => ok("", &file),
        };
        let _ = stream.write_all(&answer);
    });
    let world = device(&network(TOTAL, ""));
    let answer = world.licctl(["import", "--json", &server.url("WE.lic")]).with_code(0);
    assert!(answer.took.as_secs() >= 1, "{answer:?}");
    assert_eq!(server.heads().len(), 2);
}

fn the_worker_keeps_lower_limits_that_it_began_with() {
    let server = Server::answering(ok("", maker::licence().sign()));
    let world = device(&network(TOTAL, ""));
    let mut limited = Command::new("prlimit");
    limited.args(["--nofile=24:24", "--data=50331648:50331648"]);
    if nix::unistd::geteuid().is_root() {
        // Otherwise root may raise them.
        limited.args(["setpriv", "--bounding-set=-sys_resource", "--inh-caps=-sys_resource"]);
    }
    let licctl = world.licctl_command();
    limited.arg(licctl.get_program()).args(licctl.get_args());
    let answer = program::run(limited.args(["import", "--json", &server.url("WE.lic")]));
    assert_eq!(answer.with_code(0).verdict(), "valid");
}
