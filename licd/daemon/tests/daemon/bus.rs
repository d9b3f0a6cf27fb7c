//! A private bus, and callers on it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use zbus::export::futures_core::Stream as _;
use zbus::message::Type;
use zbus::{Connection, DBusError as _, MatchRule, Message, MessageStream};

pub(crate) const NAME: &str = "com.igel.License1";
pub(crate) const PATH: &str = "/com/igel/License1";
pub(crate) const MANAGER: &str = "com.igel.License1.Manager";

/// Longer than anything takes here; what takes longer has failed.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// A private dbus-daemon, ended when dropped.
pub(crate) struct Bus {
    process: Child,
    pub(crate) address: String,
}

impl Bus {
    /// A bus on which everyone may do everything.
    pub(crate) fn start(dir: &Path) -> Self {
        let rules = r#"<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>"#;
        Self::with(dir, "session", &format!(r#"<policy context="default">{rules}</policy>"#))
    }

    /// A bus with these rules.
    pub(crate) fn with(dir: &Path, kind: &str, rules: &str) -> Self {
        let (config, socket) = (dir.join("bus.conf"), dir.join("bus"));
        let text = format!(
            "<busconfig><type>{kind}</type><listen>unix:path={}</listen>\
             <auth>EXTERNAL</auth>\
             <policy context=\"default\"><allow user=\"*\"/></policy>{rules}</busconfig>",
            socket.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut process = Command::new("dbus-daemon")
            .arg("--nofork")
            .arg("--print-address")
            .arg(format!("--config-file={}", config.display()))
            .stdout(Stdio::piped())
            .spawn()
            .expect("dbus-daemon is installed");
        let mut address = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { process, address: address.trim().to_owned() }
    }

    /// A new caller.
    pub(crate) fn caller(&self) -> Caller {
        let build = zbus::connection::Builder::address(self.address.as_str()).build();
        Caller { connection: zbus::block_on(build).unwrap() }
    }

    /// Ends the bus.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) fn socket(&self) -> PathBuf {
        let path = self.address.strip_prefix("unix:path=").unwrap();
        path.split(',').next().unwrap().into()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A connection to the bus.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) connection: Connection,
}

/// An error reply: name and message.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused(pub(crate) String, pub(crate) String);

impl Caller {
    /// Calls the daemon's own object.
    pub(crate) fn call<B, T>(&self, method: &str, body: &B) -> Result<T, Refused>
    where
        B: serde::Serialize + zbus::DynamicType,
        T: for<'s> zbus::wire::DynamicDeserialize<'s>,
    {
        self.call_at(PATH, MANAGER, method, body)
    }

    /// Calls any object of the daemon.
    pub(crate) fn call_at<B, T>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<T, Refused>
    where
        B: serde::Serialize + zbus::DynamicType,
        T: for<'s> zbus::wire::DynamicDeserialize<'s>,
    {
        let reply = self.answer(path, interface, method, body)?;
        Ok(reply.body().deserialize().unwrap())
    }

    /// The answer to a call as a message.
    pub(crate) fn answer<B>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, Refused>
    where
        B: serde::Serialize + zbus::DynamicType,
    {
        let call = self.connection.call_method(Some(NAME), path, Some(interface), method, body);
        zbus::block_on(call).map_err(|error| match error {
            zbus::Error::MethodError(name, text, _) => {
                Refused(name.to_string(), text.unwrap_or_default())
            }
            zbus::Error::FDO(error) => {
                let (name, text) =
                    (error.name().to_string(), error.description().map(str::to_owned));
                Refused(name, text.unwrap_or_default())
            }
            other => panic!("{method}: {other}"),
        })
    }

    /// Signals of the daemon from now on.
    pub(crate) fn listen(&self) -> Signals {
        let rule = MatchRule::builder().msg_type(Type::Signal).sender(NAME).build().unwrap();
        let stream = MessageStream::for_match_rule(
            rule,
            &self.connection,
            std::num::NonZeroUsize::new(4096),
        );
        Signals { stream: zbus::block_on(stream).unwrap() }
    }

    /// Waits until the name is owned.
    pub(crate) fn wait_for_name(&self) {
        let bus = "org.freedesktop.DBus";
        let end = Instant::now() + DEADLINE;
        loop {
            let call = self.connection.call_method(
                Some(bus),
                "/org/freedesktop/DBus",
                Some(bus),
                "NameHasOwner",
                &NAME,
            );
            if zbus::block_on(call).unwrap().body().deserialize().unwrap() {
                return;
            }
            assert!(Instant::now() < end, "the daemon does not take its name");
            std::thread::yield_now();
        }
    }
}

/// Signals as they come.
pub(crate) struct Signals {
    stream: MessageStream,
}

impl Signals {
    /// The next signal for which `wanted` has an answer.
    pub(crate) fn wait_for<T>(&mut self, what: &str, wanted: impl Fn(&Message) -> Option<T>) -> T {
        let end = Instant::now() + DEADLINE;
        zbus::block_on(async {
            loop {
                let next =
                    std::future::poll_fn(|context| Pin::new(&mut self.stream).poll_next(context));
                let left = end.saturating_duration_since(Instant::now());
                let runtime = zruntime::SharedRuntime::current().unwrap();
                let Ok(message) = runtime.timeout(left, next).await else {
                    panic!("no signal: {what}")
                };
                if let Some(found) = wanted(&message.unwrap().unwrap()) {
                    return found;
                }
            }
        })
    }

    /// Waits for the signal of this name.
    pub(crate) fn wait_for_member(&mut self, member: &str) -> Message {
        self.wait_for(member, |message| {
            (message.header().member()?.as_str() == member).then(|| message.clone())
        })
    }
}
