//! Works through the page in headless Chromium, with three real devices behind it. The argument names
//! the screenshots, one for each colour scheme.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a trial that fails says where")]

use std::path::Path;
use std::process::{Command, ExitCode};

use ums_trial::{Agent, PackFile, Service, device};

fn main() -> ExitCode {
    let service = Service::start();
    service.add(&PackFile::new("WE-BERLIN", 40), &[("manual", "1")]);
    service.add(&PackFile::new("WE-MADRID", 2), &[("manual", "1")]);
    let worlds = [1, 2, 3].map(|number| device(&service, number));
    let _daemons = [0, 1, 2].map(|index| worlds[index].0.start());
    let _agents = [0, 1, 2].map(|index| Agent::start(&worlds[index].0, &service));
    for (_, unit) in &worlds {
        let _ = service.until(unit, "registered", |device| device["is_current"] == true);
    }
    service.order("deploy", &[("unit", &worlds[1].1), ("pack", "WE-BERLIN")]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../page.py");
    let mut trial = Command::new(script);
    trial.args([service.console(), &worlds[0].1, "WE-MADRID"]).args(std::env::args().nth(1));
    let ended = trial.status().expect("page.py runs");
    if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
