//! A private message bus.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Every user may connect and call: authorisation is up to the daemon. One user's thousand callers may
/// all connect.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <limit name="max_connections_per_user">2000</limit>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
  </policy>
</busconfig>
"#;

/// A private `dbus-daemon`, started on first use.
#[derive(Debug)]
pub struct Bus {
    dir: PathBuf,
    running: OnceLock<Running>,
}

#[derive(Debug)]
struct Running {
    address: String,
    process: Mutex<Child>,
}

impl Bus {
    /// The bus whose socket and configuration are in `dir`. Not started yet.
    #[must_use]
    pub fn in_dir(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), running: OnceLock::new() }
    }

    /// Its address. The bus accepts connections.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.running.get_or_init(|| Running::start(&self.dir)).address
    }
}

impl Bus {
    /// Ends it, as a crash would.
    pub fn kill(&self) {
        self.running.get().into_iter().for_each(Running::kill);
    }

    /// Starts it again at its address.
    pub fn start_again(&self) {
        let running = self.running.get().expect("it was started");
        let (address, process) = Running::launch(&self.dir);
        assert_eq!(address, running.address);
        *running.process.lock().unwrap() = process;
    }

    /// Its socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        let _ = self.address();
        self.dir.join("bus.socket")
    }
}

impl Running {
    fn start(dir: &Path) -> Self {
        let (address, process) = Self::launch(dir);
        Self { address, process: Mutex::new(process) }
    }

    fn kill(&self) {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = process.kill();
        let _ = process.wait();
    }

    fn launch(dir: &Path) -> (String, Child) {
        let config = dir.join("bus.conf");
        let socket = dir.join("bus.socket");
        fs::write(&config, CONFIG.replace("SOCKET", socket.to_str().unwrap())).unwrap();
        let mut process = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address"])
            .arg("--config-file")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(dir.join("bus.log")).unwrap())
            .spawn()
            .expect("dbus-daemon is installed");
        // dbus-daemon prints its address once it listens.
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        // A bus that starts again has another GUID.
        let address = address.trim().split(',').next().unwrap_or_default().to_owned();
        assert!(!address.is_empty(), "dbus-daemon does not start");
        fs::set_permissions(&socket, PermissionsExt::from_mode(0o777)).unwrap();
        (address, process)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
