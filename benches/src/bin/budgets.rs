//! `budgets [--set]`: takes every figure of `budgets.toml` and fails above one by more than the
//! tolerance, with the name of the budget and by how much. `--set` writes the figures instead.
//!
//! The programs are those of the own build, or of `LICD_BIN_DIR`; `LICD_PACKAGE` names the package.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a figure that cannot be taken is a failed test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acceptance::{World, maker, program};
use benches::measure::{Cost, Run};
use benches::text;

/// Percent that a figure may exceed its budget: programs of another compiler differ by less.
const TOLERANCE: u64 = 5;
/// Percent below a budget that call for a lower one.
const SLACK: u64 = 20;
/// Units of the mass licences.
const UNITS: [(&str, u32); 2] = [("slice-100000", 100_000), ("slice-1000000", 1_000_000)];
const PROGRAMS: [&str; 4] = ["licd", "licctl", "licd-fetch", "licd-notify"];

/// The budgets of one kind of figure, by the name of the operation or the file.
type Budgets = BTreeMap<String, u64>;
/// The kinds: `calls`, `memory`, `instructions-dev`, `instructions-release`, `sizes`.
type Kinds = BTreeMap<String, Budgets>;

fn main() -> ExitCode {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml");
    let text = fs::read_to_string(&file).unwrap();
    let mut budgets: Kinds = toml::from_str(&text).unwrap();
    let figures = figures();
    if std::env::args().any(|arg| arg == "--set") {
        budgets.extend(figures);
        let comment = text.lines().take_while(|line| line.starts_with('#'));
        let comment: String = comment.map(|line| format!("{line}\n")).collect();
        fs::write(&file, comment + "\n" + &toml::to_string(&budgets).unwrap()).unwrap();
        return ExitCode::SUCCESS;
    }
    let mut code = ExitCode::SUCCESS;
    for (kind, figures) in &figures {
        for (name, figure) in figures {
            let budget = budgets.get(kind).and_then(|kind| kind.get(name));
            let Some(budget) = budget else {
                println!("unset    {kind}: {name}: {figure}");
                continue;
            };
            let (verdict, words) = compared(*figure, *budget);
            println!("{verdict:<8} {kind}: {name}: {figure} of {budget}{words}");
            if verdict == "EXCEEDED" {
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn compared(figure: u64, budget: u64) -> (&'static str, String) {
    if figure * 100 > budget * (100 + TOLERANCE) {
        let more = (figure - budget) * 100 / budget;
        ("EXCEEDED", format!(", {more} % too much ({TOLERANCE} % are tolerated)"))
    } else if figure * 100 < budget * (100 - SLACK) {
        ("below", "; lower the budget".to_owned())
    } else {
        ("ok", String::new())
    }
}

fn figures() -> Kinds {
    let is_optimised = program::path("licctl").parent().is_some_and(|dir| !dir.ends_with("debug"));
    let instructions = if is_optimised { "instructions-release" } else { "instructions-dev" };
    let mut kinds = Kinds::new();
    let mut put = |kind: &str, name: &str, figure| {
        kinds.entry(kind.to_owned()).or_default().insert(name.to_owned(), figure);
    };
    let world = benches::device();
    let renewal = world.file("renewal.lic", maker::licence().serial(200).sign());
    let verify = Run::licctl(&world, &["verify", &renewal]);
    let feature = Run::licctl(&world, &["feature", "-q", "os"]);
    for (name, run) in [("verify", verify), ("feature", feature), ("start", Run::start(&world))] {
        put("calls", name, run.cost(Cost::Calls));
        put(instructions, name, run.cost(Cost::Instructions));
    }
    for (name, units) in UNITS {
        put("memory", name, slice(&world, units).cost(Cost::Memory));
    }
    if is_optimised {
        for file in PROGRAMS.map(program::path) {
            let name = file.file_name().unwrap().to_str().unwrap();
            put("sizes", name, file.metadata().unwrap().len());
        }
        if let Some(package) = std::env::var_os("LICD_PACKAGE").map(PathBuf::from) {
            put("sizes", "package", package.metadata().unwrap().len());
        }
    }
    kinds
}

/// Cutting this device's slice out of a mass licence.
fn slice(world: &World, units: u32) -> Run<'_> {
    // The device is one of them.
    let mass = world.file("mass.lic", maker::licence().mass(units - 1).sign());
    let slice = world.root().with_extension("slice");
    Run::licctl(world, &["slice", &mass, "-o", text(&slice)])
}
