//! Every exit code of licctl(1), as a script sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use acceptance::harness::Story;
use acceptance::maker::{self, OTHER};
use acceptance::program::{self, Answer};
use acceptance::{World, story};
use nix::sys::signal::Signal;

pub(crate) const STORIES: &[Story] = &[
    story!(yes_is_0_and_no_is_1),
    story!(wrong_usage_is_2),
    story!(a_file_has_the_exit_code_of_its_verdict),
    story!(several_files_have_the_highest_exit_code),
    story!(an_endless_pipe_is_too_large_with_and_without_the_daemon),
    story!(a_missing_store_is_7),
    story!(missing_write_permission_is_8),
    story!(a_daemon_that_does_not_answer_is_9),
    story!(every_verb_answers_in_the_requested_form),
    story!(an_answer_that_cannot_be_written_is_6_and_a_closed_pipe_is_no_failure),
    story!(help_that_cannot_be_written_is_a_failure_of_licissue_too),
    story!(a_limit_of_file_sizes_is_reported_like_a_full_disk),
];

fn yes_is_0_and_no_is_1() {
    let world = World::new();
    let no: [&[&str]; 7] = [
        &["feature", "custom-partition"],
        &["feature", "-q", "custom-partition"],
        &["update-allowed", "2026-01-01"],
        &["remove", "all"],
        &["remove", "pack:WE-7Q2KD"],
        &["show", "WE-7Q2KD"],
        &["doctor"],
    ];
    for args in no {
        let answer = world.licctl(args).with_code(1);
        assert_eq!(answer.out.is_empty(), args.contains(&"-q"), "{answer:?}");
    }
    let _ = world.licctl(["feature", "ums"]).with_code(0);
    let _ = world.import(maker::licence().sign()).with_code(0);
    let yes: [&[&str]; 10] = [
        &["feature", "custom-partition"],
        &["feature", "-q", "custom-partition"],
        &["update-allowed", "2026-01-01"],
        &["show", "WE-7Q2KD"],
        &["doctor"],
        &["status"],
        &["list"],
        &["features"],
        &["unit-id"],
        &["remove", "pack:WE-7Q2KD"],
    ];
    for args in yes {
        let _ = world.licctl(args).with_code(0);
    }
}

fn wrong_usage_is_2() {
    let world = World::new();
    let wrong: [&[&str]; 16] = [
        &["planet"],
        &["verify"],
        &["verify", ""],
        &["import"],
        &["import", ""],
        &["show", ""],
        &["slice", ""],
        &["feature"],
        &["feature", "flying"],
        &["remove"],
        &["remove", "everything"],
        &["remove", "pack:we"],
        &["update-allowed", "yesterday"],
        &["update-allowed", "2026-02-30"],
        &["update-allowed", "2026-02-28", "--version", "latest"],
        &["status", "--colour"],
    ];
    for args in wrong {
        let answer = world.licctl(args).with_code(2);
        assert!(answer.out.is_empty() && !answer.err.is_empty(), "{answer:?}");
    }
    let _ = world.licctl(["--help"]).with_code(0);
    let _ = world.licctl(["--version"]).with_code(0);
    for name in ["licd", "licissue"] {
        let wrong = program::run(Command::new(program::path(name)).arg("--planet"));
        assert_eq!(wrong.code, 2, "{name}: {wrong:?}");
    }
}

fn a_file_has_the_exit_code_of_its_verdict() {
    let world = World::new();
    let _ = world.import(maker::licence().serial(200).sign()).with_code(0);
    let licence = maker::licence;
    for (code, verdict, file) in [
        (0, "valid", licence().serial(201).sign()),
        (0, "pending", licence().starts("2098-01-01").serial(300).sign()),
        (3, "malformed", "nonsense".to_owned()),
        (3, "unsupported", maker::sign(&licence().text().replace("/v1", "/v2"))),
        (3, "bad-signature", licence().sign().replace("183", "184")),
        (3, "unknown-key", licence().signed_by(&[&maker::stranger()])),
        (3, "untrusted-product", licence().signed_by(&[&maker::demo_issuer()])),
        (4, "wrong-device", licence().units(&[OTHER]).sign()),
        (5, "expired", licence().pack("WE-ENDED").expires("2021-01-01").sign()),
        (5, "superseded", licence().serial(199).sign()),
    ] {
        let path = world.file("a.lic", file);
        let answer = world.licctl(["verify", "--json", &path]).with_code(code);
        assert_eq!(answer.verdict(), verdict);
        let text = world.licctl(["verify", &path]).with_code(code);
        assert!(text.out.starts_with(&format!("{path}: {verdict}: ")), "{text:?}");
        assert_eq!(world.licctl(["show", &path]).code, code, "{verdict}");
    }
    assert_eq!(world.licctl(["verify", "/no/such/file.lic"]).code, 6);
}

fn several_files_have_the_highest_exit_code() {
    let world = World::new();
    let files = [
        world.file("good.lic", maker::licence().sign()),
        world.file("bad.lic", "nonsense"),
        world.file("foreign.lic", maker::licence().units(&[OTHER]).sign()),
        "/no/such/file.lic".to_owned(),
    ];
    let verify = |which: &[usize]| {
        world.licctl(["verify"].into_iter().chain(which.iter().map(|n| &*files[*n]))).code
    };
    assert_eq!(verify(&[0]), 0);
    assert_eq!(verify(&[1, 0]), 3);
    assert_eq!(verify(&[0, 2]), 4);
    assert_eq!(verify(&[2, 1]), 4);
    assert_eq!(verify(&[3, 0, 1, 2]), 6);
}

fn an_endless_pipe_is_too_large_with_and_without_the_daemon() {
    let world = World::new();
    let daemon = world.start();
    let endless = |mut licctl: Command| {
        let zero = fs::File::open("/dev/zero").unwrap();
        let mut cat = Command::new("cat").stdin(zero).stdout(Stdio::piped()).spawn().unwrap();
        let pipe = cat.stdout.take().unwrap();
        let ended = licctl.args(["import", "--json", "-"]).stdin(pipe).output().unwrap();
        // The command above still holds the pipe.
        cat.kill().unwrap();
        cat.wait().unwrap();
        assert_eq!(ended.status.code(), Some(3));
        String::from_utf8(ended.stdout).unwrap()
    };
    let direct = endless(world.licctl_command());
    assert!(
        direct.contains("\"too-large\",\"message\":\"is larger than 33554432 bytes"),
        "{direct}"
    );
    assert_eq!(endless(daemon.licctl_command()), direct);
}

fn a_missing_store_is_7() {
    let world = World::new();
    fs::remove_dir(world.path("/license")).unwrap();
    let daemon = world.start();
    for answer in [world.import(maker::licence().sign()), daemon.import(maker::licence().sign())] {
        let answer = answer.with_code(7);
        assert_eq!(answer.verdict(), "store-unwritable");
        assert!(answer.message().contains("there is no licence partition"), "{answer:?}");
    }
    assert_eq!(world.status()["store"]["state"], "missing");
}

/// Runs licctl without the daemon as a user who may not write to the store.
fn as_unprivileged(world: &World, args: &[&str]) -> Answer {
    let mut licctl = world.licctl_command();
    licctl.args(args);
    if !nix::unistd::geteuid().is_root() {
        return program::run(&mut licctl);
    }
    world.as_nobody(&licctl)
}

fn missing_write_permission_is_8() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let other = world.file("b.lic", maker::licence().pack("WE-OTHER").sign());
    for path in ["/license/dsa/licenses", "/license/dsa", "/license", "/run/licd", "/run"] {
        let path = world.path(path);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o555)).unwrap();
    }
    let import = as_unprivileged(&world, &["import", "--json", &other]).with_code(8);
    assert_eq!(import.verdict(), "not-authorized");
    assert!(import.message().contains("run it as root"), "{import:?}");
    for selector in ["all", "pack:WE-NONE1"] {
        assert_eq!(as_unprivileged(&world, &["remove", selector]).code, 8, "{selector}");
    }
    // Every user may read.
    for args in [&["status"][..], &["verify", &other], &["features"], &["show", "WE-7Q2KD"]] {
        assert_eq!(as_unprivileged(&world, args).code, 0, "{args:?}");
    }
    for path in ["/run", "/run/licd", "/license", "/license/dsa", "/license/dsa/licenses"] {
        fs::set_permissions(world.path(path), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn a_daemon_that_does_not_answer_is_9() {
    let world = World::new();
    let daemon = world.start();
    daemon.signal(Signal::SIGSTOP);
    let answer = daemon.licctl(["status"]).with_code(9);
    assert!(answer.err.contains("licd"), "{answer:?}");
    // `--direct` bypasses the stopped daemon.
    let direct = daemon.licctl(["status", "--direct"]).with_code(0);
    assert!(!direct.out.is_empty());
    daemon.signal(Signal::SIGCONT);
    let _ = daemon.licctl(["status"]).with_code(0);
}

fn every_verb_answers_in_the_requested_form() {
    let world = World::new();
    let bad = world.file("bad.lic", "nonsense");
    let verbs: [&[&str]; 12] = [
        &["status"],
        &["list"],
        &["features"],
        &["feature", "uma"],
        &["update-allowed", "2026-01-01"],
        &["unit-id"],
        &["doctor"],
        &["remove", "all"],
        &["show", "WE-7Q2KD"],
        &["show", &bad],
        &["verify", &bad],
        &["import", &bad],
    ];
    for args in verbs {
        let json = world.licctl([args, &["--json"]].concat());
        assert_eq!(json.json()["schema"], 1, "{args:?}");
        assert_eq!(json.out.lines().count(), 1, "{args:?}: one line of JSON");
        let text = world.licctl(args);
        assert!(!text.out.is_empty() && text.err.is_empty(), "{args:?}: {text:?}");
        assert_eq!(text.code, json.code, "{args:?}");
    }
}

fn an_answer_that_cannot_be_written_is_6_and_a_closed_pipe_is_no_failure() {
    let world = World::new();
    world.copy_by_hand("a.lic", maker::licence().sign());
    let verbs: [&[&str]; 10] = [
        &["--help"],
        &["import", "--help"],
        &["--version"],
        &["status"],
        &["list", "--json"],
        &["show", "a.lic"],
        &["unit-id"],
        &["features"],
        &["doctor"],
        &["completions", "bash"],
    ];
    for args in verbs {
        let mut licctl = world.licctl_command();
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = licctl.args(args).stdout(full).output().unwrap();
        let words = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(6), "{args:?}: {words}");
        assert_eq!(
            words, "licctl: standard output: cannot be written: No space left on device\n",
            "{args:?}"
        );
        let mut licctl = world.licctl_command();
        let (reader, unread) = std::io::pipe().unwrap();
        drop(reader);
        let ended = licctl.args(args).stdout(unread).output().unwrap();
        let words = String::from_utf8(ended.stderr).unwrap();
        assert_eq!((ended.status.code(), &*words), (Some(0), ""), "{args:?}");
    }
}

fn help_that_cannot_be_written_is_a_failure_of_licissue_too() {
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut licissue = Command::new(program::path("licissue"));
    let ended = licissue.arg("--help").stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let words = String::from_utf8(ended.stderr).unwrap();
    assert!(words.starts_with("licissue: standard output: cannot be written to: "), "{words}");
}

fn a_limit_of_file_sizes_is_reported_like_a_full_disk() {
    let world = World::new();
    let mass = world.file("mass.lic", maker::licence().mass(30).sign());
    let output = world.file("slice.lic", "");
    let new = format!("{output}.new");
    let limited = |args: &[&str]| {
        let licctl = world.licctl_command();
        let mut sh = Command::new("sh");
        sh.args(["-c", "ulimit -f 0 && exec \"$0\" \"$@\""]);
        sh.env("LC_ALL", "C").arg(licctl.get_program()).args(licctl.get_args());
        program::run(sh.args(args))
    };
    let import = limited(&["import", "--json", &mass]).with_code(7);
    assert!(import.message().contains("File too large"), "{import:?}");
    for args in [&["slice", &mass, "-o", &output][..], &["request", "-o", &new]] {
        let answer = limited(args);
        assert!(answer.err.contains("File too large"), "{args:?}: {answer:?}");
    }
    // An empty file would look like the request.
    assert!(!Path::new(&new).exists() && world.stored().is_empty());
    assert!(world.licctl(["import", &mass]).with_code(0).err.is_empty());
}
