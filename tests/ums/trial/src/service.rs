//! The service, as a process.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Arc;

use acceptance::clock::Clock;
use acceptance::server::certificate::{Authority, NOW};
use acceptance::{program, wait};
use serde_json::Value;
use tempfile::TempDir;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::pack::PackFile;

/// How many times as fast as in the field deployment is: 30 s become 60 ms, and a day three minutes.
const SPEED: u32 = 500;

/// A running service with a certificate of its own authority.
#[derive(Debug)]
pub struct Service {
    process: RefCell<Child>,
    authority: Authority,
    /// The address for devices, `https://localhost:PORT`.
    base: String,
    /// The address of the page, `http://127.0.0.1:PORT/`.
    console: String,
    speed: u32,
    clock: Option<Rc<Clock>>,
    http: ureq::Agent,
    dir: TempDir,
}

impl Service {
    /// Starts a new service, 500 times as fast as in the field.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(SPEED, None)
    }

    /// Starts a new service with this speed and this clock, if any.
    #[must_use]
    pub fn start_with(speed: u32, clock: Option<Rc<Clock>>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        fs::write(dir.path().join("ums.pem"), authority.identity("localhost", NOW).pem()).unwrap();
        let any = "127.0.0.1:0";
        let (process, base, console) = launch(&dir, speed, [any, any], clock.as_deref());
        let http = client(&authority);
        let process = RefCell::new(process);
        Self { process, authority, base, console, speed, clock, http, dir }
    }

    /// The certificate of its authority, in PEM.
    #[must_use]
    pub fn authority(&self) -> String {
        self.authority.pem()
    }

    /// Its address for devices.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The address of its page.
    #[must_use]
    pub fn console(&self) -> &str {
        &self.console
    }

    /// A file of the image of devices.
    #[must_use]
    pub fn image(&self, name: &str) -> PathBuf {
        self.dir.path().join("data/image").join(name)
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.dir.path().join("data/ums.sqlite")
    }

    /// Kills the service.
    pub fn kill(&self) {
        let mut process = self.process.borrow_mut();
        let _ = process.kill();
        process.wait().unwrap();
    }

    /// Starts it again at the same addresses.
    pub fn restart(&self) {
        let address = |url: &str| {
            let host = url.split('/').nth(2).unwrap();
            host.replace("localhost", "127.0.0.1")
        };
        let addresses = [address(&self.base), address(&self.console)];
        let [devices, console] = &addresses;
        let (process, base, _) =
            launch(&self.dir, self.speed, [devices, console], self.clock.as_deref());
        assert_eq!(base, self.base);
        *self.process.borrow_mut() = process;
    }

    /// Carries out an order; returns the status and the answer.
    pub fn try_order(&self, name: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let url = format!("{}do/{name}", self.console);
        let mut answer = self.http.post(&url).send(form).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    /// Carries out an order.
    ///
    /// # Panics
    /// If the service refuses.
    pub fn order(&self, name: &str, fields: &[(&str, &str)]) {
        let (status, answer) = self.try_order(name, fields);
        assert_eq!(status, 200, "{name} {fields:?}: {answer}");
    }

    /// Reads a page of the administrator.
    #[must_use]
    pub fn get(&self, path: &str) -> String {
        let mut answer = self.http.get(format!("{}{path}", self.console)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// Reads a list: `devices`, `packs`, `licences`, `events`, with a query.
    #[must_use]
    pub fn list(&self, what: &str) -> Vec<Value> {
        serde_json::from_str(&self.get(&format!("api/{what}"))).unwrap()
    }

    /// Posts JSON to the side of the devices, as a device without an agent does.
    #[must_use]
    pub fn post(&self, path: &str, json: &str) -> (u16, String) {
        let mut answer = self.http.post(format!("{}{path}", self.base)).send(json).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), text)
    }

    /// Fetches a file of the side of the devices, unless it still has this tag; returns the status and
    /// the tag.
    #[must_use]
    pub fn fetch(&self, path: &str, tag: Option<&str>) -> (u16, String) {
        let mut request = self.http.get(format!("{}{path}", self.base));
        if let Some(tag) = tag {
            request = request.header("If-None-Match", tag);
        }
        let answer = request.call().unwrap();
        let tag = answer.headers().get("ETag").map(|tag| tag.to_str().unwrap().to_owned());
        (answer.status().as_u16(), tag.unwrap_or_default())
    }

    /// Its process ID.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.borrow().id()
    }

    /// What UMS shows of a unit.
    #[must_use]
    pub fn device(&self, unit: &str) -> Value {
        let devices = self.list("devices");
        devices.into_iter().find(|device| device["unit"] == unit).unwrap_or_default()
    }

    /// Waits until UMS shows a unit as wished.
    ///
    /// # Panics
    /// If it never does.
    pub fn until(&self, unit: &str, what: &str, look: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = wait::within(wait::DEADLINE, || {
            last = self.device(unit);
            look(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("{what}: {last:#}\n{:#?}", self.list("events")))
    }

    /// What UMS shows of a pack.
    #[must_use]
    pub fn pack(&self, id: &str) -> Value {
        let packs = self.list("packs");
        packs.into_iter().find(|pack| pack["pack"] == id).unwrap_or_default()
    }

    /// Adds a pack.
    pub fn add(&self, pack: &PackFile, fields: &[(&str, &str)]) {
        let toml = pack.toml();
        let mut all = vec![("pack", toml.as_str())];
        all.extend(fields);
        self.order("add-pack", &all);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            let _ = std::io::Write::write_all(&mut std::io::stderr(), log.as_bytes());
        }
    }
}

/// A client that trusts this authority only.
fn client(authority: &Authority) -> ureq::Agent {
    let certificate = Certificate::from_der(&authority.der()).to_owned();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(vec![certificate])))
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = ureq::Agent::config_builder().tls_config(tls.build());
    // Devices make a connection for each request, too.
    let config = config.http_status_as_error(false).proxy(None).max_idle_connections(0);
    config.build().new_agent()
}

fn launch(
    dir: &TempDir,
    speed: u32,
    [devices, console]: [&str; 2],
    clock: Option<&Clock>,
) -> (Child, String, String) {
    let log = File::options().create(true).append(true).open(dir.path().join("log")).unwrap();
    let mut command = Command::new(program::path("ums"));
    command.arg(dir.path().join("data")).arg("--identity").arg(dir.path().join("ums.pem"));
    command.args(["--devices", devices, "--console", console, "--speed", &speed.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    if let Some(clock) = clock {
        clock.shown_to(&mut command);
    }
    let mut process = command.spawn().unwrap();
    // The service prints its addresses once it serves.
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut line = || lines.next().expect("the service starts").unwrap();
    let (base, console) = (line(), line());
    (process, base, console)
}
