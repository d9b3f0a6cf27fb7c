//! Proxies.

use std::net::{Ipv4Addr, TcpListener};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::certificate::{Authority, NOW};
use acceptance::server::nginx::Nginx;
use acceptance::server::{Server, proxy, status};
use acceptance::{story, wait};

use super::ways::{begin, device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(the_configured_proxy_is_asked_in_the_clear),
    story!(through_a_proxy_tls_is_agreed_with_the_server_itself),
    story!(the_environment_names_a_proxy_unless_the_configuration_does),
    story!(a_proxy_that_refuses_is_what_the_message_names),
    story!(a_proxy_whose_password_would_be_taken_for_its_host_is_refused_as_it_is_read),
    story!(a_proxy_that_is_not_there_is_what_the_message_names),
];

/// A host that nobody knows, so that only the proxy can have been asked.
const FAR: &str = "http://ums.invalid/WE.lic";

fn the_configured_proxy_is_asked_in_the_clear() {
    let proxy = proxy::start(maker::licence().sign());
    let config = network(20, &format!("proxy = \"http://{}\"\n", proxy.address));
    import(|| device(&config), FAR, None).is("valid", 0, "in force");
    assert!(proxy.heads()[0].starts_with("GET http://ums.invalid/WE.lic HTTP/1.1\r\n"));
}

fn through_a_proxy_tls_is_agreed_with_the_server_itself() {
    let authority = Authority::new();
    let identity = authority.identity("localhost", NOW);
    let server = Nginx::start(&identity, &[("WE.lic", &maker::licence().sign())], "");
    let proxy = proxy::start("");
    let lines = format!("ca_file = \"/etc/licd/ca.pem\"\nproxy = \"http://{}\"\n", proxy.address);
    let prepare = || {
        let world = device(&network(20, &lines));
        world.write("/etc/licd/ca.pem", authority.pem());
        world
    };
    import(prepare, &server.url("WE.lic"), None).is("valid", 0, "in force");
    assert!(proxy.heads().iter().all(|head| head.starts_with("CONNECT localhost:")));
    assert_eq!(proxy.heads().len(), 3);
}

fn the_environment_names_a_proxy_unless_the_configuration_does() {
    let own = proxy::start(maker::licence().sign());
    let other = proxy::start("not asked");
    let address = format!("http://{}", own.address);
    let world = device(&network(20, ""));
    let mut licctl = world.licctl_command();
    let answer = acceptance::program::run(licctl.args(["import", FAR]).env("http_proxy", &address));
    assert_eq!(answer.code, 0, "{answer:?}");

    let world = device(&network(20, ""));
    let daemon = world.start_with(|command| command.env("http_proxy", &address));
    begin(&daemon.client(), FAR, None).unwrap();
    daemon.until("the licence counts", |status| status["state"] == "valid");
    assert_eq!(own.heads().len(), 2);

    let world = device(&network(20, &format!("proxy = \"{address}\"\n")));
    let mut licctl = world.licctl_command();
    licctl.args(["import", FAR]).env("http_proxy", format!("http://{}", other.address));
    assert_eq!(acceptance::program::run(&mut licctl).code, 0);
    assert!(other.heads().is_empty());
    // Who is not to be reached through it is not.
    let near = Server::answering(acceptance::server::ok("", maker::licence().sign()));
    let mut licctl = world.licctl_command();
    licctl.args(["import", &near.url("a")]).env("no_proxy", "127.0.0.1");
    assert_eq!(acceptance::program::run(&mut licctl).code, 0);
    wait::until("the server was asked", || (near.heads().len() == 1).then_some(()));
}

fn a_proxy_that_refuses_is_what_the_message_names() {
    let ntlm = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n";
    for (line, headers, code, advice) in [
        ("407 x", "", "source-refused", "set them in [network] proxy"),
        (
            "407 x",
            ntlm,
            "source-refused",
            "offers only Negotiate and NTLM, which are not supported",
        ),
        (
            "403 No thin clients",
            "",
            "source-refused",
            "(HTTP 403, No thin clients); ask the proxy's",
        ),
        ("502 x", "", "source-unreachable", "check [network] proxy"),
    ] {
        let proxy = Server::answering(status(line, headers));
        let config = network(2, &format!("proxy = \"http://{}\"\n", proxy.address));
        let world = device(&config);
        let daemon = world.start();
        let told = try_all(&daemon, &world, "https://ums.invalid/WE.lic", None);
        told.refused(code, &format!("proxy {}: ", proxy.address), advice);
    }
}

fn a_proxy_whose_password_would_be_taken_for_its_host_is_refused_as_it_is_read() {
    for (c, code) in [("#", "%23"), ("?", "%3F"), ("^", "%5E"), ("[", "%5B"), ("/", "%2F")] {
        let world = device(&format!("[network]\nproxy = \"http://tech:p{c}ss@host:3128\"\n"));
        let daemon = world.start();
        for doctor in [world.licctl(["doctor"]), daemon.licctl(["doctor"])] {
            let said = doctor.with_code(1).flowed();
            let cure =
                format!("line 2, column 9: the proxy has {c} in its user or password; write");
            assert!(said.contains(&format!("{cure} {c} as {code}")), "{said}");
        }
    }
    // Of the environment nobody can say a line.
    let world = device(&network(2, ""));
    let mut licctl = world.licctl_command();
    licctl.args(["import", FAR]).env("http_proxy", "http://tech:p#ss@host:3128");
    let answer = acceptance::program::run(&mut licctl).with_code(6);
    let said = answer.out + &answer.err;
    assert!(said.contains("proxy http://host:3128 of http_proxy: has # in its user"), "{said}");
    assert!(!said.contains("p#ss"), "{said}");
}

fn a_proxy_that_is_not_there_is_what_the_message_names() {
    // No other story serves at this host, whatever port it is given.
    let host = Ipv4Addr::new(127, 0, 0, 77);
    let gone = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap();
    let world = device(&network(20, &format!("proxy = \"http://{gone}\"\n")));
    let daemon = world.start();
    for url in [FAR, "https://ums.invalid/WE.lic"] {
        let told = try_all(&daemon, &world, url, None);
        let words = format!("proxy {gone}: refuses the connection");
        told.unreachable(&words, "check [network] proxy");
    }
}
