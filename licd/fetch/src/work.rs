//! The recipe.

use std::io::{self, Read as _, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use licd_protocol::{REQUEST_BYTES, Request, ca_file};

use crate::fault::{Failed, Fault, system_words};
use crate::job::{Job, Plan};
use crate::names::Names;
use crate::output::Output;
use crate::tls::Bundle;
use crate::watchdog::Watchdog;
use crate::{ftp, http, retry, sandbox};

/// Where the system keeps its bundle: Debian and its kin, Red Hat and its kin, others.
const BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];
/// Who is named when nobody was asked yet.
const SELF: &str = "licd-fetch";

/// Reads a request, fetches what it asks for and hands it on.
pub(crate) fn run() -> ExitCode {
    let output = Arc::new(Output::new(io::stdout()));
    let mut attempts = 0;
    let last = match prepare(&output).and_then(|job| persist(&job, &output, &mut attempts)) {
        Ok(()) => output.end(),
        Err(failed) => output.failure(failed.failure(attempts)),
    };
    match last {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Everything that comes before the first byte from the network.
fn prepare<W: Write + Send + 'static>(output: &Arc<Output<W>>) -> Result<Job, Failed> {
    let local = |error: sandbox::Error| {
        Fault::Local { what: "locking itself in", error: error.to_string() }.of(SELF)
    };
    sandbox::close_inherited().map_err(local)?;
    let request = request().map_err(|fault| fault.of(SELF))?;
    let plan = Plan::of(request).map_err(|fault| fault.of(SELF))?;
    let bundle = bundle(&plan);
    let host = plan.url.host().to_owned();
    sandbox::enter().map_err(local)?;
    let watchdog = Watchdog::start(&host, plan.total, Arc::clone(output));
    let watchdog = watchdog.map_err(|fault| fault.of(SELF))?;
    let names = Names::start().map_err(|fault| fault.of(SELF))?;
    sandbox::close().map_err(local)?;
    plan.begin(bundle, watchdog, names).map_err(|fault| fault.of(&host))
}

fn request() -> Result<Request, Fault> {
    let what = "reading the request";
    let mut text = Vec::new();
    io::stdin()
        .take(REQUEST_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| Fault::Local { what, error: system_words(&error) })?;
    if text.len() as u64 > REQUEST_BYTES {
        return Err(Fault::Local { what, error: "it is too long".to_owned() });
    }
    // The reader's own words may quote a password.
    serde_json::from_slice(&text)
        .map_err(|_| Fault::Local { what, error: "it is not of the form agreed on".to_owned() })
}

/// The configured bundle of authorities, or the first of the system's that there is; if there is none,
/// why: addresses without TLS need none.
fn bundle(plan: &Plan) -> Bundle {
    if let Some(file) = plan.ca_file() {
        let wrong = |error| format!("[network] ca_file {file} {error}");
        return ca_file::read(Path::new(file)).map_err(wrong);
    }
    let read = |file: &&str| ca_file::read(Path::new(file)).ok();
    BUNDLES.iter().find_map(read).ok_or_else(|| {
        "this system has no certificate authorities; install the package ca-certificates or set \
         [network] ca_file"
            .to_owned()
    })
}

/// Asks until there is an answer, no hope or no time.
fn persist<W: Write>(job: &Job, output: &Output<W>, attempts: &mut u32) -> Result<(), Failed> {
    loop {
        *attempts += 1;
        let fetched = match job.url.scheme().is_web() {
            true => http::fetch(job, output),
            false => ftp::fetch(job, output),
        };
        let Err(failed) = fetched else { return Ok(()) };
        let chance = getrandom::u32().unwrap_or(0);
        match retry::wait(&failed.fault, *attempts, job.watchdog.left(), chance) {
            Some(wait) => thread::sleep(wait),
            None => return Err(failed),
        }
    }
}
