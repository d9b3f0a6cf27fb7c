//! `licctl completions`

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Args;
use crate::output::{Output, VerbResult, Verdict};

pub(crate) fn run(shell: Shell, out: &mut Output) -> VerbResult {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "licctl", &mut script);
    out.raw(&script)?;
    Ok(Verdict::Yes)
}
