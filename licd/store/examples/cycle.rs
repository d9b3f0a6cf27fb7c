//! `cycle DIRECTORY FILE`: the least process that stores a file on a partition: remount, write, flush, rename,
//! flush, remount. What an import costs is measured beside it.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use nix::mount::{MsFlags, mount};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(place), Some(file)) = (args.next(), args.next()) else {
        return Err("usage: cycle DIRECTORY FILE".into());
    };
    let (place, bytes) = (Path::new(&place), fs::read(file)?);
    let remount = |flags| {
        const NONE: Option<&str> = None;
        mount(NONE, place, NONE, MsFlags::MS_REMOUNT | flags, NONE)
    };
    remount(MsFlags::empty())?;
    let temporary = place.join("cycle.tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, place.join("cycle"))?;
    File::open(place)?.sync_all()?;
    Ok(remount(MsFlags::MS_RDONLY)?)
}
