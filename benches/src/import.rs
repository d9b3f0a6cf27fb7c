//! An import of one file into a device in use with one licence, beside the same write by hand.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use acceptance::daemon::Daemon;
use acceptance::{World, maker, program};

use crate::taken;

const IMPORTS: u64 = 40;
const INSTALLED: &str = "WE-INSTALLED";

/// The way of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// By licctl alone.
    Direct,
    /// By licctl through licd.
    Daemon,
}

impl Route {
    fn args(self) -> &'static [&'static str] {
        match self {
            Self::Direct => &["--direct"],
            Self::Daemon => &[],
        }
    }
}

/// The licence that is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of a new pack.
    New,
    /// One that replaces the licence of the device.
    Renewal,
}

/// A device in use, whose licence partition is a file system.
struct InUse {
    world: World,
    /// A device with a partition of its own, so that licd does not wake up for what is written by hand.
    by_hand: World,
}

impl InUse {
    fn new() -> Self {
        let [world, by_hand] = [World::mounted(), World::mounted()];
        world.copy_by_hand("0.lic", maker::licence().pack(INSTALLED).serial(1).sign());
        assert!(world.start().stop().success());
        Self { world, by_hand }
    }

    /// Removes what an import has added, and waits until licd has noticed it.
    fn restore(&self, daemon: Option<&Daemon<'_>>) {
        self.world.by_hand(|licenses| {
            for name in self.world.stored().iter().filter(|name| *name != "0.lic") {
                fs::remove_file(licenses.join(name)).unwrap();
            }
        });
        if let Some(daemon) = daemon {
            daemon.refresh();
        }
    }
}

/// The least times of imports and what they are measured beside.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// An import.
    pub import: Duration,
    /// The bare cycle in a program that runs: remount, write, flush, rename, flush, remount.
    pub cycle: Duration,
    /// A process that does nothing else, from its start to its end.
    pub process: Duration,
}

/// Takes the times. All three alternate, and each import finds one licence. Needs root.
///
/// # Panics
/// If an import fails.
#[must_use]
pub fn times(route: Route, kind: Kind) -> Times {
    let device = InUse::new();
    let world = &device.world;
    let daemon = (route == Route::Daemon).then(|| world.start());
    let mut least = Times { import: Duration::MAX, cycle: Duration::MAX, process: Duration::MAX };
    for serial in 2..2 + IMPORTS {
        let pack = match kind {
            Kind::New => format!("WE-{serial:05}"),
            Kind::Renewal => INSTALLED.to_owned(),
        };
        let licence = maker::licence().pack(&pack).serial(serial).sign();
        let file = world.file("import.lic", &licence);
        let mut command = match &daemon {
            Some(daemon) => daemon.licctl_command(),
            None => world.licctl_command(),
        };
        let (import, _) = taken(command.args(route.args()).args(["import", &file]));
        least.import = least.import.min(import);
        assert_eq!(world.stored().len(), if kind == Kind::New { 2 } else { 1 });
        if kind == Kind::New {
            device.restore(daemon.as_ref());
        }
        least.cycle = least.cycle.min(bare_cycle(&device.by_hand, licence.as_bytes()));
        let mut process = Command::new(program::path("cycle"));
        process.arg(device.by_hand.path("/license")).arg(&file);
        least.process = least.process.min(taken(&mut process).0);
    }
    least
}

fn bare_cycle(device: &World, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    device.partition().make_writable();
    let top = device.path("/license");
    let (temporary, name) = (top.join("by-hand.tmp"), top.join("by-hand"));
    let mut file = File::create(&temporary).unwrap();
    file.write_all(bytes).unwrap();
    file.sync_all().unwrap();
    fs::rename(&temporary, &name).unwrap();
    File::open(&top).unwrap().sync_all().unwrap();
    drop(file);
    device.partition().make_read_only();
    began.elapsed()
}
