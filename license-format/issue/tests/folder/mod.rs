//! Runs the tool in a folder with keys and packs.
#![allow(dead_code, reason = "every test file uses some of it")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use license_issue::Pack;
use serde_json::Value;

/// A folder with keys, in which the tool runs.
pub(crate) struct Folder(tempfile::TempDir);

/// The result of a run.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    /// The standard output of a successful run.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.err);
        self.out
    }

    /// The message of a run that failed with this code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.starts_with("licissue: ") && self.out.is_empty(), "{}", self.err);
        self.err
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Arguments that make a new pack.
pub(crate) const NEW: &[&str] = &[
    "--pack=WE-7Q2KD",
    "--product=WE",
    "--term=subscription",
    "--category=subscription",
    "--service=SUB_SERVICE_SET_WORKSPACE_EDITION",
    "--starts=2020-01-01",
    "--expires=2097-11-21",
    "--grace-days=28",
    "--subscription-key=ERP-9QK2M",
    "--order=69-3456677",
];
pub(crate) const ISSUE: &[&str] = &["issue", "p.toml", "--sign=issuer.key"];

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for name in ["issuer", "root-a", "root-b"] {
            folder.run(&["keygen", name]).ok();
        }
        folder
    }

    /// A folder with a pack of two units whose first licence is in `a.lic`.
    pub(crate) fn with_pack() -> Self {
        let folder = Self::new();
        let units = ["--unit=00E0C51C5087", "--unit=#85641000D308482019", "-oa.lic"];
        folder.run(&[ISSUE, NEW, &units].concat()).ok();
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Run {
        let mut child = Command::new(env!("CARGO_BIN_EXE_licissue"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A run that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(crate) fn pack(&self, name: &str) -> Pack {
        Pack::parse(&self.read(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The output of `inspect` for a file signed by `issuer`.
    pub(crate) fn inspect(&self, file: &str) -> Value {
        let run = self.run(&["inspect", file, "--vkey=issuer.vkey", "--json"]);
        assert_eq!(run.code, 0, "{}", run.err);
        run.json()
    }
}
