//! Activation: a request to the licensing service, and what becomes of it.

mod answers;
mod cancels;
mod ends;
mod requests;

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use acceptance::client::{Client, Refusal, Signals};
use acceptance::harness::Story;
use acceptance::program::Answer;
use acceptance::server::{Server, ok};
use acceptance::{World, schema, wait};
use serde_json::Value;
use zbus::{OwnedObjectPath, Variant};

/// The stories of all submodules.
pub(crate) const CHAPTERS: [&[Story]; 4] =
    [answers::STORIES, requests::STORIES, cancels::STORIES, ends::STORIES];

const JOB: &str = "com.igel.License1.Job";
const REQUEST: &str = "/license/fetch-activation.json";
const PERSON: [&str; 6] =
    ["--name", "Ada Lovelace", "--company", "Engines Ltd", "--email", "ada@engines.example"];

/// A licensing service that keeps what was posted.
#[derive(Clone)]
struct Service {
    posted: Arc<Mutex<Vec<String>>>,
    server: Server,
}

impl Service {
    /// A service with this answer, which may depend on the request.
    fn with(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::serving(move |request, mut stream| drop(stream.write_all(&answer(request))))
    }

    fn serving(serve: impl Fn(&str, TcpStream) + Send + Sync + 'static) -> Self {
        let posted: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = Arc::clone(&posted);
        let server = Server::http(move |head, mut stream| {
            let length = head.to_ascii_lowercase();
            let length =
                length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
            stream.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            seen.lock().unwrap().push(body.clone());
            serve(&body, stream);
        });
        Self { posted, server }
    }

    /// A service that issues this licence.
    fn issuing(licence: &str) -> Self {
        let licence = ok("", licence);
        Self::with(move |_| licence.clone())
    }

    fn url(&self) -> String {
        self.server.url("activate")
    }

    fn posted(&self) -> Vec<String> {
        self.posted.lock().unwrap().clone()
    }
}

/// A device whose licensing service is at this address.
fn device(url: &str) -> World {
    let world = World::new();
    point_to(&world, url);
    world
}

fn point_to(world: &World, url: &str) {
    let network = "[network]\nconnect_timeout_seconds = 5\ntotal_timeout_seconds = 10\n";
    world.write("/etc/licd/licd.toml", format!("{network}[activation]\nurl = \"{url}\"\n"));
}

fn request_file(world: &World) -> PathBuf {
    world.path(REQUEST)
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let verb = ["activate", "--json", "--accept-terms"];
    verb.iter().chain(&PERSON).chain(more).copied().collect()
}

/// Activates a new device without a daemon, and another with one; both give the same answer.
fn activate(url: &str) -> ([World; 2], Answer) {
    activate_with(url, &[])
}

/// The same with more arguments.
fn activate_with(url: &str, more: &[&str]) -> ([World; 2], Answer) {
    let worlds = [device(url), device(url)];
    let alone = worlds[0].licctl(arguments(more));
    let served = {
        let daemon = worlds[1].start();
        let answer = daemon.licctl(arguments(more));
        assert!(daemon.stop().success());
        answer
    };
    assert_eq!((alone.code, &alone.out), (served.code, &served.out));
    (worlds, alone)
}

/// Calls `Activate`.
fn order(client: &Client, more: &[(&str, Variant<'_>)]) -> Result<OwnedObjectPath, Refusal> {
    let mut options: HashMap<&str, Variant<'_>> = HashMap::new();
    options.insert("name", "Ada Lovelace".into());
    options.insert("email", "ada@engines.example".into());
    options.insert("accept_terms", true.into());
    options.extend(more.iter().map(|(key, value)| (*key, value.try_clone().unwrap())));
    client.manager("Activate", &options)
}

fn finished(signals: &Signals, job: &OwnedObjectPath) -> (String, String) {
    wait::until("Finished", || {
        let ended = signals.named("Finished");
        let is_own = |path: &str| path == job.as_str();
        let own = ended.iter().find(|one| one.header().path().is_some_and(|path| is_own(path)));
        own.map(|signal| signal.body().deserialize().unwrap())
    })
}

fn the_schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/request.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn assert_conforms(request: &str) -> Value {
    let request = serde_json::from_str(request).unwrap();
    assert_eq!(schema::faults(&the_schema(), &request), Vec::<String>::new(), "{request}");
    request
}
