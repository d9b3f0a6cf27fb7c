//! A user's desktop: a session bus, a notification server and licd-notify.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use zbus::connection::{Builder, Connection};
use zbus::object_server::SignalEmitter;
use zbus::{OwnedVariant, interface};

use crate::bus::Bus;
use crate::program;
use crate::wait::{self, DEADLINE};
use crate::world::World;

/// The object path of the specification.
const PATH: &str = "/org/freedesktop/Notifications";
/// The bus name of the specification.
const NAME: &str = "org.freedesktop.Notifications";

/// The session of a user who has just logged in.
#[derive(Debug)]
pub struct Desktop {
    /// The bus of the session.
    pub bus: Bus,
    dir: TempDir,
}

impl Desktop {
    /// A session with its own home directory, without a notification server.
    #[must_use]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { bus: Bus::in_dir(dir.path()), dir }
    }

    /// A path in the home directory.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// licd-notify for a user of this device, without arguments yet.
    #[must_use]
    pub fn command(&self, world: &World, lang: &str) -> Command {
        let mut command = Command::new(program::path("licd-notify"));
        command.arg("--root").arg(world.root()).arg("--bus").arg(world.bus.address());
        command.arg("--session-bus").arg(self.bus.address());
        command.env_clear().env("LANG", lang).env("HOME", self.dir.path());
        command
    }

    /// Starts it, as the session does at login.
    #[must_use]
    pub fn log_in(&self, world: &World, lang: &str) -> Running {
        Running::start(&mut self.command(world, lang))
    }
}

impl Default for Desktop {
    fn default() -> Self {
        Self::new()
    }
}

/// A running program, killed when dropped.
#[derive(Debug)]
pub struct Running(Child);

impl Running {
    /// Starts it.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Its process ID.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Its exit status, if it has exited.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().unwrap()
    }

    /// Waits for its exit.
    pub fn wait(&mut self) -> ExitStatus {
        wait::within(DEADLINE, || self.ended()).expect("it ends by itself")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A call of `Notify`.
#[derive(Debug, Clone)]
pub struct Note {
    /// Its ID.
    pub id: u32,
    /// The ID of the notification that it replaces, or 0.
    pub replaces: u32,
    /// The title.
    pub title: String,
    /// The body, including markup.
    pub body: String,
    /// 0 low, 1 normal, 2 critical.
    pub urgency: u8,
    /// The timeout in milliseconds; 0 for none.
    pub stays: i32,
    /// Key and label of each button.
    pub actions: Vec<(String, String)>,
}

/// A notification server that records notifications.
#[derive(Debug)]
pub struct Notifier {
    log: Arc<Log>,
    connection: Connection,
}

#[derive(Debug, Default)]
struct Log {
    notes: Mutex<Vec<Note>>,
    closed: Mutex<Vec<u32>>,
}

struct Server {
    log: Arc<Log>,
    capabilities: Vec<String>,
}

#[interface(name = "org.freedesktop.Notifications")]
impl Server {
    fn get_capabilities(&self) -> Vec<String> {
        self.capabilities.clone()
    }

    #[allow(clippy::too_many_arguments, reason = "the specification has as many")]
    fn notify(
        &self,
        _app_name: &str,
        replaces: u32,
        _icon: &str,
        title: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedVariant>,
        stays: i32,
    ) -> u32 {
        let mut notes = self.log.notes.lock().unwrap();
        let id = if replaces == 0 { u32::try_from(notes.len()).unwrap() + 1 } else { replaces };
        let urgency = u8::try_from(hints["urgency"].try_clone().unwrap()).unwrap();
        let (buttons, _) = actions.as_chunks::<2>();
        let actions = buttons.iter().map(|[key, words]| (key.clone(), words.clone())).collect();
        notes.push(Note { id, replaces, title, body, urgency, stays, actions });
        id
    }

    fn close_notification(&self, id: u32) {
        self.log.closed.lock().unwrap().push(id);
    }

    #[zbus(signal)]
    async fn action_invoked(emitter: &SignalEmitter<'_>, id: u32, key: &str) -> zbus::Result<()>;

    #[zbus(signal)]
    async fn notification_closed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        reason: u32,
    ) -> zbus::Result<()>;
}

impl Notifier {
    /// Starts the server with these capabilities.
    #[must_use]
    pub fn start(desktop: &Desktop, capabilities: &[&str]) -> Self {
        let log = Arc::new(Log::default());
        let capabilities = capabilities.iter().map(|name| (*name).to_owned()).collect();
        let server = Server { log: Arc::clone(&log), capabilities };
        let builder = Builder::address(desktop.bus.address()).serve_at(PATH, server).name(NAME);
        Self { log, connection: zbus::block_on(builder.build()).unwrap() }
    }

    /// The notifications shown so far.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        self.log.notes.lock().unwrap().clone()
    }

    /// The IDs of closed notifications.
    #[must_use]
    pub fn closed(&self) -> Vec<u32> {
        self.log.closed.lock().unwrap().clone()
    }

    /// Waits until `count` notifications were shown, and returns them.
    pub fn until(&self, count: usize) -> Vec<Note> {
        wait::until(&format!("{count} notifications are shown"), || {
            let notes = self.notes();
            (notes.len() >= count).then_some(notes)
        })
    }

    /// Presses a button, which closes the notification, as servers do.
    pub fn press(&self, id: u32, key: &str) {
        let emitter = SignalEmitter::new(&self.connection, PATH).unwrap();
        zbus::block_on(Server::action_invoked(&emitter, id, key)).unwrap();
        self.dismiss(id);
    }

    /// Closes a notification as the user does.
    pub fn dismiss(&self, id: u32) {
        /// The reason “dismissed by the user”.
        const DISMISSED: u32 = 2;
        let emitter = SignalEmitter::new(&self.connection, PATH).unwrap();
        zbus::block_on(Server::notification_closed(&emitter, id, DISMISSED)).unwrap();
    }

    /// Stops the server.
    pub fn stop(self) {
        zbus::block_on(self.connection.graceful_shutdown());
    }
}

/// A virtual X screen.
#[derive(Debug)]
pub struct Screen {
    display: String,
    _server: Running,
}

impl Screen {
    /// Starts Xvfb.
    #[must_use]
    pub fn new() -> Self {
        Self::sized("800x480")
    }

    /// Starts Xvfb with this many pixels, such as `800x480`.
    #[must_use]
    pub fn sized(pixels: &str) -> Self {
        let (reader, writer) = std::io::pipe().unwrap();
        let mut command = Command::new("sh");
        // Xvfb takes the first free display number and prints it.
        let start = "exec Xvfb -displayfd 3 -screen 0 \"$0\"x24 -nolisten tcp 3>&1";
        command.args(["-c", start, pixels]);
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null());
        let server = Running(command.spawn().unwrap());
        drop(command);
        let mut number = String::new();
        BufReader::new(reader).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "Xvfb does not start");
        Self { display: format!(":{}", number.trim()), _server: server }
    }

    /// The bus name of the specification.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// A screenshot, as PPM or PNG by the file's extension.
    pub fn capture(&self, file: &Path) -> Vec<u8> {
        self.capture_window("root", file)
    }

    /// The same of one window, by its X name.
    pub fn capture_window(&self, window: &str, file: &Path) -> Vec<u8> {
        self.tool("import", ["-window", window, file.to_str().unwrap()]);
        fs::read(file).unwrap()
    }

    /// Runs an X client and returns its output.
    pub fn tool<S: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = S>) -> String {
        let mut command = Command::new(name);
        program::run(command.args(args).env("DISPLAY", &self.display)).with_code(0).out
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

/// Redirects a program's messages to a file, away from the tests' output.
#[must_use]
pub fn quiet(file: &Path) -> Stdio {
    File::create(file).unwrap().into()
}
