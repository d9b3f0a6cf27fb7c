//! The recipe.

use std::fs::File;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use crate::address::Scheme;
use crate::fault::{Asked, Failed, Fault, system_words};
use crate::job::{BUNDLE_BYTES, Job, Plan};
use crate::output::Output;
use crate::protocol::{REQUEST_BYTES, Request};
use crate::watchdog::Watchdog;
use crate::{ftp, http, retry, sandbox};

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
    let proxy = request.proxy.clone().unwrap_or_default();
    let plan = Plan::of(request).map_err(|fault| match fault {
        Fault::Address(_) => Failed { asked: Asked::Nobody, fault },
        Fault::ProxyAddress => Failed { asked: Asked::Proxy(without_user(&proxy)), fault },
        fault => fault.of(SELF),
    })?;
    let (bundle_name, bundle) = bundle(&plan.bundles());
    let host = plan.address.host.clone();
    sandbox::enter().map_err(local)?;
    let watchdog = Watchdog::start(&host, plan.total, Arc::clone(output));
    let watchdog = watchdog.map_err(|fault| fault.of(SELF))?;
    sandbox::close().map_err(local)?;
    plan.begin(bundle_name, bundle, watchdog).map_err(|fault| fault.of(&host))
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

/// An address that could not be taken apart, fit for a message.
fn without_user(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((_, rest)) => rest.to_owned(),
        None => address.to_owned(),
    }
}

/// The first of these files that can be read, or the first one's name and nothing: addresses
/// without TLS need none.
fn bundle(files: &[String]) -> (String, Vec<u8>) {
    let read = |name: &String| {
        let mut bytes = Vec::new();
        File::open(name).ok()?.take(BUNDLE_BYTES).read_to_end(&mut bytes).ok()?;
        Some((name.clone(), bytes))
    };
    let first = || (files.first().cloned().unwrap_or_default(), Vec::new());
    files.iter().find_map(read).unwrap_or_else(first)
}

/// Asks until there is an answer, no hope or no time.
fn persist<W: Write>(job: &Job, output: &Output<W>, attempts: &mut u32) -> Result<(), Failed> {
    loop {
        *attempts += 1;
        let fetched = match job.address.scheme {
            Scheme::Https | Scheme::Http => http::fetch(job, output),
            Scheme::Ftps | Scheme::Ftp => ftp::fetch(job, output),
        };
        let Err(failed) = fetched else { return Ok(()) };
        let chance = getrandom::u32().unwrap_or(0);
        match retry::wait(&failed.fault, *attempts, job.watchdog.left(), chance) {
            Some(wait) => thread::sleep(wait),
            None => return Err(failed),
        }
    }
}
