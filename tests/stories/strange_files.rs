//! Files named like licences that are not: endless, compressed, not regular.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use acceptance::harness::Story;
use acceptance::maker;
use acceptance::program::{Answer, run_measured, run_with_input};
use acceptance::world::masked;
use acceptance::{World, story, wait};
use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use serde_json::Value;
use zbus::{OwnedObjectPath, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(verify_sends_addresses_to_import),
    story!(non_files_are_refused_without_being_opened),
    story!(a_named_pipe_is_read_like_standard_input),
    story!(the_daemon_refuses_to_open_a_named_pipe),
    story!(unreadable_standard_input_is_explained),
    story!(a_file_of_two_gigabytes_is_refused_without_being_read),
    story!(a_file_that_unpacks_without_end_is_refused_in_bounded_memory),
    story!(strange_files_in_the_store_are_reported_and_skipped),
    story!(a_damaged_file_in_the_store_is_reported_and_skipped),
    story!(misplaced_files_are_reported_with_their_cure),
    story!(file_names_are_escaped_for_the_terminal),
];

/// The memory limit of licctl for any file: several times that for a small one.
const PEAK: u64 = 32 << 20;

fn sparse(path: &Path) {
    File::create(path).unwrap().set_len(2 << 30).unwrap();
}

/// 1 GiB of zeros in about 1 MiB.
fn bomb(path: &Path) {
    let mut packer = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        packer.write_all(&zeros).unwrap();
    }
    packer.finish().unwrap();
}

fn fifo(path: &Path) {
    mkfifo(path, Mode::S_IRWXU).unwrap();
}

fn verify_sends_addresses_to_import() {
    let world = World::new();
    let answer = world.licctl(["verify", "--json", "https://user:secret@h/a.lic"]).with_code(6);
    assert_eq!(answer.verdict(), "source-refused");
    let message =
        "is an address; verify takes files, and “licctl import -n” checks what an address has";
    assert_eq!(answer.message(), message);
    assert!(!answer.out.contains("secret"), "{answer:?}");
    let stick = world.licctl(["import", "usb:"]).with_code(6);
    let expected = "usb: source-refused: must name the device by its path, such as usb:/dev/sdX1\n";
    assert_eq!(stick.out, expected);
}

fn non_files_are_refused_without_being_opened() {
    let world = World::new();
    let dir = world.root().join("strange");
    fs::create_dir(&dir).unwrap();
    let at = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    fs::create_dir(dir.join("dir.lic")).unwrap();
    let _socket = UnixListener::bind(dir.join("socket.lic")).unwrap();
    symlink("dir.lic", dir.join("link.lic")).unwrap();
    symlink("loop.lic", dir.join("loop.lic")).unwrap();
    let daemon = world.start();
    for (name, code, says) in [
        ("link.lic", "source-refused", "is a directory, not a file; name the files in it"),
        ("dir.lic", "source-refused", "is a directory, not a file; name the files in it"),
        ("socket.lic", "source-refused", "is a socket, not a file"),
        ("loop.lic", "source-unreachable", "cannot be opened"),
        ("none.lic", "source-unreachable", "cannot be opened"),
    ] {
        for verb in ["verify", "import"] {
            let direct = world.licctl([verb, "--json", &at(name)]).with_code(6);
            assert_eq!(direct.verdict(), code, "{name}");
            assert!(direct.message().contains(says), "{name}: {}", direct.message());
            let through = daemon.licctl([verb, "--json", &at(name)]).with_code(6);
            assert_eq!(through.out, direct.out, "{name}");
        }
    }
    // A symbolic link that the user names works like its target.
    symlink(world.file("a.lic", maker::licence().sign()), dir.join("good.lic")).unwrap();
    assert_eq!(world.licctl(["verify", "--json", &at("good.lic")]).with_code(0).verdict(), "valid");
}

fn refused_as_too_large(world: &World, verb: &str, path: &Path) -> Answer {
    let (answer, usage) = run_measured(world.licctl_command().args([verb, "--json"]).arg(path));
    assert_eq!(answer.verdict(), "too-large");
    assert!(usage.peak < PEAK, "{} bytes", usage.peak);
    answer.with_code(3)
}

fn a_named_pipe_is_read_like_standard_input() {
    let world = World::new();
    let pipe = world.root().join("pipe");
    fifo(&pipe);
    let named = pipe.to_str().unwrap();
    let daemon = world.start();
    let mass = maker::licence().mass(30).sign();
    thread::scope(|scope| {
        let fed = |args: &[&str], answer: fn(Answer) -> Value| {
            // Waits until licctl opens the pipe.
            let writer = scope.spawn(|| fs::write(&pipe, &mass).unwrap());
            let answer = answer(daemon.licctl([args, &[named]].concat()).with_code(0));
            writer.join().unwrap();
            answer
        };
        assert_eq!(fed(&["verify", "--json"], |a| a.verdict().into()), "valid");
        assert_eq!(fed(&["show", "--json"], |a| a.json()["license"]["serial"].clone()), 183);
        assert!(!fed(&["slice"], |a| a.out.into()).as_str().unwrap().is_empty());
        assert_eq!(fed(&["import", "--json"], |a| a.verdict().into()), "valid");
    });
    assert_eq!(daemon.status()["state"], "valid");
    // A shell creates such a pipe for <(COMMAND).
    let mut licctl = world.licctl_command();
    let answer = run_with_input(licctl.args(["verify", "--json", "/dev/fd/0"]), mass.as_bytes());
    assert_eq!(answer.with_code(0).verdict(), "valid");
}

fn the_daemon_refuses_to_open_a_named_pipe() {
    let world = World::new();
    let pipe = world.root().join("pipe");
    fifo(&pipe);
    let daemon = world.start();
    let client = daemon.client();
    let signals = client.listen();
    let options = HashMap::<&str, Variant<'_>>::new();
    let order = (pipe.to_str().unwrap(), options);
    let _job: OwnedObjectPath = client.manager("Import", &order).unwrap();
    let finished = wait::until("Finished", || signals.named("Finished").first().cloned());
    let (code, message): (String, String) = finished.body().deserialize().unwrap();
    assert_eq!(code, "source-refused");
    assert!(message.contains("is a pipe, not a file"), "{message}");
    assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo());
}

fn unreadable_standard_input_is_explained() {
    let world = World::new();
    let mut licctl = world.licctl_command();
    let ended = licctl.args(["verify", "-"]).stdin(File::open("/").unwrap()).output().unwrap();
    assert_eq!(ended.status.code(), Some(6));
    let output = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(output, "-: source-unreachable: cannot be read: Is a directory\n");
}

fn a_file_of_two_gigabytes_is_refused_without_being_read() {
    let world = World::new();
    let path = world.root().join("sparse.lic");
    sparse(&path);
    let answer = refused_as_too_large(&world, "import", &path);
    assert!(answer.message().contains("has 2147483648 bytes"), "{answer:?}");
}

fn a_file_that_unpacks_without_end_is_refused_in_bounded_memory() {
    let world = World::new();
    let path = world.root().join("bomb.lic");
    bomb(&path);
    for verb in ["verify", "import"] {
        refused_as_too_large(&world, verb, &path);
    }
    let daemon = world.start();
    let answer = daemon.licctl(["import", "--json", path.to_str().unwrap()]).with_code(3);
    assert_eq!(answer.verdict(), "too-large");
    assert!(daemon.peak() < PEAK, "{} bytes", daemon.peak());
}

/// The names and codes of rejected files.
fn rejected(status: &Value) -> Vec<(String, String)> {
    let text = |file: &Value, key: &str| file[key].as_str().unwrap().to_owned();
    let files = status["rejected"].as_array().unwrap();
    files.iter().map(|file| (text(file, "file"), text(file, "code"))).collect()
}

fn strange_files_in_the_store_are_reported_and_skipped() {
    let world = World::new();
    world.copy_by_hand("good.lic", maker::licence().sign());
    let store = world.licenses();
    bomb(&store.join("bomb.lic"));
    fs::create_dir(store.join("dir.lic")).unwrap();
    fifo(&store.join("fifo.lic"));
    symlink("good.lic", store.join("link.lic")).unwrap();
    symlink("/etc/passwd", store.join("outside.lic")).unwrap();
    let _socket = UnixListener::bind(store.join("socket.lic")).unwrap();
    sparse(&store.join("sparse.lic"));
    fs::write(store.join("notes.txt"), "no licence").unwrap();

    let status = world.status();
    let expected = [
        ("bomb.lic", "too-large"),
        ("dir.lic", "source-refused"),
        ("fifo.lic", "source-refused"),
        ("link.lic", "source-refused"),
        ("outside.lic", "source-refused"),
        ("socket.lic", "source-refused"),
        ("sparse.lic", "too-large"),
    ];
    assert_eq!(rejected(&status), expected.map(|(name, code)| (name.into(), code.into())));
    assert_eq!(status["state"], "valid");
    let daemon = world.start();
    assert_eq!(rejected(&daemon.status()), rejected(&status));
    assert!(daemon.peak() < PEAK, "{} bytes", daemon.peak());
    assert_eq!(daemon.import(maker::licence().pack("WE-OTHER").sign()).verdict(), "valid");
    assert!(daemon.stop().success());
}

fn a_damaged_file_in_the_store_is_reported_and_skipped() {
    let world = World::new();
    world.copy_by_hand("good.lic", maker::licence().sign());
    let damaged = maker::licence().sign().replace("2099", "2199");
    world.copy_by_hand("damaged.lic", damaged);
    world.copy_by_hand("half.lic", &maker::licence().sign()[..300]);
    let status = world.status();
    let expected = [("damaged.lic", "bad-signature"), ("half.lic", "malformed")];
    assert_eq!(rejected(&status), expected.map(|(name, code)| (name.into(), code.into())));
    for verb in ["status", "list", "doctor"] {
        let answer = world.licctl([verb]);
        assert!(answer.out.contains("damaged.lic"), "{verb}: {answer:?}");
    }
    // Removal works, and leaves files that are not known to be licences.
    let removed = world.licctl(["remove", "all", "--json"]).with_code(0).json();
    assert_eq!(removed["removed"], 1);
    assert_eq!(world.stored(), ["damaged.lic", "half.lic"]);
}

fn file_names_are_escaped_for_the_terminal() {
    let world = World::new();
    let name = "a\u{1b}[31m\nb\u{202e}.lic";
    world.copy_by_hand(name, "nonsense");
    let path = world.file(name, "nonsense");
    let daemon = world.start();
    for answer in [
        world.licctl(["status"]),
        world.licctl(["list"]),
        world.licctl(["doctor"]),
        world.licctl(["verify", &path]),
        world.licctl(["import", &path]),
        world.licctl(["show", &path]),
        daemon.licctl(["import", &path]),
        daemon.licctl(["status"]),
    ] {
        let text = answer.out + &answer.err;
        assert!(text.contains("\\u{1b}[31m\\n"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
    }
}

fn misplaced_files_are_reported_with_their_cure() {
    let world = World::new();
    let file = maker::licence().sign();
    world.copy_by_hand("._WE.lic", "\0");
    assert_eq!(world.status()["problems"], serde_json::json!([]));
    for path in ["WE.lic", "dsa/WE.LIC", "dsa/licenses/sub/WE.lic"] {
        world.write(&format!("/license/{path}"), &file);
    }
    for path in ["dsa/licenses/WE.lic.txt", "dsa/licenses/WE.lic.gz", "dsa/trust (1).note"] {
        world.write(&format!("/license/{path}"), &file);
    }
    let status = world.status();
    assert_eq!(status["state"], "none");
    let problems = status["problems"].to_string();
    let doctor = world.licctl(["doctor"]).with_code(1).flowed();
    for (path, why) in [
        ("WE.lic", "is outside the directory that licd reads"),
        ("dsa/WE.LIC", "is outside the directory that licd reads"),
        ("dsa/licenses/sub/WE.lic", "is outside the directory that licd reads"),
        ("dsa/licenses/WE.lic.txt", "is not read: its name must end in .lic"),
        ("dsa/licenses/WE.lic.gz", "is not read: its name must end in .lic"),
        ("dsa/trust (1).note", "is not read: its name must be trust.note"),
    ] {
        let place = format!("/license/{path}");
        // The command must quote the path for a shell.
        let word = if path.contains(' ') { format!("'{place}'") } else { place.clone() };
        let message = format!("{why}; import it with “licctl import {word}”, then remove it");
        assert!(problems.contains(&place) && problems.contains(&message), "{path}: {problems}");
        assert!(doctor.contains(&format!("{place}: {message}")), "{path}: {doctor}");
    }
    let daemon = world.start();
    assert_eq!(masked(daemon.status())["problems"], status["problems"]);
}
