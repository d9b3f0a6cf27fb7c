//! Logins, and the secrecy of passwords.

use std::collections::HashMap;
use std::fs;

use acceptance::harness::Story;
use acceptance::server::{Server, hang, ok};
use acceptance::{World, maker, program, story, wait};
use base64ct::{Base64, Encoding as _};
use zbus::Variant;

use super::ways::{begin, device, import, network, try_all};

pub(crate) const STORIES: &[Story] = &[
    story!(user_and_password_file_log_in),
    story!(the_password_can_come_from_standard_input),
    story!(the_configuration_holds_a_login_for_each_host),
    story!(a_password_on_the_command_line_is_refused_and_not_repeated),
    story!(a_user_with_a_colon_is_wrong_usage),
    story!(a_password_stays_hidden_while_it_is_used),
    story!(a_bad_password_file_is_named),
];

const USER: &str = "anna";
/// A text that occurs nowhere else on the machine.
const SECRET: &str = "sEsame-4711-Xyzzy";
/// A password typed on the command line, where every user can read it.
const TYPED: &str = "aBracadabra-0815";

/// A server that accepts only this login.
fn server() -> Server {
    let file = ok("", maker::licence().sign());
    let basic = Base64::encode_string(format!("{USER}:{SECRET}").as_bytes());
    Server::http(move |head, mut stream| {
        use std::io::Write as _;
        let answer = match head.contains(&format!("Basic {basic}\r\n")) {
            true => file.clone(),
            false => acceptance::server::status("401 x", "WWW-Authenticate: Basic\r\n"),
        };
        let _ = stream.write_all(&answer);
    })
}

fn user_and_password_file_log_in() {
    let server = server();
    let outcome = import(|| device(&network(20, "")), &server.url("a"), Some((USER, SECRET)));
    outcome.is("valid", 0, "in force");
    let world = device(&network(20, ""));
    let daemon = world.start();
    for (login, words, advice) in [
        (None, "asks for a user and password", "give them"),
        (Some((USER, "guessed")), "does not accept this user and password", "check them"),
    ] {
        let outcome = try_all(&daemon, &world, &server.url("a"), login);
        outcome.refused("source-refused", words, advice);
    }
    let ntlm = Server::answering(acceptance::server::status("401 x", "WWW-Authenticate: NTLM\r\n"));
    for login in [None, Some((USER, SECRET))] {
        let outcome = try_all(&daemon, &world, &ntlm.url("a"), login);
        outcome.refused(
            "source-refused",
            "offers only NTLM, which licd does not support",
            "ask for",
        );
    }
    // A user name in the address counts too.
    let named = server.url("a").replace("//", "//anna@");
    let outcome = try_all(&daemon, &world, &named, None);
    assert_eq!(outcome.file, named);
}

fn the_password_can_come_from_standard_input() {
    let world = device(&network(20, ""));
    let url = server().url("a");
    for input in [format!("{SECRET}\n"), format!("{SECRET}\r\nmore\n"), SECRET.to_owned()] {
        let mut licctl = world.licctl_command();
        licctl.args(["import", "--json", "--user", USER, "--password-file", "-", &url]);
        let answer = program::run_with_input(&mut licctl, input.as_bytes()).with_code(0);
        assert_eq!(answer.verdict(), "valid");
    }
}

fn the_configuration_holds_a_login_for_each_host() {
    let login = |host: &str| {
        let config = format!(
            "[[network.login]]\nhost = \"{host}\"\nuser = \"{USER}\"\n\
             password_file = \"/etc/licd/password\"\n"
        );
        let world = device(&network(20, &config));
        world.write("/etc/licd/password", format!("{SECRET}\n"));
        world
    };
    let server = server();
    import(|| login("127.0.0.1"), &server.url("a"), None).is("valid", 0, "in force");
    // Other hosts do not receive the login.
    let world = login("ums.example");
    let daemon = world.start();
    let seen = server.heads().len();
    let outcome = try_all(&daemon, &world, &server.url("a"), None);
    outcome.refused("source-refused", "asks for a user", "give them");
    assert!(server.heads()[seen..].iter().all(|head| !head.contains("Authorization")));
}

fn a_password_on_the_command_line_is_refused_and_not_repeated() {
    let world = World::new();
    for scheme in ["https", "http", "ftps", "ftp"] {
        let url = format!("{scheme}://{USER}:{TYPED}@host/WE.lic");
        for form in [&[][..], &["--json"], &["-n"]] {
            let answer = world.licctl([&["import", &url][..], form].concat()).with_code(2);
            let output = answer.out + &answer.err;
            assert!(output.contains("--password-file"), "{output}");
            assert!(!output.contains(TYPED), "{output}");
        }
    }
    // The password is not repeated either if it makes the address invalid.
    for c in ["#", "?", "/"] {
        let url = format!("ftp://{USER}:x{c}{TYPED}@host/WE.lic");
        for form in [&[][..], &["--json"]] {
            let answer = world.licctl([&["import", &url][..], form].concat()).with_code(6);
            let output = answer.out + &answer.err;
            assert!(output.contains(&format!("has {c} in its user or password")), "{output}");
            assert!(!output.contains(TYPED), "{output}");
        }
    }
    // There is no option for a password.
    let answer = world.licctl(["import", "--password", TYPED, "http://host/a"]).with_code(2);
    assert!(!answer.out.contains(TYPED) && !answer.err.contains(TYPED), "{answer:?}");
}

fn a_user_with_a_colon_is_wrong_usage() {
    let world = World::new();
    for form in [&[][..], &["--json"]] {
        let user = format!("{USER}:{TYPED}");
        let args = [&["import", "--user", &user, "http://host/a"], form].concat();
        let answer = world.licctl(args).with_code(2);
        let output = answer.out + &answer.err;
        assert!(output.contains("colon") && !output.contains(TYPED), "{output}");
    }
    let args = ["--json", "import", "--password-file", "/x", "http://host/a"];
    let answer = world.licctl(args).with_code(2);
    assert!(answer.json()["message"].as_str().unwrap().contains("--user"), "{answer:?}");
}

fn a_password_stays_hidden_while_it_is_used() {
    let world = device(&network(30, ""));
    let daemon = world.start();
    let server = Server::http(|_, stream| hang(stream));
    let client = daemon.client();
    let signals = client.listen();
    let jobs = [
        begin(&client, &server.url("a"), Some((USER, SECRET))).unwrap(),
        // On the bus an address may contain a password, because other users cannot read it.
        begin(&client, &server.url("b").replace("//", &format!("//{USER}:{SECRET}@")), None)
            .unwrap(),
    ];
    let file = world.file("password", SECRET);
    let mut licctl = daemon.licctl_command();
    licctl.args(["import", "--user", USER, "--password-file", &file, &server.url("c")]);
    let mut licctl = licctl.spawn().unwrap();
    wait::until("three are asked", || (server.heads().len() >= 3).then_some(()));
    assert!(server.heads().iter().all(
        |head| head.contains("Authorization: Basic ") || head.contains("authorization: Basic ")
    ));

    for process in fs::read_dir("/proc").unwrap().map_while(Result::ok) {
        for what in ["cmdline", "environ"] {
            let text = fs::read(process.path().join(what)).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains(SECRET), "{process:?} {what}");
        }
    }
    for job in &jobs {
        let properties = client.properties(job.as_str(), "com.igel.License1.Job");
        assert!(!format!("{properties:?}").contains(SECRET), "{properties:?}");
        let source = String::try_from(properties["Source"].try_clone().unwrap()).unwrap();
        assert!(source.starts_with("http://"), "{source}");
        let () = client
            .call("com.igel.License1", job.as_str(), "com.igel.License1.Job", "Cancel", &())
            .unwrap();
    }
    licctl.kill().unwrap();
    licctl.wait().unwrap();
    wait::until("both have ended", || (signals.named("Finished").len() == 2).then_some(()));
    for signal in signals.named("Finished") {
        let (_, message): (String, String) = signal.body().deserialize().unwrap();
        assert!(message.starts_with("http://") && !message.contains(SECRET), "{message}");
    }
    assert!(!daemon.log().contains(SECRET), "{}", daemon.log());
    assert!(!client.status().contains(SECRET));
}

fn a_bad_password_file_is_named() {
    let world = device(&network(20, ""));
    let daemon = world.start();
    let url = "http://127.0.0.1:1/a";
    let missing = ["import", "--user", USER, "--password-file", "/nowhere/password", url];
    for answer in [world.licctl(missing), daemon.licctl(missing)] {
        let answer = answer.with_code(6);
        let output = answer.out + &answer.err;
        assert!(output.contains("password file /nowhere/password: does not exist"), "{output}");
    }
    // A server that asks for no password needs none.
    let file = world.file("a.lic", maker::licence().units(&[maker::OTHER]).sign());
    let json = [&missing[..], &["--json", &file]].concat();
    let answer = world.licctl(json).json();
    let codes = [&answer["files"][0], &answer["files"][1]].map(|file| file["code"].clone());
    assert_eq!(codes, ["source-refused", "wrong-device"], "{answer}");
    let alone = world.licctl(["import", "--password-file", "/x", url]).with_code(2);
    assert!(alone.err.contains("--user"), "{alone:?}");
    let options = HashMap::from([("password", Variant::from(SECRET))]);
    let refused = daemon.client().manager::<zbus::OwnedObjectPath>("Import", &(url, options));
    assert!(refused.unwrap_err().message.contains("needs “user”"));
}
