//! The state of a device, for comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::world::World;

/// The device's memory of licences.
const MEMORY: &str = "/var/lib/licd/state.toml";
/// The remembered trust document.
const TRUST: &str = "/var/lib/licd/trust.note";
/// The settings.
const SETTINGS: &str = "/etc/licd/settings.toml";
/// The directories of temporary files and files that were set aside.
const PLACES: [&str; 4] = ["/license", "/var/lib/licd", "/etc/licd", "/run/licd"];

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The licences and the trust document of the store.
    pub store: BTreeMap<PathBuf, Vec<u8>>,
    /// The entries of the memory.
    pub memory: BTreeSet<String>,
    /// The version of the remembered trust document.
    pub trust: u64,
    /// The settings.
    pub settings: String,
}

impl State {
    /// Reads the state of a device.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let all = files(&world.path("/license"));
        let store = all.into_iter().filter(|path| !is_temporary(path)).map(|path| {
            let content = fs::read(&path).unwrap();
            (path.strip_prefix(world.root()).unwrap().to_owned(), content)
        });
        let text = |path| fs::read_to_string(world.path(path)).unwrap_or_default();
        Self {
            store: store.collect(),
            memory: entries(&text(MEMORY)),
            trust: version(&text(TRUST)),
            settings: text(SETTINGS),
        }
    }
}

/// The entries of the memory.
fn entries(text: &str) -> BTreeSet<String> {
    let table: toml::Table = text.parse().unwrap_or_default();
    let list = |(name, value): (&String, &toml::Value)| {
        let entries = value.as_array().cloned().unwrap_or_default();
        entries.into_iter().map(|entry| format!("{name} {entry}")).collect::<Vec<_>>()
    };
    table.iter().flat_map(list).collect()
}

/// The version of a trust document; 0 for other content.
fn version(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("version "));
    line.and_then(|version| version.parse().ok()).unwrap_or(0)
}

/// The version of a trust document in a file, if there is one.
#[must_use]
pub fn trust_version(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok().map(|text| version(&text))
}

/// All regular files in a directory tree.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let kind = entry.file_type().unwrap();
        // mkfs creates lost+found.
        if kind.is_dir() && entry.file_name() != "lost+found" {
            found.extend(files(&entry.path()));
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
    found
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with(".licd-") || name.ends_with(".tmp")
}

/// The temporary files on a device.
#[must_use]
pub fn temporary(world: &World) -> Vec<PathBuf> {
    let all = PLACES.iter().flat_map(|place| files(&world.path(place)));
    all.filter(|path| is_temporary(path)).collect()
}

/// The files of a device that were set aside as damaged.
#[must_use]
pub fn set_aside(world: &World) -> Vec<PathBuf> {
    let all = PLACES.iter().flat_map(|place| files(&world.path(place)));
    all.filter(|path| path.to_string_lossy().contains(".damaged")).collect()
}

/// The claims of a status report: the report without the clock, problems, and facts that no
/// decision depends on.
#[must_use]
pub fn claims(report: &Value) -> Value {
    let keys = ["state", "unit_id", "services", "licenses", "rejected", "features", "store"];
    let mut claims: Value = keys.iter().map(|key| (*key, report[key].clone())).collect();
    claims["generation"] = report["os"]["generation"].clone();
    // The store may be writable for a moment; another check covers whether it stays writable.
    if claims["store"]["state"] == "writable" {
        claims["store"]["state"] = json!("read-only");
    }
    claims
}

/// How many features these claims allow.
#[must_use]
pub fn allowed(claims: &Value) -> usize {
    allowed_of(&claims["features"])
}

fn allowed_of(features: &Value) -> usize {
    let all = features.as_object().into_iter().flat_map(serde_json::Map::values);
    all.filter(|feature| feature["allowed"] == true).count()
}

/// A short description of how two claims differ.
#[must_use]
pub fn difference(is: &Value, should: &Value) -> String {
    let empty = serde_json::Map::new();
    let of = |value: &'_ Value| value.as_object().unwrap_or(&empty).clone();
    let (is, should) = (of(is), of(should));
    let differs = should.keys().filter(|key| is.get(*key) != should.get(*key));
    let words = differs.map(|key| {
        let count = |features: Option<&Value>| features.map_or(0, allowed_of);
        let brief = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(list)) => format!("{} of them", list.len()),
            Some(Value::Object(_)) if key == "features" => format!("{} allowed", count(value)),
            Some(other) => other.to_string(),
            None => "nothing".to_owned(),
        };
        format!("{key}: {} instead of {}", brief(is.get(key)), brief(should.get(key)))
    });
    words.collect::<Vec<_>>().join(", ")
}
