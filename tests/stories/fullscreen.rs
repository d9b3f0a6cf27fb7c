//! The full-screen tool on a terminal, driven by its keys.
//!
//! Screens are compared with `fullscreen/screens/NAME.txt`; WRITE_SCREENS=1 writes these files.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::screen::{Screen, key};
use acceptance::server::ftp::Ftp;
use acceptance::server::{self, Server, pour, proxy};
use acceptance::stick::Stick;
use acceptance::{World, program, story, wait};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub(crate) const STORIES: &[Story] = &[
    story!(the_pages_in_english_and_german),
    story!(without_a_terminal_a_verb_is_needed),
    story!(a_file_is_checked_then_imported_with_and_without_the_daemon),
    story!(a_licence_comes_from_an_ftp_server_and_no_password_is_shown),
    story!(an_address_is_fetched_through_the_proxy_of_the_form),
    story!(a_licence_comes_from_the_licensing_service),
    story!(an_activation_goes_through_the_proxy_of_the_form),
    story!(a_service_that_fails_is_named_and_asked_again),
    story!(a_download_shows_its_progress_and_can_be_cancelled),
    story!(a_file_of_a_stick_is_chosen, needs root),
    story!(a_pulled_stick_is_noticed_while_its_files_are_listed, needs root),
    story!(a_removal_is_confirmed),
    story!(every_dialogue_can_be_left),
    story!(the_window_can_become_tiny_and_large_again),
    story!(a_daemon_that_goes_and_comes_back_is_noticed),
    story!(a_bus_that_goes_and_comes_back_is_noticed),
    story!(a_german_screen_says_verdicts_in_german),
    story!(many_licences_and_strange_names_are_shown),
    story!(the_terminal_is_restored_on_every_exit),
    story!(a_lost_terminal_ends_the_tool_and_nothing_is_lost),
    story!(no_colour_is_used_if_the_user_wants_none),
    story!(start_time_and_memory),
];

const DOWN: &str = key::DOWN;
const ENTER: &str = key::ENTER;

/// licctl without a verb on this device.
fn command(world: &World) -> Command {
    let mut command = world.licctl_command();
    command.env("TERM", "linux").env_remove("NO_COLOR");
    command
}

/// The tool on the device itself, once it shows the device.
fn open(world: &World) -> Screen {
    let screen = Screen::open(&command(world));
    screen.shows(UNIT);
    screen
}

/// The tool with the daemon of the bus.
fn open_with_daemon(world: &World) -> Screen {
    let mut licctl = command(world);
    licctl.arg("--bus").arg(world.bus.address());
    let screen = Screen::open(&licctl);
    screen.shows("licd runs");
    screen
}

/// Opens the form of this item of the page of imports.
fn form(screen: &Screen, item: usize) {
    screen.press(&["4", key::HOME]);
    screen.press(&vec![DOWN; item]);
    screen.press(&[ENTER]);
}

/// Fills the fields of a form in order, and presses its button.
fn fill(screen: &Screen, fields: &[&str], count: usize) {
    for field in fields {
        screen.press(&[field, key::TAB]);
    }
    screen.press(&vec![key::TAB; count - fields.len()]);
    screen.press(&[ENTER]);
}

/// The screen without what changes with the time.
fn masked(screen: &str) -> String {
    let now = regex_lite::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC").unwrap();
    let days = regex_lite::Regex::new(r"\d{4,} (days|Tage)").unwrap();
    let screen = now.replace_all(screen, "YYYY-MM-DD hh:mm UTC");
    days.replace_all(&screen, "NNNNN $1").into_owned()
}

/// Waits until the screen is the one in the file; or until it rests, to write the file.
fn compare(name: &str, screen: &Screen) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories/fullscreen/screens");
    let file = dir.join(format!("{name}.txt"));
    if std::env::var_os("WRITE_SCREENS").is_some() {
        std::thread::sleep(Duration::from_secs(1));
        fs::write(&file, masked(&screen.text())).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    screen.until(&file.to_string_lossy(), |text| masked(text) == expected);
}

/// A device with two licences, and two files that are not used.
fn furnished() -> World {
    let world = World::new();
    let perpetual = maker::licence().pack("90M-X9LPU").term("perpetual").endless();
    let perpetual = perpetual.services(&["SUB_SERVICE_SET_ADDON_90METER"]).product("90M");
    for file in [maker::licence().sign(), perpetual.sign()] {
        let _ = world.import(file).with_code(0);
    }
    let foreign = maker::licence().pack("WE-BBR7F").units(&[OTHER]);
    world.copy_by_hand("other.lic", foreign.sign());
    world.copy_by_hand("empty.lic", "");
    world
}

fn the_pages_in_english_and_german() {
    let world = furnished();
    for (language, quit) in [("en", "Q quit"), ("de", "Q beenden")] {
        let mut licctl = command(&world);
        let locale = if language == "de" { "de_DE.UTF-8" } else { "C" };
        let screen = Screen::open(licctl.env("LC_ALL", locale));
        screen.shows(UNIT);
        for (page, name, tab) in [
            ("1", "device", "[1 "),
            ("2", "features", "[2 "),
            ("3", "licences", "[3 "),
            ("4", "import", "[4 "),
            ("5", "remove", "[5 "),
            ("6", "activate", "[6 "),
        ] {
            screen.press(&[page]);
            screen.until(tab, |text| text.contains(tab) && text.contains(quit));
            compare(&format!("{name}.{language}"), &screen);
        }
        screen.press(&["3", key::END]);
        screen.shows("> wrong-device");
        compare(&format!("refusal.{language}"), &screen);
        for (item, name) in [(1, "address"), (2, "ftp")] {
            form(&screen, item);
            screen.until("the form", |text| text.contains("[ Import"));
            compare(&format!("{name}.{language}"), &screen);
            screen.press(&[key::ESCAPE]);
            screen.until("the page", |text| text.contains(quit));
        }
        screen.press(&["5", ENTER]);
        screen.until("the question", |text| text.contains("[ ") && text.contains('?'));
        compare(&format!("confirm.{language}"), &screen);
    }
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

fn a_file_is_checked_then_imported_with_and_without_the_daemon() {
    for with_daemon in [false, true] {
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        let file = world.file("WE.lic", maker::licence().sign());
        // Only check.
        screen.press(&["4", key::END, " ", key::UP, ENTER]);
        screen.shows("From a file [Only check]");
        fill(&screen, &[&file], 1);
        screen.shows("Checked only. Nothing was imported.");
        assert!(world.stored().is_empty());
        screen.press(&[ENTER]);
        screen.shows("[x] Only check");
        screen.press(&[DOWN, " ", key::UP, ENTER]);
        screen.until("the form", |text| text.contains("[ Import ]"));
        // What was typed is still there.
        screen.press(&[key::TAB, ENTER]);
        let text = screen.shows("in force until 2099-12-31");
        assert!(text.contains("Result") && text.contains("valid"), "{text}");
        assert_eq!(world.stored().len(), 1);
        screen.press(&[ENTER, "3"]);
        screen.shows("> WE-7Q2KD");
        // A file that is not there leads back to the form.
        screen.press(&["4", ENTER]);
        screen.shows("File");
        screen.press(&["x", key::TAB, ENTER]);
        screen.shows("source-unreachable");
        screen.press(&[ENTER]);
        screen.shows("[ Import ]");
        drop(daemon);
    }
}

fn a_licence_comes_from_an_ftp_server_and_no_password_is_shown() {
    for with_daemon in [false, true] {
        let server = Ftp::honest(maker::licence().sign());
        let address = server.url("");
        let port = address.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 2);
        fill(&screen, &["127.0.0.1", &port, "", "anna", "geheim77", "/WE.lic"], 6);
        screen.shows("in force until 2099-12-31");
        assert!(server.commands().contains(&"PASS geheim77".to_owned()), "{:?}", server.commands());
        assert!(!screen.written().contains("geheim77"));
        assert!(daemon.is_none_or(|daemon| !daemon.log().contains("geheim77")));
    }
}

fn an_address_is_fetched_through_the_proxy_of_the_form() {
    for with_daemon in [false, true] {
        let proxy = proxy::start(maker::licence().sign());
        let world = World::new();
        let _daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 1);
        let place = proxy.address.to_string();
        fill(&screen, &["http://ums.invalid/WE.lic", "", "", &place, "me", "geheim77"], 6);
        screen.shows("in force until 2099-12-31");
        let head = &proxy.heads()[0];
        assert!(head.starts_with("GET http://ums.invalid/WE.lic"), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
        assert!(!screen.written().contains("geheim77"));
    }
}

fn a_licence_comes_from_the_licensing_service() {
    for with_daemon in [false, true] {
        let service = Server::answering(acceptance::server::ok("", maker::licence().sign()));
        let world = World::new();
        let _daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let url = service.url("activate");
        let person = ["Ada", "Engines Ltd", "ada@engines.example", &url];
        fill(&screen, &person, 8);
        screen.shows("Accept the terms of the licensing service");
        assert!(service.heads().is_empty());
        // The button comes after the field of the terms.
        screen.press(&[key::UP, " ", DOWN, ENTER]);
        screen.shows("in force until 2099-12-31");
        assert!(service.heads()[0].starts_with("POST /activate "), "{:?}", service.heads());
        assert_eq!(world.stored().len(), 1);
        assert!(!world.path("/license/fetch-activation.json").exists());
    }
}

fn an_activation_goes_through_the_proxy_of_the_form() {
    for with_daemon in [false, true] {
        let proxy = Server::answering(server::ok("", maker::licence().sign()));
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let place = proxy.address.to_string();
        let url = "http://127.0.0.1:1/activate";
        let fields = ["Ada", "", "ada@engines.example", url, &place, "me", "geheim77", " "];
        fill(&screen, &fields, 8);
        screen.shows("in force until 2099-12-31");
        let head = &proxy.heads()[0];
        assert!(head.starts_with("POST http://127.0.0.1:1/activate "), "{head}");
        assert!(head.to_lowercase().contains("proxy-authorization: basic"), "{head}");
        assert!(!screen.written().contains("geheim77"));
        assert!(daemon.is_none_or(|daemon| !daemon.log().contains("geheim77")));
    }
}

fn a_service_that_fails_is_named_and_asked_again() {
    for (answer, code, said) in [
        (server::status("503 Later", "Retry-After: 604800\r\n"), "source-unreachable", "HTTP 503"),
        (server::ok("", "garbage"), "malformed", "line 1"),
        (server::ok("", maker::licence().units(&[OTHER]).sign()), "wrong-device", OTHER),
    ] {
        let service = Server::answering(answer);
        let world = World::new();
        let _daemon = world.start();
        let screen = open_with_daemon(&world);
        screen.press(&["6", ENTER]);
        screen.shows("[ Activate ]");
        let url = service.url("activate");
        fill(&screen, &["Ada", "", "", &url, "", "", "", " "], 8);
        let text = screen.shows(code);
        assert!(text.contains(said), "{text}");
        // The request waits, and the status names it.
        screen.press(&[ENTER, key::ESCAPE, "1"]);
        screen.shows("this request for a licence");
        assert!(world.stored().is_empty());
    }
}

fn a_download_shows_its_progress_and_can_be_cancelled() {
    for with_daemon in [false, true] {
        let slow = Server::http(|_, mut stream| {
            use std::io::Write as _;
            let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
            pour(stream, &[b'x'; 1000], Duration::from_millis(50));
        });
        let world = World::new();
        let daemon = with_daemon.then(|| world.start());
        let screen = if with_daemon { open_with_daemon(&world) } else { open(&world) };
        form(&screen, 1);
        fill(&screen, &[&slow.url("WE.lic")], 6);
        let text = screen.shows("of 1.0 MB");
        assert!(text.contains(&slow.url("WE.lic")) && text.contains("Esc cancel"), "{text}");
        // No other key ends it.
        screen.press(&["q", ENTER]);
        screen.press(&[key::ESCAPE]);
        screen.shows("Cancelled. Nothing was imported.");
        assert!(world.stored().is_empty());
        screen.press(&[ENTER]);
        screen.shows("[ Import ]");
        drop(daemon);
    }
}

fn a_file_of_a_stick_is_chosen() {
    let world = World::new();
    let screen = open(&world);
    form(&screen, 0);
    screen.shows("No stick is plugged in. Plug one in.");
    let stick = Stick::with(
        &world,
        "sdb1",
        &[
            ("WE.lic", &maker::licence().sign()),
            ("other.lic", &maker::licence().units(&[OTHER]).sign()),
        ],
    );
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("other.lic");
    screen.press(&[DOWN, ENTER]);
    let text = screen.shows("in force until 2099-12-31");
    assert!(!text.contains("other.lic"), "{text}");
    screen.press(&[ENTER, ENTER]);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("> All files");
    screen.press(&[ENTER]);
    let text = screen.shows(&format!("for unit {OTHER}"));
    assert!(text.contains("WE.lic"), "{text}");
    drop(stick);
}

fn a_pulled_stick_is_noticed_while_its_files_are_listed() {
    let world = World::new();
    let stick = Stick::with(&world, "sdb1", &[("WE.lic", &maker::licence().sign())]);
    let screen = open(&world);
    form(&screen, 0);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("WE.lic");
    assert!(stick.pull());
    screen.shows("The stick was pulled. Plug it in again.");
    let _again = Stick::with(&world, "sdb1", &[("new.lic", &maker::licence().sign())]);
    screen.shows("> usb:/dev/sdb1");
    screen.press(&[ENTER]);
    screen.shows("new.lic");
    screen.press(&[ENTER]);
    screen.shows("in force until 2099-12-31");
}

fn a_removal_is_confirmed() {
    let world = furnished();
    let held = world.stored().len();
    let screen = open(&world);
    screen.press(&["5", ENTER]);
    screen.shows("Remove all licences from this device?");
    // The first choice keeps them.
    screen.press(&[ENTER]);
    screen.shows("[5 Remove]");
    screen.press(&[key::END, ENTER]);
    screen.shows("Remove the licences of pack WE-7Q2KD from this device?");
    assert_eq!(world.stored().len(), held);
    screen.press(&[DOWN, ENTER]);
    screen.shows("1 licence removed");
    assert_eq!(world.stored().len(), held - 1);
    screen.press(&[ENTER, "1"]);
    screen.shows("no licence");
}

fn every_dialogue_can_be_left() {
    let world = furnished();
    let screen = open(&world);
    for item in 0..4 {
        form(&screen, item);
        screen.shows("Esc back");
        screen.press(&[key::ESCAPE]);
        screen.shows("Q quit");
    }
    screen.press(&["5", ENTER]);
    screen.shows("Esc keep");
    screen.press(&[key::ESCAPE]);
    screen.shows("Q quit");
    // A wrong field is named, and what was typed stays.
    form(&screen, 2);
    fill(&screen, &["host", "99999"], 6);
    screen.shows("port 99999: is not a number from 1 to 65535");
    assert_eq!(world.stored().len(), 4);
}

fn the_window_can_become_tiny_and_large_again() {
    let world = World::new();
    let screen = open(&world);
    let before = screen.shows("Serial number:");
    form(&screen, 3);
    screen.press(&["/tmp/a"]);
    screen.shows("/tmp/a");
    screen.resize((20, 5));
    screen.until("a small screen", |text| text.contains("too") && text.contains(UNIT));
    screen.resize((120, 40));
    screen.shows("/tmp/a");
    screen.resize((80, 24));
    screen.shows("/tmp/a");
    screen.press(&[key::ESCAPE, "1"]);
    let after = screen.shows("Serial number:");
    assert_eq!(masked(&after), masked(&before));
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

fn a_german_screen_says_verdicts_in_german() {
    let world = World::new();
    world.copy_by_hand("leer.lic", "");
    let screen = Screen::open(command(&world).env("LC_ALL", "de_DE.UTF-8"));
    screen.shows("malformed: ist leer; die Datei noch einmal dort holen");
    let file = world.file("WE.lic", maker::licence().units(&[OTHER]).sign());
    form(&screen, 3);
    fill(&screen, &[&file], 1);
    screen.shows("für Unit 00E0C51C5088, nicht dieses Gerät");
}

fn many_licences_and_strange_names_are_shown() {
    let world = World::new();
    for number in 0..300 {
        let pack = format!("WE-{:05}", number);
        world.copy_by_hand(&format!("{number}.lic"), maker::licence().pack(&pack).sign());
    }
    world.copy_by_hand(&format!("{}.lic", "n".repeat(200)), "none");
    world.copy_by_hand("\u{202e}cil.שלום.lic", "none");
    let screen = open(&world);
    screen.press(&["3"]);
    screen.shows("> WE-00000");
    screen.press(&[key::END]);
    let text = screen.shows("malformed");
    assert!(text.contains(r"\u{202e}cil.") || text.contains("nnnn"), "{text}");
    screen.press(&[key::UP]);
    let text = screen.text();
    assert!(!text.contains('\u{202e}'), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
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

/// The tool, which is the shell's only child.
fn only_child(shell: u32) -> Pid {
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    Pid::from_raw(children.trim().parse().unwrap())
}

fn a_lost_terminal_ends_the_tool_and_nothing_is_lost() {
    let world = World::new();
    let mut screen = open(&world);
    screen.hang_up();
    let _ = screen.end();
    // While a download runs.
    let slow = Server::http(|_, stream| acceptance::server::hang(stream));
    let mut screen = open(&world);
    form(&screen, 1);
    fill(&screen, &[&slow.url("WE.lic")], 6);
    wait::until("the server is asked", || (!slow.heads().is_empty()).then_some(()));
    screen.hang_up();
    let _ = screen.end();
    let _ = world.import(maker::licence().sign()).with_code(0);
    assert_eq!(world.stored().len(), 1);
}

fn no_colour_is_used_if_the_user_wants_none() {
    let world = furnished();
    let colours = regex_lite::Regex::new("\x1b\\[(3[0-7]|4[0-7]|9[0-7]|38|48)[;m]").unwrap();
    for (no_color, expected) in [("", true), ("1", false)] {
        let screen = Screen::open(command(&world).env("NO_COLOR", no_color));
        screen.shows(UNIT);
        screen.press(&["2"]);
        screen.shows("[2 ");
        screen.press(&["3", key::END]);
        screen.shows("> wrong-device");
        assert_eq!(colours.is_match(&screen.written()), expected, "NO_COLOR={no_color}");
    }
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
