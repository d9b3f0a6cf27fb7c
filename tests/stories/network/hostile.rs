//! Misbehaving web servers: the verdict arrives in time and the store is unchanged.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::{Server, hang, ok, pour, status};
use acceptance::{program, story};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::ways::{begin, device, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(a_missing_server_is_unreachable),
    story!(a_hanging_server_times_out_at_every_stage),
    story!(a_dripping_server_times_out),
    story!(an_endless_answer_is_cut_off_in_bounded_time_and_memory),
    story!(a_decompression_bomb_is_cut_off),
    story!(a_truncated_download_is_not_a_file),
    story!(a_web_page_is_recognised_as_such),
    story!(other_file_types_are_named_whatever_their_source),
    story!(unrequested_compression_and_captive_portals_are_named),
    story!(answers_without_a_file_state_the_cure),
    story!(an_address_cannot_control_a_terminal),
    story!(invalid_addresses_are_refused),
];

/// The time limit of a download in these tests, in seconds.
const TOTAL: u32 = 2;
/// A time limit that leaves room for all five attempts, in seconds.
const ALL_TRIES: u32 = 20;
/// The extra time for a verdict on a busy machine.
const GRACE: Duration = Duration::from_secs(10);
/// The maximum size of a licence file.
const LIMIT: u64 = 32 << 20;

fn in_time() -> Duration {
    Duration::from_secs(TOTAL.into()) + GRACE
}

fn a_missing_server_is_unreachable() {
    let world = device(&network(ALL_TRIES, ""));
    let daemon = world.start();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["https", "http", "ftps", "ftp"] {
        let outcome = try_all(&daemon, &world, &format!("{scheme}://{address}/WE.lic"), None);
        outcome.unreachable("refuses the connection", "check the server and its port");
    }
    let outcome = try_all(&daemon, &world, "https://nowhere.invalid/WE.lic", None);
    assert_eq!((outcome.code.as_str(), outcome.exit), ("source-unreachable", 6), "{outcome:?}");
    assert!(outcome.message.contains("check"), "{outcome:?}");
}

fn a_hanging_server_times_out_at_every_stage() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for sent in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    ] {
        let server = Server::http(move |_, mut stream| {
            let _ = stream.write_all(sent.as_bytes());
            hang(stream);
        });
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.unreachable("2 seconds", "try again");
        assert!(outcome.took < in_time(), "{outcome:?}");
    }
    // During the TLS handshake.
    let server = Server::start(hang);
    let outcome = try_all(&daemon, &world, &format!("https://{}/", server.address), None);
    outcome.unreachable("2 seconds", "try again");
    assert!(outcome.took < in_time(), "{outcome:?}");
}

fn a_dripping_server_times_out() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let server = Server::http(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        pour(stream, b"x", Duration::from_secs(1));
    });
    let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
    outcome.unreachable("did not send everything within 2 seconds", "total_timeout_seconds");
    assert!(outcome.took < in_time(), "{outcome:?}");
}

fn an_endless_answer_is_cut_off_in_bounded_time_and_memory() {
    let world = device(&network(60, ""));
    let daemon = world.start();
    let pouring = |head: &'static str| {
        Server::http(move |_, mut stream| {
            let _ = stream.write_all(head.as_bytes());
            pour(stream, &[b'x'; 65536], Duration::ZERO);
        })
    };
    let endless = pouring("HTTP/1.1 200 OK\r\n\r\n");
    let huge = pouring("HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n");
    for server in [&endless, &huge] {
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused("source-too-large", "33554432 bytes", "check the address");
        assert!(outcome.took < Duration::from_secs(30), "{outcome:?}");
    }
    let mut licctl = world.licctl_command();
    licctl.args(["import", &endless.url("WE.lic")]);
    let (answer, usage) = program::run_measured(&licctl);
    assert_eq!(answer.code, 6, "{answer:?}");
    // A download is kept in one memory file, without a second copy.
    assert!(usage.peak < 2 * LIMIT, "{}", usage.peak);
    assert!(daemon.peak() < 2 * LIMIT, "{}", daemon.peak());
}

fn a_decompression_bomb_is_cut_off() {
    let world = device(&network(60, ""));
    let daemon = world.start();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    io::copy(&mut io::Read::take(io::repeat(0), 8 * LIMIT), &mut bomb).unwrap();
    let bomb = bomb.finish().unwrap();
    let server = Server::answering(ok("Content-Encoding: gzip\r\n", &bomb));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    outcome.refused("source-too-large", "33554432 bytes", "check the address");
    // A compressed file gets the same verdict as on a stick.
    let server = Server::answering(ok("", &bomb));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    outcome.is("too-large", 3, "33554432 bytes");
    let file = world.file("WE.lic.gz", &bomb);
    assert_eq!(world.licctl(["verify", "--json", &file]).with_code(3).message(), outcome.message);
    let server = Server::answering(ok("Content-Encoding: gzip\r\n", &bomb[..bomb.len() / 2000]));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    outcome.unreachable("a corrupt or truncated gzip file", "have the file uploaded again");
}

fn a_truncated_download_is_not_a_file() {
    let world = device(&network(ALL_TRIES, ""));
    let daemon = world.start();
    let licence = maker::licence().sign();
    let half = [
        ok("", &licence)[..200].to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec(),
    ];
    for answer in half {
        let server = Server::answering(answer);
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.unreachable("broke off", "try again later");
    }
    // The HTTP length hides the truncation, so only the licence check detects it.
    let short = format!("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n{licence}");
    let outcome = try_all(&daemon, &world, &Server::answering(short).url("WE.lic"), None);
    outcome.refused("malformed", "", "get the file again from where it was issued");
    let dropping = Server::start(|stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let outcome = try_all(&daemon, &world, &dropping.url("WE.lic"), None);
    outcome.unreachable("broke off the connection", "try again later");
}

fn a_web_page_is_recognised_as_such() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let page = "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n";
    let server = Server::answering(ok("Content-Type: text/html\r\n", page));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
    outcome.refused("malformed", "a web page", "check the address");
    let empty = Server::answering(ok("", ""));
    let outcome = try_all(&daemon, &world, &empty.url("WE.lic"), None);
    outcome.refused("malformed", "is empty", "again");
}

fn other_file_types_are_named_whatever_their_source() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let utf16: Vec<u8> =
        "\u{feff}igel.com/license/v1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, words, advice) in [
        (&b"\n\n\n<html><body>Sorry"[..], "a web page", "check the address"),
        (b"<?xml version=\"1.0\"?><Error/>", "is XML", "check the address"),
        (b"<html><input type=\"password\">", "asks to sign in", "sign in to the network"),
        (b"PK\x03\x04rest", "is a zip archive", "unpack it"),
        (b"%PDF-1.7\n", "is a PDF document", "ask for the file"),
        (&utf16, "is UTF-16 text", "get the file again"),
        (b"{\"error\":1}", "is JSON", "check the address"),
        (b"SERVER this_host ANY\n", "of another program", "check the address"),
        (b"-----BEGIN CERTIFICATE-----\n", "is a certificate", "check the address"),
    ] {
        let server = Server::answering(ok("", bytes));
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused("malformed", words, advice);
        let file = world.file("WE.lic", bytes);
        let verified = world.licctl(["verify", "--json", &file]).with_code(3);
        assert_eq!(
            (verified.verdict(), verified.message()),
            (outcome.code, outcome.message.clone())
        );
        // The same holds for a file copied into the store by hand.
        let copied = device("");
        copied.write("/license/dsa/licenses/hand.lic", bytes);
        let status = copied.licctl(["status", "--json"]).json();
        assert_eq!(status["rejected"][0]["message"], outcome.message, "{status}");
    }
}

fn unrequested_compression_and_captive_portals_are_named() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for coding in ["br", "deflate"] {
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server = Server::answering(ok(&headers, b"\x0b\x02\x80"));
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused(
            "source-refused",
            &format!("packed as {coding} although it was not asked to"),
            "have",
        );
    }
    let network = Server::answering(status("511 x", ""));
    let outcome = try_all(&daemon, &world, &network.url("WE.lic"), None);
    outcome.unreachable("the network requires a sign-in", "with a web browser");
    assert_eq!(network.heads().len(), 3, "it is asked once by each way");
}

fn answers_without_a_file_state_the_cure() {
    let world = device(&network(ALL_TRIES, ""));
    let daemon = world.start();
    let unreachable = "source-unreachable";
    for (line, headers, code, words, advice) in [
        ("404 x", "", "source-refused", "has no such file", "check the address"),
        ("410 x", "", "source-refused", "no longer has this file", "ask for a new link"),
        ("418 x", "", "source-refused", "(HTTP 418)", "ask the server's administrator"),
        ("302 x", "", "source-refused", "without an address", "ask for a new link"),
        ("302 x", "Location: /again\r\n", "source-refused", "more than 5 times", "a new link"),
        ("500 x", "Retry-After: 3600\r\n", unreachable, "(HTTP 500)", "back in 3600 seconds"),
        ("429 x", "Retry-After: 3600\r\n", unreachable, "limits requests", "back in 3600"),
        ("503 x", "", unreachable, "cannot answer now", "try again later"),
    ] {
        let server = Server::answering(status(line, headers));
        let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
        outcome.refused(code, words, advice);
    }
    let mail = Server::start(|mut stream: TcpStream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        hang(stream);
    });
    let outcome = try_all(&daemon, &world, &format!("http://{}/", mail.address), None);
    outcome.unreachable("does not answer as HTTP servers do", "check the address and port");
    let outcome = try_all(&daemon, &world, &format!("https://{}/", mail.address), None);
    outcome.unreachable("it does not speak TLS on this port", "TLS");
}

fn an_address_cannot_control_a_terminal() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let server = Server::answering(ok("", "\u{1b}[31mnonsense"));
    for url in [server.url("\u{1b}[2J.lic"), "http://h/\u{1b}]0;x\u{7}/WE.lic".to_owned()] {
        let outcome = try_all(&daemon, &world, &url, None);
        assert!(!outcome.file.contains('\u{1b}'), "{outcome:?}");
        for command in [world.licctl_command(), daemon.licctl_command()] {
            let mut command = command;
            let answer = program::run(command.args(["import", &url]));
            assert!(!(answer.out + &answer.err).contains('\u{1b}'));
        }
    }
    assert!(!daemon.log().contains('\u{1b}'));
    let outcome = try_all(&daemon, &world, &server.url("WE.lic"), None);
    assert_eq!(outcome.code, "malformed");
    assert!(!outcome.message.contains('\u{1b}'));
}

fn invalid_addresses_are_refused() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for (url, words) in [
        ("sftp://host/WE.lic", "addresses begin with https://"),
        ("file:///etc/passwd", "addresses begin with https://"),
        ("https://", "the address names no host; correct it"),
        ("http://host:0/x", "the address has an invalid port; correct it"),
        ("http://host:99999/x", "the address has an invalid port; correct it"),
        ("http://a b/x", "the address names an invalid host; correct it"),
        ("http://h\u{1b}]0;x\u{7}/WE.lic", "the address names an invalid host"),
    ] {
        let own = world.licctl(["import", "--json", url]).with_code(6);
        assert_eq!(own.verdict(), "source-refused");
        assert!(own.message().contains(words) && !own.out.contains('\u{1b}'), "{own:?}");
        assert_eq!(daemon.licctl(["import", "--json", url]).with_code(6).out, own.out);
        let refusal = begin(&daemon.client(), url, None).unwrap_err();
        assert_eq!(refusal.name, "com.igel.License1.Error.SourceRefused");
        assert!(refusal.message.contains(words), "{refusal:?}");
        assert!(!refusal.message.contains('\u{1b}'), "{refusal:?}");
    }
}
