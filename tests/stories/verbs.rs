//! The verbs of licctl (docs/technician.md): their output, which is the same with and without the daemon.

use std::fs;
use std::process::Command;

use acceptance::harness::Story;
use acceptance::maker::{self, EMP, OTHER, UNIT};
use acceptance::world::masked;
use acceptance::{World, program, story};
use serde_json::{Value, json};

pub(crate) const STORIES: &[Story] = &[
    story!(every_verb_answers_the_same_with_and_without_the_daemon),
    story!(changing_verbs_do_the_same_with_and_without_the_daemon),
    story!(answers_have_the_members_that_scripts_rely_on),
    story!(list_and_show_describe_the_store),
    story!(feature_and_features_agree),
    story!(a_request_names_the_device),
    story!(doctor_names_what_is_wrong_and_what_to_do),
    story!(text_is_localised_and_json_is_not),
    story!(failures_and_problems_are_said_in_german),
    story!(help_fits_the_console_of_the_rescue_shell),
    story!(completions_cover_every_verb),
    story!(a_bus_without_a_daemon_does_not_matter_to_licctl),
];

/// A device with licences in every state, a damaged file and a broken configuration.
fn full() -> World {
    let world = World::new();
    world.copy_by_hand("base.lic", maker::licence().sign());
    let pack = maker::licence().pack("EMP-R9HXH").product("EMP").services(&[EMP]);
    world.copy_by_hand("later.lic", pack.starts("2098-01-01").sign());
    world.copy_by_hand("ended.lic", maker::licence().pack("WE-ENDED").expires("2021-01-01").sign());
    world.copy_by_hand("foreign.lic", maker::licence().units(&[OTHER]).sign());
    world.copy_by_hand("damaged.lic", "nonsense");
    world.write("/etc/licd/licd.toml", "[trust]\ntreshold = 2\n");
    world
}

/// The answer without the clock's time.
fn without_clock(out: &str) -> String {
    if let Ok(json) = serde_json::from_str::<Value>(out) {
        // Masking must keep the order of the members.
        return masked(json).to_string();
    }
    out.lines().filter(|line| !line.starts_with("Clock:")).collect::<Vec<_>>().join("\n")
}

/// The bytes of the status report without the clock's time.
fn raw_without_now(out: &str) -> String {
    let (before, rest) = out.split_once("\"now\":\"").unwrap();
    format!("{before}{}", rest.split_once('"').unwrap().1)
}

fn every_verb_answers_the_same_with_and_without_the_daemon() {
    let world = full();
    let daemon = world.start();
    let own = world.file("own.lic", maker::licence().serial(190).sign());
    let mass = world.file("mass.lic", maker::licence().mass(30).sign());
    let bad = world.file("bad.lic", "nonsense");
    let verbs: [&[&str]; 17] = [
        &["status"],
        &["list"],
        &["show", "WE-7Q2KD"],
        &["show", "WE-NONE1"],
        &["show", "base.lic"],
        &["show", &own],
        &["verify", &own, &bad],
        &["import", "-n", &own],
        &["unit-id"],
        &["request", "-o", "-"],
        &["feature", "custom-partition"],
        &["feature", "uma"],
        &["features"],
        &["update-allowed", "2026-05-01"],
        &["update-allowed", "2026-05-01", "--version", "12.04.1"],
        &["slice", &mass],
        &["doctor"],
    ];
    for args in verbs {
        for form in [&[][..], &["--json"]] {
            let args = [args, form].concat();
            let direct = world.licctl(&args);
            let past = daemon.licctl([&args, &["--direct"][..]].concat());
            let through = daemon.licctl(&args);
            assert_eq!(without_clock(&through.out), without_clock(&direct.out), "{args:?}");
            assert_eq!(without_clock(&past.out), without_clock(&direct.out), "{args:?}");
            assert_eq!((through.code, &through.err), (direct.code, &direct.err), "{args:?}");
        }
    }
    let status = ["status", "--json"];
    let (direct, through) = (world.licctl(status), daemon.licctl(status));
    assert_eq!(raw_without_now(&through.out), raw_without_now(&direct.out));
    let published = fs::read_to_string(world.path("/run/licd/status.json")).unwrap();
    assert_eq!(raw_without_now(published.trim_end()), raw_without_now(direct.out.trim_end()));
}

fn changing_verbs_do_the_same_with_and_without_the_daemon() {
    let (alone, served) = (full(), full());
    let daemon = served.start();
    let file = |world: &World, name: &str, content: &str| world.file(name, content);
    let content = [
        ("reissue.lic", maker::licence().serial(190).sign()),
        ("foreign.lic", maker::licence().units(&[OTHER]).sign()),
        ("mass.lic", maker::licence().pack("WE-MASS1").mass(30).sign()),
        ("trust.note", maker::trust(5, &[("WE-MASS1", 3)])),
        ("bad.lic", "nonsense".to_owned()),
    ];
    let paths = |world: &World| content.each_ref().map(|(name, text)| file(world, name, text));
    let (here, there) = (paths(&alone), paths(&served));
    // Paths differ between the devices, so each command gets its own.
    let steps: [(&str, &[usize]); 6] = [
        ("import", &[0]),
        ("import", &[1, 2]),
        ("import", &[3, 4]),
        ("import", &[0]),
        ("remove all", &[]),
        ("remove all", &[]),
    ];
    for (verb, which) in steps {
        let run = |paths: &[String; 5]| -> Vec<String> {
            let words = verb.split(' ').map(str::to_owned);
            words.chain(["--json".into()]).chain(which.iter().map(|n| paths[*n].clone())).collect()
        };
        let direct = alone.licctl(run(&here));
        let through = daemon.licctl(run(&there));
        let root = |world: &World| world.root().parent().unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            through.out.replace(&root(&served), "@"),
            direct.out.replace(&root(&alone), "@"),
            "{verb} {which:?}"
        );
        assert_eq!(through.code, direct.code, "{verb} {which:?}");
        assert_eq!(served.stored(), alone.stored(), "{verb} {which:?}");
        // The report names the broken configuration by its path.
        let report = |world: &World, report: Value| report.to_string().replace(&root(world), "@");
        let (through, direct) = (daemon.report(), alone.report());
        assert_eq!(report(&served, through), report(&alone, direct), "{verb} {which:?}");
    }
}

fn answers_have_the_members_that_scripts_rely_on() {
    let world = World::new();
    let foreign = world.file("foreign.lic", maker::licence().units(&[OTHER]).sign());
    let bad = world.file("bad.lic", "nonsense");
    for verb in ["verify", "import"] {
        let mut answer = world.licctl([verb, "--json", &foreign, &bad]).json();
        let messages = [0, 1].map(|n| answer["files"][n]["message"].take());
        assert!(
            messages.iter().all(|message| message.as_str().is_some_and(|text| !text.is_empty()))
        );
        let first = json!({"file": foreign, "code": "wrong-device", "message": null,
            "pack": "WE-7Q2KD", "units": [OTHER]});
        let second = json!({"file": bad, "code": "malformed", "message": null});
        assert_eq!(answer, json!({"schema": 1, "files": [first, second]}));
    }
    let features = world.licctl(["features", "--json"]).json();
    let ums = json!({"allowed": true, "reason": "always", "until": null});
    assert_eq!(features["features"]["ums"], ums);
    assert_eq!(features.as_object().unwrap().len(), 2);
    assert_eq!(world.licctl(["unit-id"]).out, format!("{UNIT}\n"));
    let update = world.licctl(["update-allowed", "2026-01-01", "--json"]).json();
    assert_eq!((&update["allowed"], &update["reason"]), (&json!(false), &json!("unlicensed")));
    let removed = world.licctl(["remove", "all", "--json"]).json();
    assert_eq!(removed, json!({"schema": 1, "removed": 0, "left": []}));
}

fn list_and_show_describe_the_store() {
    let world = full();
    let list = world.licctl(["list", "--json"]).with_code(0).json();
    assert_eq!(list["licenses"], world.status()["licenses"]);
    assert_eq!(list["rejected"], world.status()["rejected"]);
    let text = world.licctl(["list"]).with_code(0).out;
    for named in ["WE-7Q2KD", "EMP-R9HXH", "WE-ENDED", "foreign.lic", "damaged.lic"] {
        assert!(text.contains(named), "{text}");
    }
    for (pack, file) in
        [("WE-7Q2KD", "base.lic"), ("EMP-R9HXH", "later.lic"), ("WE-ENDED", "ended.lic")]
    {
        let text = world.licctl(["show", pack]).with_code(0).out;
        assert!(text.lines().last().unwrap().ends_with(file), "{text}");
        assert_eq!(world.licctl(["show", &pack.to_lowercase()]).with_code(0).out, text);
    }
    let shown = world.licctl(["show", "base.lic", "--json"]).with_code(0).json();
    assert_eq!((&shown["code"], &shown["units"]), (&json!("valid"), &json!([UNIT])));
    assert_eq!(shown["license"]["subscription_key"], "ERP-9QK2M");
    assert_eq!(shown["license"]["services"], json!([maker::WE]));
    let pack = world.licctl(["show", "EMP-R9HXH", "--json"]).with_code(0).json();
    assert_eq!(pack["licenses"][0]["state"], "pending");
}

fn feature_and_features_agree() {
    let world = full();
    let all = world.licctl(["features", "--json"]).with_code(0).json();
    let status = world.status();
    assert_eq!(all["features"], status["features"]);
    for (name, feature) in all["features"].as_object().unwrap() {
        let one = world.licctl(["feature", name, "--json"]).json();
        for member in ["allowed", "reason", "until"] {
            assert_eq!(one[member], feature[member], "{name}");
        }
        let quiet = world.licctl(["feature", "-q", name]);
        assert_eq!(quiet.code == 0, feature["allowed"] == true, "{name}");
        assert_eq!(quiet.out, "");
    }
}

fn a_request_names_the_device() {
    let world = World::new();
    let text = world.licctl(["request", "-o", "-"]).with_code(0).out;
    assert!(text.contains(UNIT), "{text}");
    let file = world.root().join("request").to_str().unwrap().to_owned();
    let _ = world.licctl(["request", "-o", &file]).with_code(0);
    assert_eq!(fs::read_to_string(file).unwrap(), text);
    let _ = world.licctl(["request"]).with_code(0);
    let fetch = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("fetch");
    let mut entries = fs::read_dir(world.path("/license")).unwrap().map(Result::unwrap);
    let stored = entries.find(fetch).expect("/license/fetch*");
    assert_eq!(fs::read_to_string(stored.path()).unwrap(), text);
}

fn doctor_names_what_is_wrong_and_what_to_do() {
    let world = World::new();
    let _ = world.import(maker::licence().sign()).with_code(0);
    let well = world.licctl(["doctor", "--json"]).with_code(0).json();
    assert!(well["checks"].as_array().unwrap().iter().all(|check| check["ok"] == true));
    let broken = full();
    broken.machine().remove_interface("eth0");
    let found = broken.licctl(["doctor"]).with_code(1).flowed();
    for word in ["unit ID", "licd.toml", "line 2, column 1", "damaged.lic", "import"] {
        assert!(found.contains(word), "{word}: {found}");
    }
}

fn text_is_localised_and_json_is_not() {
    let world = full();
    let output = |args: &[&str], locale: &str| {
        let mut licctl = world.licctl_command();
        program::run(licctl.args(args).env("LC_ALL", locale)).out
    };
    for (verb, english, german) in
        [("status", "Unit ID:", "Unit-ID:"), ("doctor", "WRONG", "FEHLER")]
    {
        assert!(output(&[verb], "C").contains(english) && !output(&[verb], "C").contains(german));
        assert!(output(&[verb], "fr_FR.UTF-8").contains(english));
        let text = output(&[verb], "de_DE.UTF-8");
        assert!(text.contains(german) && !text.contains(english), "{text}");
        let json = [verb, "--json"];
        assert_eq!(
            without_clock(&output(&json, "de_DE.UTF-8")),
            without_clock(&output(&json, "C"))
        );
    }
}

fn failures_and_problems_are_said_in_german() {
    let world = full();
    let run = |args: &[&str]| {
        let mut licctl = world.licctl_command();
        program::run(licctl.args(args).env("LC_ALL", "de_DE.UTF-8"))
    };
    // A port on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/WE.lic");
    for (args, code, said) in [
        (&["status"][..], 0, "Zeile 2, Spalte 1: unbekannter Schlüssel"),
        (&["status"], 0, "bis zur Korrektur gilt die ganze Datei nicht"),
        (&["import", &url], 6, "lehnt die Verbindung ab"),
        (&["import", "usb"], 1, "usb: es ist kein Stick eingesteckt"),
        (
            &["import", "/none/WE.lic"],
            6,
            "lässt sich nicht öffnen: Datei oder Verzeichnis nicht gefunden",
        ),
        (&["activate", "--accept-terms"], 6, "licctl: Aktivierung: dieses Gerät hat keinen Lizenz"),
        (&["remove", "pack:WE-NONE1"], 1, "0 Lizenzen entfernt"),
    ] {
        let answer = run(args).with_code(code);
        let text = format!("{} {}", answer.flowed(), answer.err);
        assert!(text.contains(said), "{said}: {answer:?}");
        let json = [args, &["--json"]].concat();
        assert!(!run(&json).out.contains(said), "{json:?}");
    }
}

fn help_fits_the_console_of_the_rescue_shell() {
    let world = World::new();
    for args in [&["--help"][..], &["-h"], &["import", "--help"], &["activate", "-h"]] {
        let help = world.licctl(args).with_code(0).out;
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| (60..=80).contains(&widest)), "{help}");
    }
    let help = world.licctl(["import", "--help"]).out;
    let option = "  -n, --check                 Only check: print the verdicts of the import, and\n\
                  \x20                             change nothing\n";
    assert!(help.contains(option), "{help}");
}

fn completions_cover_every_verb() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.licctl(["completions", shell]).with_code(0).out;
        for verb in ["status", "import", "update-allowed", "doctor"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
        // The values of “feature” and “remove”.
        for value in ["custom-partition", "enterprise-management-pack"] {
            assert!(script.contains(value), "{shell}: {value}");
        }
    }
    let script = world.licctl(["completions", "bash"]).out;
    let complete = "COMP_WORDS=(licctl $0 \"$1\") COMP_CWORD=2; _licctl licctl \"$1\" $0; \
                    echo \"${COMPREPLY[@]}\"";
    for (verb, begun, offered) in [
        ("feature", "config", "config-change config-change-icg"),
        ("remove", "e", "evaluation enterprise-management-pack"),
    ] {
        let mut bash = Command::new("bash");
        let answer = program::run(bash.args(["-c", &format!("{script}\n{complete}"), verb, begun]));
        assert_eq!(answer.out.trim(), offered, "{answer:?}");
    }
}

fn a_bus_without_a_daemon_does_not_matter_to_licctl() {
    let world = full();
    let direct = world.licctl(["status", "--json"]);
    let socket = format!("unix:path={}", world.path("/no/bus").display());
    for bus in [world.bus.address(), &socket] {
        let answer = world.licctl(["--bus", bus, "status", "--json"]).with_code(0);
        assert_eq!(masked(answer.json()), masked(direct.json()));
        assert_eq!(world.licctl(["--bus", bus, "feature", "-q", "ums"]).code, 0);
    }
    let wrong = world.licctl(["--bus", "planet", "status"]).with_code(2);
    assert!(wrong.err.contains("is neither system nor session nor a D-Bus address"), "{wrong:?}");
}
