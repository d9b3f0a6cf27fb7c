//! A simulated device in a temporary directory, and the daemon on it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use license_format::*;
use license_issue::{self as issue, SigningKey, TrustKey};

use crate::bus::{Bus, Caller, DEADLINE};

pub(crate) const UNIT: &str = "00E0C51C5087";
const MAC: &str = "00:e0:c5:1c:50:87";
pub(crate) const STORE: &str = "license/dsa/licenses";

/// A device and a bus.
pub(crate) struct World {
    dir: tempfile::TempDir,
    pub(crate) bus: Bus,
    issuer: SigningKey,
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), &[seed; 32]).unwrap()
}

impl World {
    /// A device with an interface, root keys, a trust document and an empty store.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::start(dir.path());
        Self::on(dir, bus)
    }

    /// The same on another bus.
    pub(crate) fn on(dir: tempfile::TempDir, bus: Bus) -> Self {
        let world = Self { dir, bus, issuer: key("issuer", 9) };
        fs::create_dir_all(world.path(STORE)).unwrap();
        fs::create_dir_all(world.path("etc/licd")).unwrap();
        world.plug_in("eth0", MAC);
        let roots = [key("root-a", 1), key("root-b", 2)];
        for root in &roots {
            let text = format!("{}\n", root.verifier());
            world.write(&format!("usr/lib/licd/roots.d/{}.vkey", root.verifier().name()), &text);
        }
        let keys = [TrustKey { key: world.issuer.verifier().clone(), products: vec![] }];
        let [a, b] = &roots;
        let trust = issue::trust_document(7, UnixSeconds(0), &keys, &[], &[a, b]);
        world.write("usr/lib/licd/trust.note", &trust);
        world
    }

    /// Adds a network interface.
    pub(crate) fn plug_in(&self, name: &str, mac: &str) {
        let card = format!("sys/class/net/{name}");
        fs::create_dir_all(self.path(&format!("{card}/device"))).unwrap();
        for (file, text) in [("address", mac), ("addr_assign_type", "0"), ("type", "1")] {
            self.write(&format!("{card}/{file}"), &format!("{text}\n"));
        }
    }

    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file, its directories made if need be.
    pub(crate) fn write(&self, path: &str, text: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    /// A licence of the Workspace Edition in force, as text.
    pub(crate) fn license(&self, pack: &str, serial: u64, unit: &str) -> String {
        self.license_with(pack, serial, unit, |_| ())
    }

    /// The same with other terms.
    pub(crate) fn license_with(
        &self,
        pack: &str,
        serial: u64,
        unit: &str,
        change: impl FnOnce(&mut Terms),
    ) -> String {
        let mut terms = Terms {
            pack: PackId::parse(pack).unwrap(),
            serial: Serial::new(serial).unwrap(),
            product: Product::parse("WE").unwrap(),
            term: Term::Subscription,
            category: Category::Subscription,
            subscription_key: None,
            order: OrderNumber::parse("69-3456677"),
            supersedes: Default::default(),
            services: [ServiceName::parse("SUB_SERVICE_SET_WORKSPACE_EDITION").unwrap()]
                .into_iter()
                .collect(),
            issued: UnixSeconds::parse("2024-01-01T00:00:00Z").unwrap(),
            starts: Date::parse("2024-01-01").unwrap(),
            expires: Expiry::Never,
            grace_days: 0,
            warn_days: 10,
            roster_complete: false,
        };
        change(&mut terms);
        let units = BTreeSet::from([UnitId::parse(&format!("mac:{unit}")).unwrap()]);
        issue::license(&terms, &units, &[&self.issuer])
    }

    /// How the daemon is started here.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_licd"));
        command.arg("--root").arg(self.root()).arg("--bus").arg(&self.bus.address);
        command.stdin(Stdio::null()).env_remove("JOURNAL_STREAM").env_remove("NOTIFY_SOCKET");
        command
    }

    /// Starts the daemon and waits until it is ready.
    pub(crate) fn start(&self) -> (Daemon, Caller) {
        let log = self.path("licd.log");
        let file = fs::File::options().create(true).append(true).open(&log).unwrap();
        let notify = self.path("notify");
        let _ = fs::remove_file(&notify);
        let notifications = UnixDatagram::bind(&notify).unwrap();
        notifications.set_read_timeout(Some(DEADLINE)).unwrap();
        let child = self.command().env("NOTIFY_SOCKET", &notify).stderr(file).spawn().unwrap();
        let daemon = Daemon { child, log };
        let mut message = [0; 4096];
        let mut is_ready = || {
            let length = notifications.recv(&mut message).expect("the daemon gets ready");
            str::from_utf8(&message[..length]).unwrap().lines().any(|line| line == "READY=1")
        };
        while !is_ready() {}
        (daemon, self.bus.caller())
    }
}

/// A daemon, killed when dropped.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    log: PathBuf,
}

impl Daemon {
    pub(crate) fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.child.id() as i32);
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}
