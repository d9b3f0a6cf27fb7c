//! `licissue keygen`.

use std::io::{self, Write};
use std::path::Path;

use license_issue::SigningKey;
use serde_json::json;

use crate::args::Keygen;
use crate::error::CommandError;
use crate::files;

/// Permissions of a private key: its owner only.
const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

pub(crate) fn run(args: &Keygen, json: bool, out: &mut impl Write) -> Result<(), CommandError> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        let what = format_args!("gives no random bytes: {error}");
        CommandError::new("the system", what, "try again later")
    })?;
    let Some(key) = SigningKey::from_seed(args.name.clone(), &seed) else {
        return Err(CommandError::new(&args.name, "the random bytes make a weak key", "try again"));
    };
    let private = args.output.join(format!("{}.key", args.name));
    let public = args.output.join(format!("{}.vkey", args.name));
    // This check comes first, so that no private key remains without its public half.
    if public.exists() {
        return Err(not_written(&public, &io::ErrorKind::AlreadyExists.into()));
    }
    write(&private, &key.to_secret_string(), PRIVATE)?;
    write(&public, &key.verifier().to_string(), PUBLIC)?;
    if json {
        let report = json!({
            "schema": 1,
            "key": private.display().to_string(),
            "vkey": public.display().to_string(),
            "verifier": key.verifier().to_string(),
        });
        writeln!(out, "{report}")
    } else {
        writeln!(out, "{}\n{}", private.display(), public.display())
    }
    .map_err(CommandError::of_stdout)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), CommandError> {
    files::create(path, format!("{text}\n").as_bytes(), mode)
        .map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &io::Error) -> CommandError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => CommandError::new(
            path.display(),
            "is there already, and keys are never overwritten",
            "take another name",
        ),
        _ => CommandError::of_file(path, "written", error),
    }
}
