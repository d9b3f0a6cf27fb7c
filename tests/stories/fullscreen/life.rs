//! The life of the tool: beside a daemon and a bus that come and go, and on its terminal.

use std::fs;
use std::process::Command;
use std::time::Instant;

use acceptance::harness::Story;
use acceptance::maker::{self, UNIT};
use acceptance::screen::Screen;
use acceptance::server::{self, Server};
use acceptance::{World, program, story, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{ENTER, command, fill, form, furnished, open, open_with_daemon};

pub(super) const STORIES: &[Story] = &[
    story!(without_a_terminal_a_verb_is_needed),
    story!(a_daemon_that_goes_and_comes_back_is_noticed),
    story!(a_bus_that_goes_and_comes_back_is_noticed),
    story!(the_terminal_is_restored_on_every_exit),
    story!(a_lost_terminal_ends_the_tool_and_nothing_is_lost),
    story!(start_time_and_memory),
];

/// The tool, which is the shell's only child.
fn only_child(shell: u32) -> Pid {
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap())
}

fn without_a_terminal_a_verb_is_needed() {
    let world = World::new();
    let none: [&str; 0] = [];
    let answer = world.licctl(none).with_code(2);
    assert!(answer.err.contains("Usage: licctl"), "{answer:?}");
    let answer = world.licctl(["--json"]).with_code(2);
    assert_eq!(answer.json()["code"], "wrong-usage");
    // On a terminal JSON needs a verb, too.
    let mut screen = Screen::open(command(&world).arg("--json"));
    assert_eq!(screen.end().code(), Some(2));
}

fn a_daemon_that_goes_and_comes_back_is_noticed() {
    let world = World::new();
    let daemon = world.start();
    let screen = open_with_daemon(&world);
    assert!(daemon.stop().success());
    screen.shows("without licd");
    let daemon = world.start();
    screen.shows("licd runs");
    // One that is killed does not say goodbye.
    daemon.kill();
    let text = screen.shows("without licd");
    assert!(text.contains("Serial number:"), "{text}");
    let daemon = world.start();
    screen.shows("licd runs");
    let _ = daemon.import(maker::licence().sign()).with_code(0);
    screen.shows("until 2099-12-31");
}

fn a_bus_that_goes_and_comes_back_is_noticed() {
    let world = World::new();
    let daemon = world.start();
    let screen = open_with_daemon(&world);
    world.bus.kill();
    let text = screen.shows("without licd");
    assert!(text.contains("Serial number:"), "{text}");
    daemon.kill();
    world.bus.start_again();
    let _daemon = world.start();
    screen.shows("licd runs");
}

fn the_terminal_is_restored_on_every_exit() {
    let world = World::new();
    for way in ["q", "\x03", "TERM", "INT", "HUP"] {
        // A shell prints the modes before and after the tool.
        let mut shell = Command::new("sh");
        shell.args(["-c", "stty -g; read line; \"$@\"; stty -g; read line", "sh"]);
        let licctl = command(&world);
        shell.arg(licctl.get_program()).args(licctl.get_args()).env("TERM", "linux");
        let mut screen = Screen::open(&shell);
        screen.until("modes", |text| text.contains(':'));
        let before = screen.modes();
        screen.press(&[ENTER]);
        screen.shows(UNIT);
        assert!(screen.is_alternate() && screen.modes() != before);
        match Signal::iterator().find(|signal| signal.as_str() == format!("SIG{way}")) {
            Some(signal) => kill(only_child(screen.pid()), signal).unwrap(),
            None => screen.press(&[way]),
        }
        // The modes are longer than a line.
        let printed = |text: &str| text.replace('\n', "").matches(&before).count();
        screen.until("the modes as before", |text| printed(text) == 2);
        assert!(!screen.is_alternate(), "{way}");
        screen.press(&[ENTER]);
        assert!(screen.end().success());
    }
}

fn a_lost_terminal_ends_the_tool_and_nothing_is_lost() {
    let world = World::new();
    let mut screen = open(&world);
    screen.hang_up();
    let _ = screen.end();
    // While a download runs.
    let slow = Server::http(|_, stream| server::hang(stream));
    let mut screen = open(&world);
    form(&screen, 1);
    fill(&screen, &[&slow.url("WE.lic")], 6);
    wait::until("the server is asked", || (!slow.heads().is_empty()).then_some(()));
    screen.hang_up();
    let _ = screen.end();
    let _ = world.import(maker::licence().sign()).with_code(0);
    assert_eq!(world.stored().len(), 1);
}

fn start_time_and_memory() {
    let world = furnished();
    let began = Instant::now();
    let screen = open(&world);
    let (took, cpu) = (began.elapsed(), program::cpu(screen.pid()));
    let peak = program::memory(screen.pid(), "status", "VmHWM:");
    eprintln!(
        "the full-screen tool: {took:?} to the first report, {cpu:?} of a processor, {peak} kB at most"
    );
    // Debug programs are twice as large as those on devices.
    assert!(peak < 32 * 1024, "{peak} kB");
    let answer = program::run(world.licctl_command().arg("status")).with_code(0);
    assert!(answer.out.contains(UNIT));
}
