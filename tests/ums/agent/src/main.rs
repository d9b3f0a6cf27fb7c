//! `ums-agent`: joins the licd of a device to a UMS. An example to start from; it knows licd by its bus
//! only.
//!
//! Settings go down: UMS answers a report with the settings of the device, and the agent hands them to
//! `ApplySettings`. While `CheckFeature("config-change")` forbids changes, only the settings of licensing
//! are new, and the others stay as they were. Status goes up: after each `Changed`, after a datagram from
//! UMS, and now and then, because UMS may not reach the device.
//!
//! A kill at any moment loses nothing: what UMS sent is on the disk before licd gets it, and licd gets it
//! again at every start.

mod agent;
mod error;
mod licd;
mod state;
mod ums;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Joins the licd of this device to a UMS.
#[derive(clap::Parser)]
struct Args {
    /// The address of UMS, https://HOST:PORT
    #[arg(long)]
    ums: String,
    /// The authorities of its certificate, in PEM
    #[arg(long)]
    ca: PathBuf,
    /// The file with the state of the agent
    #[arg(long, default_value = "/var/lib/ums-agent/state.json")]
    state: PathBuf,
    /// The bus of licd: system or an address
    #[arg(long, default_value = "system")]
    bus: String,
    /// The root directory of the device
    #[arg(long, default_value = "/")]
    root: PathBuf,
    /// Where UMS can wake the agent
    #[arg(long, default_value = "0.0.0.0:0")]
    listen: SocketAddr,
    /// Seconds between two reports without news
    #[arg(long, default_value = "3600")]
    every: u32,
}

fn main() {
    let Err(error) = agent::run(&<Args as clap::Parser>::parse());
    say(&error);
    std::process::exit(1);
}

/// Writes to the journal. Without one the agent still works.
fn say(what: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "ums-agent: {what}");
}
