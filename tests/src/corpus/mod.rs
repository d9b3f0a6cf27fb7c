//! Licence files and trust documents, each with the verdict on it: `tests/corpus`.
//!
//! This module generates the files from public keys and seeds, with the same bytes every time, so
//! that the committed files can be compared. They are for a device with the unit ID [`UNIT`] and
//! the content of `tests/corpus/device`.

mod bounds;
mod form;
mod judged;
mod keys;
mod points;
mod products;
mod signed;
mod trusted;
mod units;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::maker::{self, UNIT};
use crate::world::World;

/// The version of the trust document on the corpus's device.
const TRUST_VERSION: u64 = 3;
/// A pack whose serial 10 is on the device.
const PRESENT: &str = "WE-HERE1";
/// A pack whose serials up to 5 the trust document withdraws.
const WITHDRAWN: &str = "WE-GONE1";

const HEADER: &str = "\
# The verdict on every file beside this one, and a piece of its message, on a device with the unit
# ID 00E0C51C5087 and what is in the directory “device”. Made by: cargo run -p acceptance --bin corpus
";

/// A file and the verdict on it.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its name, without `.lic`.
    pub name: String,
    /// The verdict.
    pub code: &'static str,
    /// A part of the message.
    pub says: String,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Sample {
    fn new(
        name: impl Into<String>,
        code: &'static str,
        says: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        Self { name: name.into(), code, says: says.into(), bytes: bytes.into() }
    }

    /// A file whose licence is in force or pending.
    fn valid(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(name, "valid", "in force until 2099-12-31", bytes)
    }

    fn path(&self) -> PathBuf {
        let accepted = ["valid", "pending"].contains(&self.code);
        let dir = if accepted { "valid" } else { "refused" };
        Path::new(dir).join(format!("{}.lic", self.name))
    }
}

/// Every file with its verdict.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let parts = [
        keys::samples(),
        products::samples(),
        form::samples(),
        signed::samples(),
        points::samples(),
        units::samples(),
        judged::samples(),
        trusted::samples(),
        bounds::samples(),
    ];
    parts.concat()
}

/// The path of the corpus.
#[must_use]
pub fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All files of the corpus, by path.
///
/// # Panics
/// If two samples have the same name.
#[must_use]
pub fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut expected = HEADER.to_owned();
    for sample in samples() {
        let path = sample.path();
        let _ = write!(
            expected,
            "\n[[file]]\nname = {:?}\ncode = {:?}\nsays = {}\n",
            path.to_str().unwrap(),
            sample.code,
            toml::Value::from(sample.says),
        );
        let earlier = files.insert(path.clone(), sample.bytes);
        assert!(earlier.is_none(), "{} is there twice", path.display());
    }
    files.insert("expected.toml".into(), expected.into_bytes());
    for key in maker::roots() {
        let name = format!("device/roots.d/{}.vkey", key.verifier().name());
        files.insert(name.into(), format!("{}\n", key.verifier()).into_bytes());
    }
    for (n, key) in bounds::long_roots().iter().enumerate() {
        let name = format!("device/roots.d/long-{}.vkey", n + 1);
        files.insert(name.into(), format!("{}\n", key.verifier()).into_bytes());
    }
    files.insert("device/trust.note".into(), trust().into_bytes());
    files.insert("device/licenses/present.lic".into(), present().into_bytes());
    for key in maker::roots().into_iter().chain([maker::issuer(), maker::demo_issuer()]) {
        let name = format!("keys/{}.key", key.verifier().name());
        files.insert(name.into(), format!("{}\n", key.to_secret_string()).into_bytes());
    }
    files
}

fn trust() -> String {
    let known = maker::trust(TRUST_VERSION, &[(WITHDRAWN, 5)]);
    let (text, _) = known.split_once("\n\n").unwrap();
    let (keys, withdrawn) = text.split_once("withdraw ").unwrap();
    let text = format!("{keys}key {} *\nwithdraw {withdrawn}\n", points::mixed_verifier());
    let [a, b, _] = maker::roots();
    license_issue::sign(&text, &[&a, &b])
}

fn present() -> String {
    let draft = maker::licence().pack(PRESENT).serial(10).product("EMP").services(&[maker::EMP]);
    draft.sign()
}

/// The content of `expected.toml`.
#[derive(Debug, Deserialize)]
pub struct Expected {
    /// One entry per file.
    pub file: Vec<Entry>,
}

/// An entry of `expected.toml`.
#[derive(Debug, Deserialize)]
pub struct Entry {
    /// Its path in the corpus.
    pub name: String,
    /// The verdict.
    pub code: String,
    /// A part of the message.
    pub says: String,
}

impl Entry {
    /// The file.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        dir().join(&self.name)
    }
}

/// Reads `expected.toml`.
#[must_use]
pub fn expected() -> Vec<Entry> {
    let text = std::fs::read_to_string(dir().join("expected.toml")).unwrap();
    toml::from_str::<Expected>(&text).unwrap().file
}

/// The device that the verdicts are for.
#[must_use]
pub fn device() -> World {
    let world = World::new();
    assert_eq!(world.licctl(["unit-id"]).with_code(0).out.trim(), UNIT);
    for (n, key) in bounds::long_roots().iter().enumerate() {
        let file = format!("/usr/lib/licd/roots.d/long-{}.vkey", n + 1);
        world.write(&file, format!("{}\n", key.verifier()));
    }
    world.write("/usr/lib/licd/trust.note", trust());
    world.write("/license/dsa/licenses/present.lic", present());
    world
}

/// The text that most samples vary in one point, without its last line, the unit.
fn text() -> String {
    maker::licence().text()
}

/// The lines of [`text`], numbered from 1.
fn lines() -> Vec<String> {
    text().lines().map(str::to_owned).collect()
}

/// The number of the line of this key.
fn line_of(key: &str) -> usize {
    let is = |line: &String| line.split(' ').next() == Some(key);
    lines().iter().position(is).unwrap() + 1
}

/// These lines, signed.
fn signed(lines: &[String]) -> String {
    maker::sign(&lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

/// [`text`] with one line replaced, signed.
fn exchanged(key: &str, others: &[&str]) -> String {
    let mut lines = lines();
    let at = line_of(key) - 1;
    lines.splice(at..=at, others.iter().map(|line| (*line).to_owned()));
    signed(&lines)
}

/// [`text`] with lines inserted before this key, signed.
fn inserted(key: &str, more: &[&str]) -> String {
    let mut lines = lines();
    let at = line_of(key) - 1;
    lines.splice(at..at, more.iter().map(|line| (*line).to_owned()));
    signed(&lines)
}
