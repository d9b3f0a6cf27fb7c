//! Demonstrates a fleet: the reference licensing service and UMS, and 21 devices with licd and an agent
//! each. It runs unattended, shows UMS's view next to each device's own, and fails if they differ.
//! With `--stay` the page stays open at the end.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a demonstration that fails says where, and prints what it shows"
)]

use std::collections::BTreeSet;
use std::fs;
use std::rc::Rc;
use std::time::{Duration, Instant};

use acceptance::clock::Clock;
use acceptance::daemon::Daemon;
use acceptance::maker::today_plus;
use acceptance::{World, wait};
use license_format::{Category, Expiry, PackId, Product, Serial, ServiceName, Term, Terms, UnitId};
use license_issue::{SigningKey, license};
use serde_json::Value;
use ums_trial::{Agent, PackFile, Service, device, reboot_with};

/// Devices of the fleet; the last one replaces another.
const DEVICES: u16 = 21;
/// The longest that a step may take on a busy machine.
const STEP: Duration = Duration::from_secs(90);
/// The devices whose seats are split off: the last ones of the pack.
const PART: [usize; 5] = [10, 11, 12, 13, 20];
/// Days until the packs end, until the renewed ones end, and to the shifted clock.
const TERM: i64 = 365;
const RENEWED: i64 = 800;
const LATER: i64 = 400;

/// A device of the fleet.
struct Member<'w> {
    world: &'w World,
    unit: String,
    daemon: Option<Daemon<'w>>,
    agent: Option<Agent>,
}

/// State, pack and last day of the Workspace Edition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen(String, String, String);

impl Seen {
    fn of(services: &Value) -> Self {
        let find = |service: &&Value| service["service"] == acceptance::maker::WE;
        let service = services.as_array().and_then(|all| all.iter().find(find));
        let text = |key: &str| {
            service.and_then(|service| service[key].as_str()).unwrap_or_default().to_owned()
        };
        Self(text("state"), text("pack"), text("expires"))
    }
}

struct Demo<'w> {
    service: Service,
    clock: Rc<Clock>,
    fleet: Vec<Member<'w>>,
    began: Instant,
}

fn main() {
    let stay = std::env::args().any(|argument| argument == "--stay");
    let clock = Rc::new(Clock::at(&format!("{} 12:00:00", today_plus(0))));
    let service = Service::start_with(500, Some(Rc::clone(&clock)));
    let worlds: Vec<_> = (1..=DEVICES).map(|number| device(&service, number)).collect();
    let mut demo = Demo { service, clock, fleet: Vec::new(), began: Instant::now() };
    demo.join(&worlds);
    demo.license();
    demo.transfer();
    demo.split_and_renew();
    demo.rotate();
    demo.heal();
    demo.remove();
    demo.expire();
    println!("\nDone after {} s.", demo.began.elapsed().as_secs());
    if stay {
        println!("The page: {}  (end with Ctrl-C)", demo.service.console());
        std::thread::sleep(Duration::MAX);
    }
}

impl<'w> Demo<'w> {
    /// Starts licd and the agent of every device.
    fn join(&mut self, worlds: &'w [(World, String)]) {
        self.order("settings", &[("settings", "[userinterface.screensaver]\ntimeout = 5\n")]);
        for (world, unit) in worlds {
            let daemon = Some(world.start_with(|command| self.clock.shown_to(command)));
            let unit = unit.clone();
            self.fleet.push(Member { world, unit, daemon, agent: None });
        }
        for member in &mut self.fleet {
            member.agent = Some(start_agent(member.world, &self.service, &self.clock));
        }
        self.show("21 devices have registered; none has a licence", |_, seen| seen.0 == "none");
    }

    fn license(&self) {
        for (pack, seats) in [("WE-DEMO1", 14), ("WE-DEMO2", 6)] {
            self.service.add(&PackFile::new(pack, seats), &[("manual", "1")]);
        }
        for (index, member) in self.fleet.iter().take(20).enumerate() {
            let pack = if index < 14 { "WE-DEMO1" } else { "WE-DEMO2" };
            self.order("deploy", &[("unit", &member.unit), ("pack", pack)]);
        }
        self.show("Two packs with 14 and 6 seats: 20 devices are licensed", |index, seen| {
            seen.0 == if index < 20 { "valid" } else { "none" }
        });
    }

    fn transfer(&self) {
        let (from, to) = (&self.fleet[0].unit, &self.fleet[20].unit);
        self.order("transfer", &[("unit", from), ("to", to), ("pack", "WE-DEMO1")]);
        self.show("The licence of the first device moves to the last one", |index, seen| {
            seen.0 == if index > 0 { "valid" } else { "withdrawn" }
        });
    }

    fn split_and_renew(&self) {
        self.order("split", &[("pack", "WE-DEMO1"), ("new", "WE-DEMO3"), ("seats", "5")]);
        self.show("Five seats of WE-DEMO1 become WE-DEMO3", |index, seen| {
            (seen.1 == "WE-DEMO3") == PART.contains(&index)
        });
        let day = today_plus(RENEWED).to_string();
        let chosen = "WE-DEMO1\nWE-DEMO2";
        self.order("renew", &[("key", "ERP-9QK2M"), ("packs", chosen), ("expires", &day)]);
        let term = today_plus(TERM).to_string();
        self.show("WE-DEMO1 and WE-DEMO2 are renewed, WE-DEMO3 is not", |index, seen| {
            index == 0 || seen.2 == *if seen.1 == "WE-DEMO3" { &term } else { &day }
        });
    }

    fn rotate(&self) {
        self.order("rotate-key", &[]);
        let day = today_plus(RENEWED + 1).to_string();
        let chosen = "WE-DEMO1\nWE-DEMO2";
        self.order("renew", &[("key", "ERP-9QK2M"), ("packs", chosen), ("expires", &day)]);
        self.show("A new key signs; the image of the devices stays as it is", |index, seen| {
            index == 0 || seen.1 == "WE-DEMO3" || seen.2 == day
        });
        assert!(self.stored(1).contains("ums-issuer-2"), "{}", self.stored(1));
    }

    fn heal(&self) {
        let victim = &self.fleet[0];
        let daemon = victim.daemon.as_ref().unwrap();
        let _ = daemon.import(forged(&self.service, &victim.unit)).with_code(0);
        self.show("A thief signs an endless licence for the first device", |index, seen| {
            index > 0 || (seen.0.as_str(), seen.2.as_str()) == ("valid", "never")
        });
        self.order("revoke-key", &[("key", "ums-issuer-1")]);
        self.show("The stolen key is revoked, and all licences are issued again", |index, seen| {
            if index == 0 { seen.0 != "valid" } else { seen.0 == "valid" }
        });
    }

    fn remove(&mut self) {
        let unit = self.fleet[1].unit.clone();
        self.order("profile", &[("unit", &unit), ("profile", "workspace-edition")]);
        self.service.until(&unit, "the profile arrives", |device| {
            device["removal"] == "workspace-edition" && device["is_current"] == true
        });
        let member = &mut self.fleet[1];
        member.agent = None;
        let clock = Rc::clone(&self.clock);
        let daemon = member.daemon.take().unwrap();
        member.daemon = Some(reboot_with(member.world, daemon, |command| clock.shown_to(command)));
        member.agent = Some(start_agent(member.world, &self.service, &self.clock));
        self.show("A removal profile takes the licence of the second device", |index, seen| {
            index != 1 || seen.0 == "none"
        });
        self.order("profile", &[("unit", &unit), ("profile", "none")]);
        self.show("The profile is off, and the device is licensed again", |index, seen| {
            index != 1 || seen.0 == "valid"
        });
    }

    fn expire(&self) {
        self.clock.set(&format!("{} 12:00:00", today_plus(LATER)));
        for member in &self.fleet {
            self.order("refresh", &[("unit", &member.unit)]);
        }
        self.show("400 days later: WE-DEMO3 has expired", |index, seen| {
            index == 0 || seen.0 == if seen.1 == "WE-DEMO3" { "expired" } else { "valid" }
        });
        self.order("settings", &[("settings", "[userinterface.screensaver]\ntimeout = 9\n")]);
        self.until_settings("frozen", |index| index > 0 && !PART.contains(&index));
        println!("\n== New settings have reached all devices but those that are frozen");
        self.service.add(&PackFile::new("WE-DEMO4", 5).ends_in(RENEWED), &[("manual", "1")]);
        for index in PART {
            let unit = &self.fleet[index].unit;
            self.order("deploy", &[("unit", unit), ("pack", "WE-DEMO4")]);
        }
        self.show("A new pack for the five devices: licensed", |index, seen| {
            index == 0 || seen.0 == "valid"
        });
        self.until_settings("thawed", |index| index > 0);
        println!("\n== The settings have reached them, too");
    }

    fn order(&self, name: &str, fields: &[(&str, &str)]) {
        self.service.order(name, fields);
    }

    /// What a device says of itself.
    fn own(&self, index: usize) -> Seen {
        let file = self.fleet[index].world.path("/run/licd/status.json");
        let report: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        Seen::of(&report["services"])
    }

    /// The files of a device's store.
    fn stored(&self, index: usize) -> String {
        let world = self.fleet[index].world;
        let read = |name| fs::read_to_string(world.licenses().join(name)).unwrap_or_default();
        world.stored().iter().map(read).collect()
    }

    /// Waits until the devices are as wanted and UMS shows the same, and prints both.
    fn show(&self, title: &str, wanted: impl Fn(usize, &Seen) -> bool) {
        let mut rows = Vec::new();
        let done = wait::within(STEP, || {
            let shown = self.service.list("devices");
            rows = (0..self.fleet.len())
                .map(|index| {
                    let unit = &self.fleet[index].unit;
                    let device = shown.iter().find(|device| device["unit"] == **unit);
                    let shown = device.map_or(Seen::of(&Value::Null), |d| Seen::of(&d["services"]));
                    (unit.as_str(), shown, self.own(index))
                })
                .collect();
            let fits = |(index, (_, ums, own)): (usize, &(_, Seen, Seen))| {
                ums == own && wanted(index, own)
            };
            rows.iter().enumerate().all(fits).then_some(())
        });
        println!("\n== {title}  ({} s)", self.began.elapsed().as_secs());
        println!("{:14}  {:35}  {:35}", "unit", "UMS", "device");
        for (unit, Seen(a, b, c), Seen(d, e, f)) in rows {
            println!("{unit:14}  {a:10} {b:10} {c:13}  {d:10} {e:10} {f:13}");
        }
        assert!(done.is_some(), "{title}: in vain; {:#?}", self.service.list("events"));
    }

    /// Waits until exactly these devices have the new setting.
    fn until_settings(&self, what: &str, is_new: impl Fn(usize) -> bool) {
        wait::until(what, || {
            let has = |index: usize| {
                let file = self.fleet[index].world.path("/etc/licd/settings.toml");
                fs::read_to_string(file).unwrap_or_default().contains("timeout = 9")
            };
            (0..self.fleet.len()).all(|index| has(index) == is_new(index)).then_some(())
        });
    }
}

fn start_agent(world: &World, service: &Service, clock: &Clock) -> Agent {
    Agent::start_with(world, service, 5, |command| clock.shown_to(command))
}

/// An endless licence for a unit, signed by the first issuing key of the service.
fn forged(service: &Service, unit: &str) -> String {
    let database = rusqlite::Connection::open(service.database()).unwrap();
    let secret: String = database
        .query_row("SELECT secret FROM key WHERE name = 'ums-issuer-1'", [], |row| row.get(0))
        .unwrap();
    let terms = Terms {
        pack: PackId::parse("WE-THIEF").unwrap(),
        serial: Serial::FIRST,
        product: Product::parse("WE").unwrap(),
        term: Term::Perpetual,
        category: Category::Maintenance,
        subscription_key: None,
        order: None,
        supersedes: Default::default(),
        services: [ServiceName::parse(acceptance::maker::WE).unwrap()].into_iter().collect(),
        issued: today_plus(-1).start(),
        starts: today_plus(-1),
        expires: Expiry::Never,
        grace_days: 0,
        warn_days: 10,
        roster_complete: false,
    };
    let units = BTreeSet::from([UnitId::parse_human(unit).unwrap()]);
    license(&terms, &units, &[&SigningKey::parse(&secret).unwrap()])
}
