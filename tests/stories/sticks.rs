//! Licences from USB sticks.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use acceptance::client::{Client, Refusal};
use acceptance::harness::Story;
use acceptance::maker::{self, OTHER, UNIT};
use acceptance::program::{self, Answer, tool};
use acceptance::stick::Stick;
use acceptance::{World, story, wait};
use zbus::{OwnedObjectPath, Variant};

pub(crate) const STORIES: &[Story] = &[
    story!(each_file_of_a_stick_has_its_own_verdict, needs root),
    story!(the_daemon_imports_a_stick_as_one_job, needs root),
    story!(the_stick_is_found_without_being_named, needs root),
    story!(importing_an_empty_stick_answers_no, needs root),
    story!(trust_documents_come_before_licences_whatever_their_names, needs root),
    story!(non_files_are_reported_and_skipped, needs root),
    story!(a_stick_with_very_many_names_takes_no_longer, needs root),
    story!(an_oversized_file_is_not_read, needs root),
    story!(a_damaged_or_pulled_stick_is_unreachable, needs root),
    story!(a_stick_is_neither_written_nor_left_mounted, needs root),
    story!(a_mounted_stick_can_be_read, needs root),
    story!(files_of_other_owners_are_read, needs root),
    story!(the_daemon_mounts_for_users_who_may_not, needs root),
    story!(an_automatic_import_ignores_the_systems_drive, needs root),
    story!(a_device_other_than_a_stick_is_refused_by_name),
];

/// `NAME CODE` of each file.
fn codes(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let files = json["files"].as_array().unwrap().iter();
    files.map(|file| format!("{} {}", text(&file["file"]), text(&file["code"]))).collect()
}

/// A stick with a licence, one for another device and a forged one.
fn mixed(world: &World) -> Stick<'_> {
    let forged = maker::licence().sign().replace("183", "184");
    Stick::with(
        world,
        "sdb1",
        &[
            ("A.LIC", &maker::licence().units(&[OTHER]).sign()),
            ("b.lic", &forged),
            ("mine.lic", &maker::licence().sign()),
            ("readme.txt", "none"),
            ("._mine.lic", "\0"),
        ],
    )
}

fn each_file_of_a_stick_has_its_own_verdict() {
    let world = World::new();
    let stick = mixed(&world);
    let expected = ["A.LIC wrong-device", "b.lic bad-signature", "mine.lic valid"];
    let checked = world.licctl(["import", "-n", "--json", "usb"]).with_code(4);
    assert_eq!(codes(&checked), expected);
    assert!(world.stored().is_empty());
    let direct = world.licctl(["import", "--json", &stick.source()]).with_code(4);
    assert_eq!(codes(&direct), expected);
    assert_eq!(world.stored().len(), 1);
    let text = world.licctl(["import", "usb"]).with_code(4);
    let foreign = format!("A.LIC: wrong-device: for unit {OTHER}, not this device ({UNIT})\n");
    assert!(text.out.starts_with(&foreign), "{text:?}");
    // licctl passes the files to the daemon.
    let daemon = world.start();
    let through = daemon.licctl(["import", "--json", "usb"]).with_code(4);
    assert_eq!(codes(&through), expected);
    assert_eq!(through.json()["files"][0], direct.json()["files"][0]);
    let _ = daemon.stop();
    assert!(stick.pull());
}

/// Has the daemon import from a source; returns the job's verdict and message.
fn import(client: &Client, source: &str) -> Result<(String, String), Refusal> {
    let signals = client.listen();
    let options = HashMap::<&str, Variant<'_>>::new();
    let job: OwnedObjectPath = client.manager("Import", &(source, options))?;
    let end = wait::until("Finished", || {
        let ends = signals.named("Finished");
        ends.into_iter().find(|end| end.header().path().is_some_and(|path| path == job.as_str()))
    });
    Ok(end.body().deserialize().unwrap())
}

fn the_daemon_imports_a_stick_as_one_job() {
    let world = World::new();
    let stick = mixed(&world);
    let daemon = world.start();
    let client = daemon.client();
    for source in [stick.source(), "usb".to_owned()] {
        let (verdict, words) = import(&client, &source).unwrap();
        assert_eq!(verdict, "wrong-device");
        let lines: Vec<_> = words.lines().collect();
        assert_eq!(lines.len(), 3, "{words}");
        assert!(lines[0].starts_with(&format!("A.LIC: for unit {OTHER}, not this")), "{words}");
        assert!(lines[1].starts_with("b.lic: "), "{words}");
        assert!(lines[2].starts_with("mine.lic: in force until 2099-12-31"), "{words}");
    }
    assert_eq!(client.property::<String>("State"), "valid");
    for name in ["A.LIC: ", "b.lic: ", "mine.lic: "] {
        assert!(daemon.log().contains(name), "{}", daemon.log());
    }
    assert!(stick.pull());
    let (verdict, words) = import(&client, "usb").unwrap();
    assert_eq!(verdict, "source-unreachable");
    assert!(words.starts_with("usb: no stick is plugged in"), "{words}");
}

fn the_stick_is_found_without_being_named() {
    let world = World::new();
    let none = world.licctl(["import", "usb"]).with_code(1);
    assert_eq!(none.out, "usb: no stick is plugged in; plug one in and try again\n");
    let none = world.licctl(["import", "--json", "usb"]).with_code(1);
    assert_eq!(none.json()["files"].as_array().unwrap().len(), 0);
    let one = Stick::with(&world, "sdb1", &[("a.lic", &maker::licence().sign())]);
    let two = Stick::with(&world, "sdc1", &[("b.lic", &maker::licence().sign())]);
    let several = world.licctl(["import", "--json", "usb"]).with_code(6);
    assert_eq!(codes(&several), ["usb source-refused"]);
    for stick in [&one, &two] {
        assert!(several.message().contains(&stick.source()), "{several:?}");
    }
    assert!(world.stored().is_empty());
    drop(one);
    let _ = world.licctl(["import", "usb"]).with_code(0);
    drop(two);
    let _ = world.licctl(["import", "usb"]).with_code(1);
}

fn importing_an_empty_stick_answers_no() {
    let world = World::new();
    let _stick = Stick::with(&world, "sdb1", &[("letter.txt", "Hello")]);
    let answer = world.licctl(["import", "usb"]).with_code(1);
    assert!(answer.out.starts_with("usb:/dev/sdb1: holds no file *.lic"), "{answer:?}");
    let _ = world.licctl(["import", "-n", "usb"]).with_code(1);
    // Similar names are reported.
    let near = [("WE.lic.gz", "x"), ("trust (1).note", "x"), ("._WE.lic", "x")];
    let _near = Stick::with(&world, "sdc1", &near);
    let answer = world.licctl(["import", "usb:/dev/sdc1"]).with_code(1);
    assert!(answer.out.contains("rename “WE.lic.gz”, “trust (1).note”:"), "{answer:?}");
    // So are licences in a folder.
    let folder = |path: &Path| {
        fs::create_dir(path.join("IGEL")).unwrap();
        fs::write(path.join("IGEL/WE.lic"), "x").unwrap();
    };
    let _below = Stick::filled(&world, "sdd1", folder);
    let answer = world.licctl(["import", "usb:/dev/sdd1"]).with_code(1);
    assert!(answer.out.contains("copy “IGEL/WE.lic” there"), "{answer:?}");
    // An empty stick does not fail an import of another file.
    let file = world.file("a.lic", maker::licence().sign());
    let _ = world.licctl(["import", "usb:/dev/sdb1", &file]).with_code(0);
}

fn trust_documents_come_before_licences_whatever_their_names() {
    for name in ["trust.note", "z.lic"] {
        let world = World::new();
        world.write("/usr/lib/licd/trust.note", "");
        let files = [("a.lic", maker::licence().sign()), (name, maker::trust(7, &[]))];
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let stick = Stick::with(&world, "sdb1", &files);
        let daemon = world.start();
        let (verdict, words) = import(&daemon.client(), "usb").unwrap();
        assert_eq!(verdict, "valid", "{words}");
        assert!(words.starts_with("a.lic: in force until 2099-12-31"), "{words}");
        assert!(
            words.ends_with(&format!("\n{name}: trust document version 7, the first one")),
            "{words}"
        );
        let _ = daemon.stop();
        drop(stick);
        fs::remove_dir_all(world.path("/license/dsa")).unwrap();
    }
}

fn non_files_are_reported_and_skipped() {
    let world = World::new();
    let stick = Stick::filled(&world, "sdb1", |top| {
        fs::create_dir(top.join("dir.lic")).unwrap();
        symlink("real.txt", top.join("link.lic")).unwrap();
        symlink("/etc/passwd", top.join("outside.lic")).unwrap();
        fs::write(top.join("real.txt"), maker::licence().sign()).unwrap();
        nix::unistd::mkfifo(&top.join("pipe.lic"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::write(top.join("valid.lic"), maker::licence().sign()).unwrap();
    });
    let answer = world.licctl(["import", "--json", "usb"]).with_code(6);
    assert_eq!(
        codes(&answer),
        [
            "dir.lic source-refused",
            "link.lic source-refused",
            "outside.lic source-refused",
            "pipe.lic source-refused",
            "valid.lic valid"
        ]
    );
    assert_eq!(answer.verdicts()[0].1, "is a directory, not a file; name the files in it");
    assert_eq!(answer.verdicts()[1].1, "is a link, not a file");
    assert_eq!(world.stored().len(), 1);
    assert!(stick.pull());
}

fn a_stick_with_very_many_names_takes_no_longer() {
    const FILES: u32 = 100_000;
    /// The number of hard links to one file; ext4 allows 65,000.
    const LINKS: u32 = 50_000;
    /// Many times the duration of reading the first 256 entries with an unoptimised program.
    const TIME: Duration = Duration::from_secs(25);
    let world = World::mounted();
    let stick = Stick::made(&world, "sdb1", 64 << 20, |_| (), |_| ());
    let place = world.root().with_extension("crowd");
    fs::create_dir(&place).unwrap();
    let mount = |source: &str| {
        nix::mount::mount(
            Some(source),
            &place,
            Some("ext4"),
            nix::mount::MsFlags::empty(),
            None::<&str>,
        )
    };
    mount(&stick.device).unwrap();
    for first in (0..FILES).step_by(LINKS.try_into().unwrap()) {
        let file = place.join(format!("{first}.lic"));
        fs::write(&file, "").unwrap();
        for number in first + 1..first + LINKS {
            fs::hard_link(&file, place.join(format!("{number}.lic"))).unwrap();
        }
    }
    nix::mount::umount(&place).unwrap();
    let daemon = world.start();
    let client = daemon.client();
    let began = Instant::now();
    let importing = thread::spawn(move || import(&client, "usb").unwrap());
    while !importing.is_finished() {
        let asked = Instant::now();
        let _ = daemon.client().status();
        assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    }
    let (verdict, words) = importing.join().unwrap();
    assert!(began.elapsed() < TIME, "{:?}", began.elapsed());
    assert_eq!(verdict, "source-too-large");
    assert!(words.contains("more than 256 entries"), "{words}");
    assert!(words.lines().count() <= 257, "{words}");
    assert_eq!(world.stored().len(), 0);
    let answer = world.licctl(["import", "--direct", "usb"]).with_code(6);
    assert!(answer.took < TIME, "{:?}", answer.took);
    assert!(stick.pull());
}

fn an_oversized_file_is_not_read() {
    let world = World::new();
    let stick = Stick::made(
        &world,
        "sdb1",
        64 << 20,
        |top| {
            File::create(top.join("big.lic")).unwrap().set_len((32 << 20) + 1).unwrap();
            fs::write(top.join("small.lic"), maker::licence().sign()).unwrap();
        },
        |_| (),
    );
    let answer = world.licctl(["import", "--json", "usb"]).with_code(3);
    assert_eq!(codes(&answer), ["big.lic too-large", "small.lic valid"]);
    assert!(stick.pull());
}

fn a_damaged_or_pulled_stick_is_unreachable() {
    let world = World::new();
    let no_superblock = |image: &Path| {
        let mut image = File::options().write(true).open(image).unwrap();
        image.write_all(&[0; 4096]).unwrap();
    };
    let stick = Stick::made(&world, "sdb1", 8 << 20, |_| (), no_superblock);
    let answer = world.licctl(["import", "--json", "usb"]).with_code(6);
    assert_eq!(codes(&answer), ["usb:/dev/sdb1 source-refused"]);
    drop(stick);

    // The stick is pulled after its directory was read and before its last file.
    let mass = maker::licence().mass(60_000).sign();
    let stick = Stick::with(
        &world,
        "sdb1",
        &[("a.lic", &maker::licence().sign()), ("mass.lic", &mass), ("z.lic", "nonsense")],
    );
    let blocks = tool("debugfs", ["-R", "blocks mass.lic", stick.image().to_str().unwrap()]);
    let middle: u64 = blocks.split_whitespace().nth(200).unwrap().parse().unwrap();
    let block: u64 = 1024;
    File::options().write(true).open(stick.image()).unwrap().set_len(middle * block).unwrap();
    let answer = world.licctl(["import", "--json", "usb"]).with_code(6);
    let codes = codes(&answer);
    assert_eq!(codes[..2], ["a.lic valid", "mass.lic source-unreachable"], "{answer:?}");
    assert_eq!(world.stored().len(), 1);
    assert!(stick.pull());
}

fn a_stick_is_neither_written_nor_left_mounted() {
    let world = World::mounted();
    let stick = Stick::with(&world, "sdb1", &[("a.lic", &maker::licence().sign())]);
    // A copy of a mounted file system has a dirty journal.
    let place = world.root().with_extension("place");
    fs::create_dir(&place).unwrap();
    let flags = nix::mount::MsFlags::empty();
    nix::mount::mount(Some(&*stick.device), &place, Some("ext4"), flags, None::<&str>).unwrap();
    fs::write(place.join("b.lic"), maker::licence().pack("WE-OTHER").sign()).unwrap();
    tool("sync", ["-f", place.to_str().unwrap()]);
    let dirty = world.root().with_extension("dirty.img");
    tool("cp", [&*stick.device, dirty.to_str().unwrap()]);
    nix::mount::umount(&place).unwrap();
    let features = tool("dumpe2fs", ["-h", dirty.to_str().unwrap()]);
    assert!(features.contains("needs_recovery"), "{features}");
    let dirty = Stick::of_image(&world, "sdc1", dirty);

    let before = [stick.hash(), dirty.hash()];
    let daemon = world.start();
    for source in [stick.source(), dirty.source()] {
        let _ = world.licctl(["import", "--direct", &source]).with_code(0);
        let _ = import(&daemon.client(), &source).unwrap();
    }
    assert_eq!([stick.hash(), dirty.hash()], before);
    let mounts = fs::read_to_string(format!("/proc/{}/mountinfo", daemon.pid())).unwrap();
    for device in [&stick.device, &dirty.device] {
        assert!(!mounts.contains(&format!(" {device} ")), "{mounts}");
    }
    assert!(stick.pull() && dirty.pull());
}

fn a_mounted_stick_can_be_read() {
    let world = World::mounted();
    let stick = Stick::with(&world, "sdb1", &[("a.lic", &maker::licence().sign())]);
    let place = world.root().with_extension("disklic");
    fs::create_dir(&place).unwrap();
    let flags = nix::mount::MsFlags::empty();
    nix::mount::mount(Some(&*stick.device), &place, Some("ext4"), flags, None::<&str>).unwrap();
    let answer = world.licctl(["import", "--json", "usb"]).with_code(0);
    assert_eq!(codes(&answer), ["a.lic valid"]);
    nix::mount::umount(&place).unwrap();
    assert!(stick.pull());
}

fn files_of_other_owners_are_read() {
    let world = World::new();
    let stick = Stick::filled(&world, "sdb1", |top| {
        let file = top.join("a.lic");
        fs::write(&file, maker::licence().sign()).unwrap();
        std::os::unix::fs::chown(file, Some(1000), Some(1000)).unwrap();
    });
    // Run with the capabilities of the daemon.
    let mut licctl = Command::new("setpriv");
    licctl.args(["--bounding-set=-all,+sys_admin", "--inh-caps=-all"]);
    let command = world.licctl_command();
    licctl.arg(command.get_program()).args(command.get_args()).args(["import", "usb"]);
    let _ = program::run(&mut licctl).with_code(0);
    assert!(stick.pull());
}

fn the_daemon_mounts_for_users_who_may_not() {
    let world = World::new();
    let stick = Stick::with(&world, "sdb1", &[("a.lic", &maker::licence().sign())]);
    let mut licctl = world.licctl_command();
    let alone = world.as_nobody(licctl.args(["import", "--json", "usb"])).with_code(8);
    assert_eq!(codes(&alone), ["usb:/dev/sdb1 not-authorized"]);
    assert!(alone.message().contains("run it as root"), "{alone:?}");
    let daemon = world.start();
    let refused = world.as_nobody(daemon.licctl_command().args(["import", "--json", "usb"]));
    assert_eq!(codes(&refused.with_code(8)), ["usb:/dev/sdb1 not-authorized"]);
    assert!(world.stored().is_empty());
    // A user who may call the daemon but not mount.
    let import = |options: &[&str]| {
        let mut licctl = Command::new("setpriv");
        licctl.args(["--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]);
        let command = daemon.licctl_command();
        licctl.arg(command.get_program()).args(command.get_args());
        program::run(licctl.args(["import", "--json"]).args(options).arg("usb"))
    };
    let done = import(&[]).with_code(0);
    assert_eq!(codes(&done), ["usb:/dev/sdb1 valid"]);
    assert!(done.message().starts_with("a.lic: in force until"), "{done:?}");
    let _ = daemon.licctl(["remove", "all"]).with_code(0);
    assert_eq!(codes(&import(&["--automatic"]).with_code(5)), ["usb:/dev/sdb1 removed"]);
    assert_eq!(codes(&import(&[]).with_code(0)), ["usb:/dev/sdb1 valid"]);
    assert!(stick.pull());
}

fn an_automatic_import_ignores_the_systems_drive() {
    let world = World::new();
    let stick = Stick::with(&world, "sdb1", &[("a.lic", &maker::licence().sign())]);
    // As udev names a medium.
    fs::create_dir(world.path("/dev/licd")).unwrap();
    symlink("../sdb1", world.path("/dev/licd/sdb1-1")).unwrap();
    let source = "usb:/dev/licd/sdb1-1";
    let automatic = |code| world.licctl(["import", "--automatic", source]).with_code(code);
    let number = fs::read_to_string(world.path("/sys/class/block/sdb1/dev")).unwrap();
    let mountinfo = format!("25 1 {} / / rw - ext4 /dev/sdb1 rw\n", number.trim());
    world.write("/proc/self/mountinfo", mountinfo);
    let answer = automatic(1);
    assert!(
        answer.out.contains("usb:/dev/sdb1: is no stick, but a drive of this system"),
        "{answer:?}"
    );
    assert!(world.stored().is_empty());
    fs::remove_file(world.path("/proc/self/mountinfo")).unwrap();
    let _ = automatic(0);
    assert!(stick.pull());
}

fn a_device_other_than_a_stick_is_refused_by_name() {
    let world = World::new();
    world.write("/dev/null", "");
    for (source, code) in
        [("usb:/dev/null", "source-refused"), ("usb:/dev/sdx1", "source-unreachable")]
    {
        let answer = world.licctl(["import", "--json", source]).with_code(6);
        assert_eq!(codes(&answer), [format!("{source} {code}")]);
    }
}
