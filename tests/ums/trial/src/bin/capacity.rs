//! How many requests per second the reference service answers on one processor: requests divided by the
//! processor time that they cost it, so that other work of the machine does not matter.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program for figures of the documentation"
)]

use serde_json::json;
use ums_trial::{PackFile, Service, device};

/// Requests of each kind.
const REQUESTS: u32 = 2000;
/// Ticks of the processor time in a second (getconf CLK_TCK, the same on every Linux).
const TICKS: f64 = 100.0;

fn main() {
    let service = Service::start();
    service.add(&PackFile::new("WE-AAAA1", 10), &[("manual", "1")]);
    let (world, unit) = device(&service, 1);
    let status = world.status();
    let report = json!({
        "device": "0123456789abcdef", "boot": "1", "wake": 0, "applied": "", "frozen": true,
        "status": status,
    })
    .to_string();
    assert_eq!(service.post("/report", &report).0, 200);
    service.order("deploy", &[("unit", &unit), ("pack", "WE-AAAA1")]);
    let link = format!("/licences/WE-AAAA1/1/mac-{unit}.lic");
    let kinds: [(&str, &dyn Fn()); 3] = [
        ("licence, a new connection each", &|| {
            assert_eq!(service.fetch(&link, None).0, 200);
        }),
        ("unchanged licence (304), a new connection each", &|| {
            let tag = service.fetch(&link, None).1;
            assert_eq!(service.fetch(&link, Some(&tag)).0, 304);
        }),
        ("report, a new connection each", &|| {
            assert_eq!(service.post("/report", &report).0, 200);
        }),
    ];
    println!("| request | requests per second and processor |\n|---|---|");
    for (name, request) in kinds {
        let before = spent(&service);
        (0..REQUESTS).for_each(|_| request());
        // The second kind asks twice.
        let asked = if name.contains("304") { 2 * REQUESTS } else { REQUESTS };
        let seconds = (spent(&service) - before) / TICKS;
        println!("| {name} | {:.0} |", f64::from(asked) / seconds);
    }
}

/// The processor time of the service so far, in ticks (proc_pid_stat(5), fields 14 and 15).
fn spent(service: &Service) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", service.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()
}
