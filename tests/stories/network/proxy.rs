//! Proxies.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::server::certificate::{Authority, NOW};
use acceptance::server::nginx::Nginx;
use acceptance::server::{Server, proxy, status};
use acceptance::{story, wait};
use zbus::{OwnedObjectPath, Variant};

use super::ways::{begin, device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(plain_http_goes_through_the_configured_proxy),
    story!(tls_through_a_proxy_ends_at_the_server_itself),
    story!(the_configuration_overrides_the_proxy_of_the_environment),
    story!(a_caller_on_the_bus_can_name_the_proxy_of_one_import),
    story!(the_message_names_a_proxy_that_refuses),
    story!(a_proxy_address_with_an_ambiguous_password_is_refused_when_read),
    story!(the_message_names_an_unreachable_proxy),
];

/// A host that does not resolve, so that only the proxy can answer.
const FAR: &str = "http://ums.invalid/WE.lic";

fn plain_http_goes_through_the_configured_proxy() {
    let proxy = proxy::start(maker::licence().sign());
    let config = network(20, &format!("proxy = \"http://{}\"\n", proxy.address));
    import(|| device(&config), FAR, None).is("valid", 0, "in force");
    assert!(proxy.heads()[0].starts_with("GET http://ums.invalid/WE.lic HTTP/1.1\r\n"));
}

fn tls_through_a_proxy_ends_at_the_server_itself() {
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

fn the_configuration_overrides_the_proxy_of_the_environment() {
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
    // Hosts excluded from the proxy are reached directly.
    let near = Server::answering(acceptance::server::ok("", maker::licence().sign()));
    let mut licctl = world.licctl_command();
    licctl.args(["import", &near.url("a")]).env("no_proxy", "127.0.0.1");
    assert_eq!(acceptance::program::run(&mut licctl).code, 0);
    wait::until("the server was asked", || (near.heads().len() == 1).then_some(()));
    let near = Server::answering(acceptance::server::ok("", maker::licence().sign()));
    let mut licctl = world.licctl_command();
    let exempt = format!("ums.example/24,127.0.0.1:{}", near.address.port());
    licctl.args(["import", &near.url("a")]).env("no_proxy", exempt);
    let answer = acceptance::program::run(&mut licctl).with_code(0);
    assert_eq!(
        answer.err,
        "licctl: no_proxy: “ums.example/24” is no host, domain or network, and is ignored; write HOST, \
         .DOMAIN or ADDRESS/BITS, with :PORT for that port alone\n"
    );
    wait::until("the server was asked", || (near.heads().len() == 1).then_some(()));
}

fn a_caller_on_the_bus_can_name_the_proxy_of_one_import() {
    let own = proxy::start(maker::licence().sign());
    let other = proxy::start("not asked");
    let world = device(&network(20, &format!("proxy = \"http://{}\"\n", other.address)));
    let daemon = world.start();
    let client = daemon.client();
    let begin = |source: &str, proxy: &str| {
        let options = HashMap::from([("proxy", Variant::from(proxy))]);
        client.manager::<OwnedObjectPath>("Import", &(source, options))
    };
    let address = format!("http://{}", own.address);
    begin(FAR, &address).unwrap();
    daemon.until("the licence counts", |status| status["state"] == "valid");
    assert_eq!((own.heads().len(), other.heads().len()), (1, 0));
    for (source, proxy, message) in [
        (FAR, "proxy:3128", "option “proxy”: is not of the form http://[USER:PASSWORD@]HOST:PORT"),
        ("ftp://ums.invalid/a", &address, "“ftp://ums.invalid/a”: takes no proxy; only HTTP does"),
        ("/a.lic", &address, "“/a.lic”: takes no user and no proxy; only servers do"),
    ] {
        let refusal = begin(source, proxy).unwrap_err();
        assert!(refusal.message.ends_with(message), "{refusal:?}");
    }
}

fn the_message_names_a_proxy_that_refuses() {
    let ntlm = "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n";
    for (line, headers, code, advice) in [
        ("407 x", "", "source-refused", "set them in [network] proxy"),
        (
            "407 x",
            ntlm,
            "source-refused",
            "offers only Negotiate and NTLM, which licd does not support",
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
        let outcome = try_all(&daemon, &world, "https://ums.invalid/WE.lic", None);
        outcome.refused(code, &format!("proxy {}: ", proxy.address), advice);
    }
}

fn a_proxy_address_with_an_ambiguous_password_is_refused_when_read() {
    for (c, code) in [("#", "%23"), ("?", "%3F"), ("^", "%5E"), ("[", "%5B"), ("/", "%2F")] {
        let world = device(&format!("[network]\nproxy = \"http://tech:p{c}ss@host:3128\"\n"));
        let daemon = world.start();
        for doctor in [world.licctl(["doctor"]), daemon.licctl(["doctor"])] {
            let output = doctor.with_code(1).flowed();
            let cure =
                format!("line 2, column 9: the proxy has {c} in its user or password; write");
            assert!(output.contains(&format!("{cure} {c} as {code}")), "{output}");
        }
    }
    // An environment variable has no line number.
    let world = device(&network(2, ""));
    let mut licctl = world.licctl_command();
    licctl.args(["import", FAR]).env("http_proxy", "http://tech:p#ss@host:3128");
    let answer = acceptance::program::run(&mut licctl).with_code(6);
    let output = answer.out + &answer.err;
    assert!(output.contains("proxy http://host:3128 of http_proxy: has # in its user"), "{output}");
    assert!(!output.contains("p#ss"), "{output}");
}

fn the_message_names_an_unreachable_proxy() {
    // No other story listens on this host, so the port stays closed.
    let host = Ipv4Addr::new(127, 0, 0, 77);
    let gone = TcpListener::bind((host, 0)).unwrap().local_addr().unwrap();
    let world = device(&network(20, &format!("proxy = \"http://{gone}\"\n")));
    let daemon = world.start();
    for url in [FAR, "https://ums.invalid/WE.lic"] {
        let outcome = try_all(&daemon, &world, url, None);
        let words = format!("proxy {gone}: refuses the connection");
        outcome.unreachable(&words, "check [network] proxy");
    }
}
