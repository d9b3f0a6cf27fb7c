//! `licctl import`

use std::path::{Path, PathBuf};

use licd_device::FileVerdict;
use licd_rules::Code;

use super::source;
use crate::desk::Desk;
use crate::out::{Answer, Out, Verdict};

pub(crate) fn run(desk: &Desk, sources: &[PathBuf], out: &mut Out) -> Answer {
    let mut verdicts: Vec<_> = sources.iter().map(|path| import(desk, path)).collect();
    // A licence may have been named before the trust document that vouches for its key.
    if verdicts.iter().any(|file| file.code.is_accepted()) {
        for (path, verdict) in sources.iter().zip(&mut verdicts) {
            if matches!(verdict.code, Code::UnknownKey | Code::UntrustedProduct) && !is_stdin(path)
            {
                *verdict = import(desk, path);
            }
        }
    }
    source::print(&verdicts, out)?;
    Ok(verdict(&verdicts))
}

fn import(desk: &Desk, path: &Path) -> FileVerdict {
    let name = source::name(path);
    match source::open(path) {
        Ok(file) => desk.import(&name, file),
        Err(failure) => source::unread(name, failure),
    }
}

fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Good if something was accepted and nothing was refused but for being another device's; else the
/// worst.
fn verdict(files: &[FileVerdict]) -> Verdict {
    let accepted = files.iter().any(|file| file.code.is_accepted());
    let mine = files.iter().filter(|file| file.code != Code::WrongDevice);
    let refused = mine.clone().any(|file| !file.code.is_accepted());
    if accepted && !refused { Verdict::Yes } else { source::worst(files.iter()) }
}
