//! Progress of a download: a bar on a terminal, lines elsewhere, nothing for scripts.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use acceptance::harness::Story;
use acceptance::server::{Server, ok};
use acceptance::{maker, program, story};
use nix::pty::{Winsize, openpty};

use super::ways::{device, network};

pub(crate) const STORIES: &[Story] = &[
    story!(a_terminal_shows_a_bar_and_clears_it),
    story!(a_log_gets_plain_lines_and_standard_output_only_the_answer),
    story!(scripts_get_only_json),
];

/// Sends a licence in pieces over about three seconds.
fn slow() -> Server {
    let answer = ok("", maker::licence().sign());
    Server::http(move |_, mut stream| {
        for piece in answer.chunks(answer.len() / 10) {
            let _ = stream.write_all(piece);
            thread::sleep(Duration::from_millis(300));
        }
    })
}

fn a_terminal_shows_a_bar_and_clears_it() {
    let world = device(&network(30, ""));
    let server = slow();
    let size = Winsize { ws_row: 25, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(Some(&size), None).unwrap();
    let mut licctl = {
        let mut command = world.licctl_command();
        command.args(["import", &server.url("WE.lic")]).env("TERM", "xterm");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(pty.slave);
        command.spawn().unwrap()
        // Dropping the command closes this process's copy of the terminal's other side.
    };
    let mut terminal = File::from(pty.master);
    // The kernel returns EIO once the other side is closed.
    let reading = thread::spawn(move || {
        let mut seen = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = terminal.read(&mut piece) {
            seen.extend_from_slice(&piece[..length]);
        }
        String::from_utf8_lossy(&seen).into_owned()
    });
    let mut out = String::new();
    licctl.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(licctl.wait().unwrap().success());
    let seen = reading.join().unwrap();
    assert!(seen.contains(&server.url("WE.lic")) && seen.contains("█"), "{seen:?}");
    assert!(seen.contains(" of ") && seen.matches('\r').count() > 2, "{seen:?}");
    // The last output clears the line.
    assert!(seen.ends_with("\r\u{1b}[2K") || seen.ends_with("\u{1b}[2K\r"), "{seen:?}");
    assert_eq!(out, format!("{}: valid: in force until 2099-12-31\n", server.url("WE.lic")));
}

fn a_log_gets_plain_lines_and_standard_output_only_the_answer() {
    let world = device(&network(30, ""));
    let server = slow();
    let url = server.url("WE.lic");
    let answer = world.licctl(["import", &url]).with_code(0);
    assert_eq!(answer.out, format!("{url}: valid: in force until 2099-12-31\n"));
    assert!(!answer.err.is_empty(), "{answer:?}");
    for line in answer.err.lines() {
        assert!(line.starts_with(&format!("{url}: ")) && line.contains(" of "), "{line}");
        assert!(!line.contains(['\r', '\u{1b}']), "{line:?}");
    }
    // A fast download prints no progress.
    let quick = Server::answering(ok("", maker::licence().sign()));
    assert_eq!(world.licctl(["import", &quick.url("a")]).with_code(0).err, "");
}

fn scripts_get_only_json() {
    let world = device(&network(30, ""));
    let mut licctl = world.licctl_command();
    let answer = program::run(licctl.args(["import", "--json", &slow().url("WE.lic")]));
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    assert_eq!(answer.verdict(), "valid");
}
