//! FTP, from vsftpd and from a server that misbehaves.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::certificate::{Authority, NOW};
use acceptance::server::ftp::{Ftp, send};
use acceptance::server::vsftpd::Vsftpd;
use acceptance::server::{Server, hang, pour};
use acceptance::story;
use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, socket};

use super::ways::{device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(a_licence_comes_from_vsftpd_anonymously),
    story!(a_licence_comes_from_vsftpd_over_tls_only),
    story!(user_and_password_log_in),
    story!(data_connections_go_only_to_the_server_itself),
    story!(pasv_is_tried_after_any_other_answer_to_epsv),
    story!(a_greeting_may_have_many_lines),
    story!(a_servers_demand_for_tls_is_recognised),
    story!(ftp_failures_have_distinct_messages),
];

const TOTAL: u32 = 20;
/// The time limit for servers that hang, in seconds.
const SHORT: u32 = 2;

fn a_licence_comes_from_vsftpd_anonymously() {
    let server = Vsftpd::start(&maker::licence().sign(), None);
    let url = format!("ftp://{}", server.place("WE.lic"));
    import(|| device(&network(TOTAL, "")), &url, None).is("valid", 0, "in force until 2099-12-31");
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    let url = format!("ftp://{}", server.place("EMP.lic"));
    try_all(&daemon, &world, &url, None).refused("source-refused", "this file", "check the path");
}

fn a_licence_comes_from_vsftpd_over_tls_only() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let server = Vsftpd::start(&maker::licence().sign(), Some(&identity));
    let url = format!("ftps://{}", server.place("WE.lic"));
    let trusting = || {
        let world = device(&network(TOTAL, "ca_file = \"/etc/licd/ca.pem\"\n"));
        world.write("/etc/licd/ca.pem", authority.pem());
        world
    };
    import(trusting, &url, None).is("valid", 0, "in force");
    let stranger = device(&network(TOTAL, "ca_file = \"/etc/licd/ca.pem\"\n"));
    stranger.write("/etc/licd/ca.pem", Authority::new().pem());
    let daemon = stranger.start();
    let outcome = try_all(&daemon, &stranger, &url, None);
    outcome.refused("source-refused", "does not know the authority of its certificate", "ca_file");
}

fn user_and_password_log_in() {
    let instead = |line: &str| {
        let wrong = line.starts_with("PASS") && line != "PASS open sesame";
        wrong.then(|| "530 Login incorrect.".to_owned())
    };
    let server = Ftp::start(maker::licence().sign(), instead, send);
    let login = Some(("anna", "open sesame"));
    import(|| device(&network(TOTAL, "")), &server.url(""), login).is("valid", 0, "in force");
    assert!(server.commands().contains(&"USER anna".to_owned()));
    let world = device(&network(TOTAL, ""));
    let daemon = world.start();
    for (login, words, advice) in [
        (None, "asks for a user and password (Login incorrect.)", "give them"),
        (
            Some(("anna", "guessed")),
            "rejects this user (Login incorrect.)",
            "check user and password",
        ),
    ] {
        let outcome = try_all(&daemon, &world, &server.url(""), login);
        outcome.refused("source-refused", words, advice);
    }
}

fn data_connections_go_only_to_the_server_itself() {
    let (other, _refusing) = other_host();
    let port = other.local_addr().unwrap().port();
    let instead = move |line: &str| match line {
        "EPSV" => Some("500 what?".to_owned()),
        "PASV" => Some(format!("227 Entering (127,0,0,2,{},{})", port / 256, port % 256)),
        _ => None,
    };
    let server = Ftp::start(maker::licence().sign(), instead, send);
    let world = device(&network(SHORT, ""));
    let daemon = world.start();
    let outcome = try_all(&daemon, &world, &server.url(""), None);
    outcome.unreachable("refuses the data connection", "check for a firewall");
    assert!(server.commands().contains(&"PASV".to_owned()));
    other.set_nonblocking(true).unwrap();
    assert!(other.accept().is_err(), "it was followed");
}

/// A listener at another address, and a socket that keeps its port at the server's own address from others and
/// does not listen there.
fn other_host() -> (TcpListener, OwnedFd) {
    loop {
        let other = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).unwrap();
        let own = SockaddrIn::new(127, 0, 0, 1, other.local_addr().unwrap().port());
        let (family, kind) = (AddressFamily::Inet, SockType::Stream);
        let refusing = socket(family, kind, SockFlag::SOCK_CLOEXEC, None).unwrap();
        match bind(refusing.as_raw_fd(), &own) {
            Err(Errno::EADDRINUSE) => {}
            bound => {
                bound.unwrap();
                return (other, refusing);
            }
        }
    }
}

fn pasv_is_tried_after_any_other_answer_to_epsv() {
    for answer in ["550 no", "425 no", "200 ok"] {
        let data = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = data.local_addr().unwrap().port();
        let file = maker::licence().sign();
        std::thread::spawn(move || {
            for mut stream in data.incoming().map_while(Result::ok) {
                let _ = stream.write_all(file.as_bytes());
            }
        });
        let instead = move |line: &str| match line.split(' ').next().unwrap() {
            "EPSV" => Some(answer.to_owned()),
            "PASV" => Some(format!("227 Entering (127,0,0,1,{},{})", port / 256, port % 256)),
            // The second listener serves the data connection.
            "RETR" => Some("150 here it comes\r\n226 done".to_owned()),
            _ => None,
        };
        let server = Ftp::start(maker::licence().sign(), instead, send);
        import(|| device(&network(TOTAL, "")), &server.url(""), None).is("valid", 0, "in force");
    }
}

fn a_greeting_may_have_many_lines() {
    let instead = |line: &str| match line.split(' ').next().unwrap() {
        "" => Some("220-Acme\r\n404 Main Street\r\n220 ready".to_owned()),
        "PASS" => Some("230-Welcome\r\n530 visitors so far\r\n230 in".to_owned()),
        _ => None,
    };
    let server = Ftp::start(maker::licence().sign(), instead, send);
    import(|| device(&network(TOTAL, "")), &server.url(""), None).is("valid", 0, "in force");
}

fn a_servers_demand_for_tls_is_recognised() {
    let world = device(&network(SHORT, ""));
    let daemon = world.start();
    let answers: [fn(&str) -> Option<String>; 3] = [
        |line| line.starts_with("USER").then(|| "530 Must use encryption.".into()),
        |line| line.starts_with("USER").then(|| "534 Policy requires SSL.".into()),
        |line| line.starts_with("RETR").then(|| "550 SSL/TLS required".into()),
    ];
    for instead in answers {
        let server = Ftp::start(maker::licence().sign(), instead, send);
        let outcome = try_all(&daemon, &world, &server.url(""), None);
        outcome.refused("source-refused", "wants TLS (", "use an address with ftps://");
    }
}

fn ftp_failures_have_distinct_messages() {
    let world = device(&network(SHORT, ""));
    let daemon = world.start();
    let licence = || maker::licence().sign();
    let whole = |_: &str| None;
    let silent = |data, _: &[u8]| hang(data);
    let dripping = |data: TcpStream, _: &[u8]| pour(data, b"x", Duration::from_millis(300));
    let broken = |mut data: TcpStream, file: &[u8]| drop(data.write_all(&file[..9]));
    let no_tls = Ftp::honest(licence());
    let huge = |line: &str| line.starts_with("SIZE").then(|| "213 10737418240".to_owned());
    let unreachable = "source-unreachable";
    for (server, code, words, advice) in [
        (Ftp::start(licence(), whole, silent), unreachable, "2 seconds", "try again"),
        (Ftp::start(licence(), whole, dripping), unreachable, "2 seconds", "try again"),
        (Ftp::start(licence(), huge, send), "source-too-large", "33554432", "check the address"),
    ] {
        try_all(&daemon, &world, &server.url(""), None).refused(code, words, advice);
    }
    let url = no_tls.url("").replace("ftp:", "ftps:");
    let outcome = try_all(&daemon, &world, &url, None);
    outcome.refused("source-refused", "does not offer FTP over TLS", "ask for an address with");
    assert!(!no_tls.commands().iter().any(|line| line.starts_with("USER")));
    let patient = device(&network(TOTAL, ""));
    let broken = Ftp::start(licence(), whole, broken);
    let outcome = try_all(&patient.start(), &patient, &broken.url(""), None);
    outcome.unreachable("broke off after 9 of", "try again later");
    let mail = Server::start(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        hang(stream);
    });
    let url = format!("ftp://{}/WE.lic", mail.address);
    let outcome = try_all(&daemon, &world, &url, None);
    outcome.unreachable("does not answer as FTP servers do", "check the address and port");
}
