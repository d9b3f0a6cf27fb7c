//! `ums`: the reference licensing service and UMS.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ums::server::{Identity, Sockets};
use ums::{Intervals, Ums, UmsError};

/// Runs the reference licensing service and UMS. Prints the addresses when it serves.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// The folder of the database; the image of devices is written to DIR/image.
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Key and certificates of the server, in one PEM file.
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The name by which devices reach the server.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// Where to listen for devices, by HTTPS.
    #[arg(long, default_value = "127.0.0.1:0")]
    devices: SocketAddr,
    /// Where to listen for administrators, by HTTP; every caller may do everything.
    #[arg(long, default_value = "127.0.0.1:0")]
    console: SocketAddr,
    /// How many times as fast as in the field the intervals of deployment pass.
    #[arg(long, default_value = "1")]
    speed: u32,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ums: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<(), UmsError> {
    let failed = |name: &str| {
        let name = name.to_owned();
        move |error| UmsError::Io(name, error)
    };
    std::fs::create_dir_all(&args.dir).map_err(failed(&args.dir.display().to_string()))?;
    let ums = Arc::new(Ums::open(&args.dir, Intervals::FIELD.scaled(args.speed))?);
    ums.write_image(&args.dir.join("image"))?;
    let identity = Identity::read(&args.identity)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(failed("runtime"))?.block_on(async {
        let sockets = Sockets::bind(args.devices, args.console).await?;
        let (devices, console) = sockets.addresses()?;
        let base = format!("https://{}:{}", args.host, devices.port());
        ums.set_base(&base)?;
        writeln!(std::io::stdout(), "{base}\nhttp://{console}/").map_err(failed("output"))?;
        let round = (args.speed > 1).then_some(Duration::from_millis(50));
        sockets.serve(ums, identity, round).await;
        Ok(())
    })
}
