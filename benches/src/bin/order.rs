//! `order`: writes packaging/link/licd.ld and licctl.ld, which have the linker put together what a program
//! executes in most runs, so that little else comes into memory with it. `benches/order` runs it with
//! programs that keep their symbols.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a list that cannot be made is a failure"
)]

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::process::{Child, Command, Stdio};

use acceptance::client::Client;
use acceptance::{World, maker, program, wait};
use benches::{device, text};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Variants of a function of the C library that run on processors of today; valgrind's is one of them.
const VARIANTS: [&str; 4] = ["", "-avx2", "-avx512*", "-evex*"];
/// What the processor of valgrind lacks, and where a program begins.
const ALSO: [&str; 2] = ["*(.text*._ZN4sha2*x86_sha*)", "*crt1.o(.text)"];

fn main() {
    let members = Members::read();
    for (name, runs) in [("licd", licd as fn() -> Vec<Vec<String>>), ("licctl", licctl)] {
        let names = Names::of(name);
        let mut lines = ALSO.map(str::to_owned).to_vec();
        let mut later = Vec::new();
        for function in runs().concat() {
            for pattern in members.patterns(&function) {
                // A run executes some instances of a generic function. The others come last, and all of them
                // if another compiler gives other hashes.
                match names.exactly(&function, &pattern) {
                    Some(exact) => {
                        lines.push(exact);
                        later.push(pattern);
                    }
                    None => lines.push(pattern),
                }
            }
        }
        lines.append(&mut later);
        let mut seen = HashSet::new();
        lines.retain(|line| seen.insert(line.clone()));
        let file = format!("packaging/link/{name}.ld");
        fs::write(&file, script(&lines)).unwrap();
        println!("{file}: {} lines", lines.len());
    }
}

fn script(lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!(" {line}\n")).collect();
    format!(
        "/* Made by benches/order: what most runs execute lies together. */\n\
         SECTIONS {{ .text.often : {{\n{lines}}} }} INSERT BEFORE .text;\n"
    )
}

/// A start of licd with its answers; then imports.
fn licd() -> Vec<Vec<String>> {
    let world = device();
    let args = ["--bus", world.bus.address()];
    // As after a boot.
    fs::remove_dir_all(world.path("/run/licd")).unwrap();
    let start = executed(&world, "licd", &args, |daemon| {
        let client = answer(&world);
        let _: (bool, String, String) = client.manager("CheckFeature", &"os").unwrap();
        let _ = client.properties("/com/igel/License1", "com.igel.License1.Manager");
        end(daemon);
    });
    let imports = executed(&world, "licd", &args, |daemon| {
        answer(&world);
        for serial in [2, 3] {
            let file = world.file("import.lic", maker::licence().serial(serial).sign());
            let mut licctl = world.licctl_command();
            licctl.args(["--bus", world.bus.address(), "import", &file]);
            assert_eq!(program::run(&mut licctl).code, 0);
        }
        end(daemon);
    });
    vec![start, imports]
}

/// What scripts ask most; then imports.
fn licctl() -> Vec<Vec<String>> {
    let world = device();
    let file = world.file("import.lic", maker::licence().serial(2).sign());
    let mut runs: Vec<_> = [
        &["--direct", "feature", "-q", "os"][..],
        &["--direct", "verify", &file],
        &["--direct", "import", &file],
        &["--direct", "status"],
    ]
    .map(|args| executed(&world, "licctl", args, |_| ()))
    .into();
    let daemon = world.start();
    for serial in [3, 4] {
        let file = world.file("import.lic", maker::licence().serial(serial).sign());
        let args = ["--bus", world.bus.address(), "import", &file];
        runs.push(executed(&world, "licctl", &args, |_| ()));
    }
    assert!(daemon.stop().success());
    runs
}

/// Waits until licd answers.
fn answer(world: &World) -> Client {
    let client = Client::connect(world.bus.address());
    wait::until("licd answers", || client.is_owned().then_some(()));
    let _ = client.status();
    client
}

fn end(daemon: &Child) {
    kill(Pid::from_raw(daemon.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
}

/// The symbols of the functions that a run executes.
fn executed(
    world: &World,
    name: &str,
    args: &[&str],
    meanwhile: impl FnOnce(&Child),
) -> Vec<String> {
    let profile = world.root().with_extension("functions");
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--demangle=no"]);
    command.arg(format!("--callgrind-out-file={}", text(&profile)));
    command.arg(program::path(name)).arg("--root").arg(world.root()).args(args);
    let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    meanwhile(&run);
    assert!(run.wait().unwrap().success(), "{command:?}");
    functions(&fs::read_to_string(&profile).unwrap())
}

/// The names after `fn=`: `fn=(1) main`, and afterwards `fn=(1)`.
fn functions(profile: &str) -> Vec<String> {
    let mut names = BTreeMap::new();
    let mut executed = Vec::new();
    for line in profile.lines() {
        // `cfn=` names a function that is called.
        let is_called = line.starts_with('c');
        let Some(rest) = line.trim_start_matches('c').strip_prefix("fn=") else { continue };
        let (number, name) = rest.split_once(' ').unwrap_or((rest, ""));
        if !name.is_empty() {
            names.insert(number, name);
        }
        if !is_called {
            executed.push(number);
        }
    }
    // A recursive function has a name for each depth: `main'2`.
    let base = |number: &str| names[number].split('\'').next().unwrap_or_default().to_owned();
    let mut seen = HashSet::new();
    executed.into_iter().map(base).filter(|name| seen.insert(name.clone())).collect()
}

/// A pattern for a name of the standard library in any release: `…Csj2HS_3std…` for each identifier of a crate,
/// and no number at the end.
fn without_crate_ids(symbol: &str) -> String {
    let name = symbol.split('.').next().unwrap_or(symbol);
    let mut parts = name.split("Cs");
    let mut pattern = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('_') {
            Some((_, rest)) => pattern.extend(["Cs*_", rest]),
            None => pattern.extend(["Cs", part]),
        }
    }
    pattern + "*"
}

/// How many functions of a program have a name, without the hash.
struct Names(BTreeMap<String, usize>);

impl Names {
    fn of(program: &str) -> Self {
        let symbols = program::tool("nm", [text(&program::path(program))]);
        let mut names = BTreeMap::new();
        for symbol in symbols.lines().filter_map(|line| line.split_whitespace().last()) {
            if let Some((path, _)) = symbol.rsplit_once("17h") {
                *names.entry(path.to_owned()).or_default() += 1;
            }
        }
        Self(names)
    }

    /// The section of this function alone, if others have the same name.
    fn exactly(&self, function: &str, pattern: &str) -> Option<String> {
        let (path, _) = function.rsplit_once("17h").filter(|_| pattern.ends_with("17h*)"))?;
        let others = self.0.get(path).is_some_and(|count| *count > 1);
        others.then(|| format!("*(.text*.{function})"))
    }
}

/// The members of the C library, by the functions that they define: they have no section for each.
struct Members(BTreeMap<String, String>);

impl Members {
    fn read() -> Self {
        let archive = program::tool("cc", ["-print-file-name=libc.a"]);
        let symbols = program::tool("nm", ["--defined-only", archive.trim()]);
        let (mut members, mut member) = (BTreeMap::new(), "");
        for line in symbols.lines() {
            if let Some(name) = line.strip_suffix(".o:") {
                member = name;
            } else if let [_, kind, symbol] = line.split_whitespace().collect::<Vec<_>>()[..]
                && "tTwWi".contains(kind)
            {
                members.entry(symbol.to_owned()).or_insert_with(|| member.to_owned());
            }
        }
        Self(members)
    }

    /// The sections that contain a function, for any build.
    fn patterns(&self, function: &str) -> Vec<String> {
        if let Some(member) = self.0.get(function) {
            // One of several for different processors: `memmove-avx-unaligned-erms`.
            let base = member.split('-').next().unwrap_or(member);
            let variants =
                match ["mem", "str", "raw", "wmem", "wcs"].iter().any(|of| base.starts_with(of)) {
                    true => VARIANTS.map(|variant| format!("{base}{variant}")).into(),
                    false => vec![member.clone()],
                };
            let pattern = |member| format!("*libc.a:{member}.o(.text .text.*)");
            return variants.into_iter().map(pattern).collect();
        }
        let name = match function.rsplit_once("17h") {
            // The hash of a name depends on the build, and so does the number after one of the standard library.
            Some((path, _)) if function.starts_with("_ZN") => format!("{path}17h*"),
            _ if function.starts_with("_R") => without_crate_ids(function),
            _ if function.starts_with("0x") || function.contains(['(', ' ']) => return Vec::new(),
            _ => function.to_owned(),
        };
        vec![format!("*(.text*.{name})")]
    }
}
