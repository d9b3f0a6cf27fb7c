//! HTTPS with nginx: trusted and untrusted servers.

use std::fs;

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::server::certificate::{Authority, Identity, NOW, PAST};
use acceptance::server::nginx::Nginx;
use acceptance::server::{Server, hang};
use acceptance::{World, story};

use super::ways::{self, device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(a_server_with_a_certificate_of_the_configured_authority_is_trusted),
    story!(a_downloaded_mass_licence_is_cut_to_its_slice),
    story!(only_the_pinned_certificate_is_trusted),
    story!(a_certificate_with_the_wrong_name_is_refused_with_its_reason),
    story!(a_server_that_does_not_answer_the_handshake_is_connected_and_silent),
    story!(an_untrusted_clock_does_not_block_downloads),
    story!(a_broken_ca_file_is_reported_by_import_and_doctor_alike),
    story!(http_failures_have_distinct_messages),
    story!(a_licence_for_another_device_has_its_own_verdict),
];

const TOTAL: u32 = 20;

/// A device that trusts this authority.
fn trusting(authority: &Authority) -> World {
    let world = device(&network(TOTAL, "ca_file = \"/etc/licd/ca.pem\"\n"));
    world.write("/etc/licd/ca.pem", authority.pem());
    world
}

fn a_server_with_a_certificate_of_the_configured_authority_is_trusted() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let redirect = "location = /moved { return 301 /WE.lic; }";
    let server = Nginx::start(&identity, &[("WE.lic", &maker::licence().sign())], redirect);
    for path in ["WE.lic", "moved"] {
        let url = server.url(path);
        let outcome = import(|| trusting(&authority), &url, None);
        outcome.is("valid", 0, "in force until 2099-12-31");
        assert_eq!((outcome.file, outcome.err), (url, String::new()));
    }
}

fn a_downloaded_mass_licence_is_cut_to_its_slice() {
    let authority = Authority::new();
    let mass = maker::licence().mass(20_000).sign();
    let server = Nginx::start(&authority.identity("localhost", NOW), &[("M.lic", &mass)], "");
    let worlds = [trusting(&authority), trusting(&authority)];
    let _ = worlds[0].licctl(["import", &server.url("M.lic")]).with_code(0);
    let daemon = worlds[1].start();
    ways::begin(&daemon.client(), &server.url("M.lic"), None).unwrap();
    daemon.until("the licence counts", |status| status["state"] == "valid");
    for world in &worlds {
        let stored = fs::read_to_string(world.licenses().join(&world.stored()[0])).unwrap();
        assert_eq!(stored, maker::slice(&mass, UNIT));
    }
}

fn only_the_pinned_certificate_is_trusted() {
    let identity = Identity::self_signed("ums.example");
    let server = Nginx::start(&identity, &[("WE.lic", &maker::licence().sign())], "");
    let pinned = |pin: &str| {
        let pin = format!("[ums]\ncertificate_sha256 = \"{pin}\"\n");
        device(&network(TOTAL, &pin))
    };
    import(|| pinned(&identity.pin()), &server.url("WE.lic"), None).is("valid", 0, "in force");
    let other = pinned(&Identity::self_signed("ums.example").pin());
    // For a server in the settings' links, only the pinned certificate is trusted.
    other.write(
        "/etc/licd/settings.toml",
        format!("[system.remotemanager]\nlicense_urls = [\"{}\"]\n", server.url("WE.lic")),
    );
    let daemon = other.start();
    try_all(&daemon, &other, &server.url("WE.lic"), None).refused(
        "source-refused",
        "has the SHA-256",
        "[ums] certificate_sha256",
    );
}

fn a_certificate_with_the_wrong_name_is_refused_with_its_reason() {
    let authority = Authority::new();
    let world = trusting(&authority);
    let daemon = world.start();
    for (identity, why, advice) in [
        (
            Identity::self_signed("localhost"),
            "does not know the authority of its certificate",
            "ca_file",
        ),
        (authority.identity("ums.example", NOW), "is for another name", "(ums.example)"),
        (authority.common_name_only("localhost"), "names no host in subjectAltName", "issued with"),
        (authority.identity("localhost", PAST), "ended on Tue, 01 Jan 2002", "renew"),
    ] {
        let server = Nginx::start(&identity, &[("WE.lic", &maker::licence().sign())], "");
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused("source-refused", why, advice);
    }
}

fn a_server_that_does_not_answer_the_handshake_is_connected_and_silent() {
    let world = device("[network]\nconnect_timeout_seconds = 2\ntotal_timeout_seconds = 3\n");
    let daemon = world.start();
    let server = Server::start(hang);
    let outcome = try_all(&daemon, &world, &format!("https://{}/WE.lic", server.address), None);
    outcome.unreachable("connected, but sent nothing for 2 seconds", "try again later");
}

fn an_untrusted_clock_does_not_block_downloads() {
    let authority = Authority::new();
    let expired = authority.identity("localhost", PAST);
    let server = Nginx::start(&expired, &[("WE.lic", &maker::licence().sign())], "");
    let note = "the dates of the server's certificate do not fit the clock";
    let untrusted = || {
        let world = trusting(&authority);
        fs::remove_file(world.path("/run/systemd/timesync/synchronized")).unwrap();
        world
    };
    let outcome = import(untrusted, &server.url("WE.lic"), None);
    outcome.is("valid", 0, "in force");
    assert!(
        outcome.err.starts_with(&format!("licctl: {}: {note}", server.url("WE.lic"))),
        "{outcome:?}"
    );
    // The daemon logs the same warning.
    let world = untrusted();
    let daemon = world.start();
    ways::begin(&daemon.client(), &server.url("WE.lic"), None).unwrap();
    daemon.until("the licence counts", |status| status["state"] == "valid");
    assert!(daemon.log().contains(note), "{}", daemon.log());
    // Other certificate errors are still refused.
    let other = Nginx::start(&authority.identity("ums.example", PAST), &[("WE.lic", "x")], "");
    let outcome = world.licctl(["import", "--json", &other.url("WE.lic")]).with_code(6);
    assert_eq!(outcome.verdict(), "source-refused");
}

fn a_broken_ca_file_is_reported_by_import_and_doctor_alike() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let server = Nginx::start(&identity, &[("WE.lic", &maker::licence().sign())], "");
    let pem = authority.pem();
    let trusted = pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE");
    for (bytes, words) in [
        (None, "does not exist"),
        (Some(Vec::new()), "is empty"),
        (Some(authority.der()), "is a certificate in DER"),
        (Some(trusted.into_bytes()), "BEGIN TRUSTED CERTIFICATE"),
        (Some(b"hello\n".to_vec()), "holds no certificate in PEM"),
    ] {
        let world = trusting(&authority);
        match bytes {
            Some(bytes) => drop(world.write("/etc/licd/ca.pem", bytes)),
            None => fs::remove_file(world.path("/etc/licd/ca.pem")).unwrap(),
        }
        let daemon = world.start();
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.unreachable("[network] ca_file ", words);
        for doctor in [world.licctl(["doctor"]), daemon.licctl(["doctor"])] {
            let output = doctor.with_code(1).flowed();
            assert!(output.contains("[network] ca_file ") && output.contains(words), "{output}");
        }
    }
    let marked = || {
        let world = trusting(&authority);
        world.write("/etc/licd/ca.pem", format!("\u{feff}{pem}"));
        world
    };
    import(marked, &server.url("WE.lic"), None).is("valid", 0, "in force");
    let world = marked();
    assert!(!world.licctl(["doctor"]).out.contains("ca_file"));
}

fn http_failures_have_distinct_messages() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let lines = "location = /forbidden { return 403; }\n\
                 location = /downgrade { return 302 http://localhost/WE.lic; }\n\
                 location = /ftp { return 302 ftp://localhost/WE.lic; }\n\
                 location = /login { return 401; }\n";
    let server = Nginx::start(&identity, &[], lines);
    let world = trusting(&authority);
    let daemon = world.start();
    for (path, words, advice) in [
        ("WE.lic", "has no such file", "check the address (HTTP 404)"),
        ("forbidden", "does not give this file to this device or user (HTTP 403)", "ask"),
        ("login", "asks for a user and password", "give them (HTTP 401)"),
        ("downgrade", "redirects from https to http://localhost", "ask for a new link"),
        ("ftp", "which is no web server", "ask for a new link"),
    ] {
        let outcome = try_all(&daemon, &world, &server.url(path), None);
        outcome.refused("source-refused", words, advice);
    }
}

fn a_licence_for_another_device_has_its_own_verdict() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let foreign = maker::licence().units(&[OTHER]).sign();
    let server = Nginx::start(&identity, &[("WE.lic", &foreign)], "");
    let outcome = import(|| trusting(&authority), &server.url("WE.lic"), None);
    outcome.is("wrong-device", 4, &format!("for unit {OTHER}, not this device ({UNIT})"));
}
