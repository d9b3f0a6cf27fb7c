//! Web servers that nobody should have to deal with. Whatever they do, the verdict is there in
//! time, and the store is as it was.

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
    story!(a_server_that_is_not_there_is_unreachable),
    story!(a_server_that_hangs_is_given_up_at_every_stage),
    story!(a_server_that_drips_is_given_up_in_time),
    story!(what_never_ends_is_cut_off_in_bounded_time_and_memory),
    story!(what_packs_too_much_is_cut_off),
    story!(a_file_that_breaks_off_is_no_file),
    story!(a_web_page_is_no_licence),
    story!(what_is_no_licence_is_called_what_it_is_wherever_it_comes_from),
    story!(a_file_that_is_packed_unasked_and_a_network_that_wants_a_sign_in_are_named),
    story!(answers_that_bring_no_file_say_what_to_do),
    story!(an_address_cannot_steer_a_terminal),
    story!(addresses_that_mean_nothing_are_refused),
];

/// Seconds that a download may take here.
const TOTAL: u32 = 2;
/// Seconds in which everything that is tried again is tried five times.
const ALL_TRIES: u32 = 20;
/// How long a verdict may take on a busy machine beyond what a download may.
const GRACE: Duration = Duration::from_secs(10);
/// Bytes that a licence file may have.
const LIMIT: u64 = 32 << 20;

fn in_time() -> Duration {
    Duration::from_secs(TOTAL.into()) + GRACE
}

fn a_server_that_is_not_there_is_unreachable() {
    let world = device(&network(ALL_TRIES, ""));
    let daemon = world.start();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    for scheme in ["https", "http", "ftps", "ftp"] {
        let told = try_all(&daemon, &world, &format!("{scheme}://{address}/WE.lic"), None);
        told.unreachable("refuses the connection", "check the server and its port");
    }
    let told = try_all(&daemon, &world, "https://nowhere.invalid/WE.lic", None);
    assert_eq!((told.code.as_str(), told.exit), ("source-unreachable", 6), "{told:?}");
    assert!(told.message.contains("check"), "{told:?}");
}

fn a_server_that_hangs_is_given_up_at_every_stage() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for said in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
    ] {
        let server = Server::http(move |_, mut stream| {
            let _ = stream.write_all(said.as_bytes());
            hang(stream);
        });
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.unreachable("2 seconds", "try again");
        assert!(told.took < in_time(), "{told:?}");
    }
    // In the middle of agreeing on TLS.
    let server = Server::start(hang);
    let told = try_all(&daemon, &world, &format!("https://{}/", server.address), None);
    told.unreachable("2 seconds", "try again");
    assert!(told.took < in_time(), "{told:?}");
}

fn a_server_that_drips_is_given_up_in_time() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let server = Server::http(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        pour(stream, b"x", Duration::from_secs(1));
    });
    let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
    told.unreachable("did not send everything within 2 seconds", "total_timeout_seconds");
    assert!(told.took < in_time(), "{told:?}");
}

fn what_never_ends_is_cut_off_in_bounded_time_and_memory() {
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
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.refused("source-too-large", "33554432 bytes", "check the address");
        assert!(told.took < Duration::from_secs(30), "{told:?}");
    }
    let mut licctl = world.licctl_command();
    licctl.args(["import", &endless.url("WE.lic")]);
    let (answer, memory) = program::run_measured(&licctl);
    assert_eq!(answer.code, 6, "{answer:?}");
    // What is fetched is kept in a file in memory, and in no second copy.
    assert!(memory < 2 * LIMIT, "{memory}");
    assert!(daemon.peak() < 2 * LIMIT, "{}", daemon.peak());
}

fn what_packs_too_much_is_cut_off() {
    let world = device(&network(60, ""));
    let daemon = world.start();
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    io::copy(&mut io::Read::take(io::repeat(0), 8 * LIMIT), &mut bomb).unwrap();
    let bomb = bomb.finish().unwrap();
    let server = Server::answering(ok("Content-Encoding: gzip\r\n", &bomb));
    let told = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    told.refused("source-too-large", "33554432 bytes", "check the address");
    // A file that is packed itself is judged as the same one on a stick.
    let server = Server::answering(ok("", &bomb));
    let told = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    told.is("too-large", 3, "33554432 bytes");
    let file = world.file("WE.lic.gz", &bomb);
    assert_eq!(world.licctl(["verify", "--json", &file]).with_code(3).message(), told.message);
    let server = Server::answering(ok("Content-Encoding: gzip\r\n", &bomb[..bomb.len() / 2000]));
    let told = try_all(&daemon, &world, &server.url("WE.lic.gz"), None);
    told.unreachable("a corrupt or truncated gzip file", "have the file uploaded again");
}

fn a_file_that_breaks_off_is_no_file() {
    let world = device(&network(ALL_TRIES, ""));
    let daemon = world.start();
    let licence = maker::licence().sign();
    let half = [
        ok("", &licence)[..200].to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".to_vec(),
    ];
    for answer in half {
        let server = Server::answering(answer);
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.unreachable("broke off", "try again later");
    }
    // Cut off by its own length it is whole for HTTP, and the licence says no.
    let short = format!("HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n{licence}");
    let told = try_all(&daemon, &world, &Server::answering(short).url("WE.lic"), None);
    told.refused("malformed", "", "get the file again from where it was issued");
    let dropping = Server::start(|stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    let told = try_all(&daemon, &world, &dropping.url("WE.lic"), None);
    told.unreachable("broke off the connection", "try again later");
}

fn a_web_page_is_no_licence() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let page = "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n";
    let server = Server::answering(ok("Content-Type: text/html\r\n", page));
    let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
    told.refused("malformed", "a web page", "check the address");
    let empty = Server::answering(ok("", ""));
    let told = try_all(&daemon, &world, &empty.url("WE.lic"), None);
    told.refused("malformed", "is empty", "again");
}

fn what_is_no_licence_is_called_what_it_is_wherever_it_comes_from() {
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
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.refused("malformed", words, advice);
        let file = world.file("WE.lic", bytes);
        let verified = world.licctl(["verify", "--json", &file]).with_code(3);
        assert_eq!((verified.verdict(), verified.message()), (told.code, told.message.clone()));
        // Also when it was copied into the store by hand.
        let copied = device("");
        copied.write("/license/dsa/licenses/hand.lic", bytes);
        let status = copied.licctl(["status", "--json"]).json();
        assert_eq!(status["rejected"][0]["message"], told.message, "{status}");
    }
}

fn a_file_that_is_packed_unasked_and_a_network_that_wants_a_sign_in_are_named() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for coding in ["br", "deflate"] {
        let headers = format!("Content-Encoding: {coding}\r\n");
        let server = Server::answering(ok(&headers, b"\x0b\x02\x80"));
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.refused(
            "source-refused",
            &format!("packed as {coding} although it was not asked to"),
            "have",
        );
    }
    let network = Server::answering(status("511 x", ""));
    let told = try_all(&daemon, &world, &network.url("WE.lic"), None);
    told.unreachable("the network wants somebody to sign in", "with a web browser");
    assert_eq!(network.heads().len(), 3, "it is asked once by each way");
}

fn answers_that_bring_no_file_say_what_to_do() {
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
        let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
        told.refused(code, words, advice);
    }
    let mail = Server::start(|mut stream: TcpStream| {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
        hang(stream);
    });
    let told = try_all(&daemon, &world, &format!("http://{}/", mail.address), None);
    told.unreachable("does not answer as HTTP servers do", "check the address and port");
    let told = try_all(&daemon, &world, &format!("https://{}/", mail.address), None);
    told.unreachable("it does not speak TLS on this port", "TLS");
}

fn an_address_cannot_steer_a_terminal() {
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let server = Server::answering(ok("", "\u{1b}[31mnonsense"));
    for url in [server.url("\u{1b}[2J.lic"), "http://h/\u{1b}]0;x\u{7}/WE.lic".to_owned()] {
        let told = try_all(&daemon, &world, &url, None);
        assert!(!told.file.contains('\u{1b}'), "{told:?}");
        for command in [world.licctl_command(), daemon.licctl_command()] {
            let mut command = command;
            let answer = program::run(command.args(["import", &url]));
            assert!(!(answer.out + &answer.err).contains('\u{1b}'));
        }
    }
    assert!(!daemon.log().contains('\u{1b}'));
    let told = try_all(&daemon, &world, &server.url("WE.lic"), None);
    assert_eq!(told.code, "malformed");
    assert!(!told.message.contains('\u{1b}'));
}

fn addresses_that_mean_nothing_are_refused() {
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
