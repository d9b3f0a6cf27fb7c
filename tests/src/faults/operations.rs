//! The operations during which faults are injected.

use std::fs;

use crate::client::Client;
use crate::maker::{self, EMP, POWERTERM};
use crate::world::World;

/// An operation of a program, on a device prepared for it.
#[derive(Debug)]
pub struct Operation {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it changes the store or the memory; operations that only read are not killed.
    pub writes: bool,
    /// Prepares a new device.
    pub prepare: fn(&World),
    /// The traced program.
    pub act: Act,
}

/// The traced program.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// licctl without a daemon, with these arguments.
    Tool(fn(&World) -> Vec<String>),
    /// licd from its start until it has published its first status.
    Start,
    /// licd while it answers this call.
    Running(Call),
}

/// A call to licd; an error is the name of the D-Bus error.
pub type Call = fn(&World, &Client) -> Result<(), String>;

use Act::{Running, Start, Tool};

/// All operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "import", writes: true, prepare: used, act: Tool(import_new) },
    Operation { name: "renewal", writes: true, prepare: used, act: Tool(import_renewal) },
    Operation { name: "trust", writes: true, prepare: used, act: Tool(import_trust) },
    Operation { name: "verify", writes: false, prepare: used, act: Tool(verify) },
    Operation { name: "status", writes: false, prepare: used, act: Tool(status) },
    Operation { name: "feature", writes: false, prepare: used, act: Tool(feature) },
    Operation { name: "remove", writes: true, prepare: used, act: Tool(remove) },
    Operation { name: "start", writes: true, prepare: used, act: Start },
    Operation { name: "profile", writes: true, prepare: with_profile, act: Start },
    Operation { name: "clean-up", writes: true, prepare: with_leftovers, act: Start },
    Operation { name: "refresh", writes: false, prepare: used, act: Running(refresh) },
    Operation { name: "settings", writes: true, prepare: used, act: Running(settings) },
    Operation { name: "served-import", writes: true, prepare: used, act: Running(served_import) },
    Operation { name: "served-remove", writes: true, prepare: used, act: Running(served_remove) },
];

/// The operation with this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// A device in use: three licences, a trust document that the image lacks, and a memory of
/// superseded, converted and removed licences.
fn used(world: &World) {
    let import = |name: &str, content: String| {
        let file = world.file(name, content);
        let _ = world.licctl(["--direct", "import", &file]).with_code(0);
    };
    import("trust.note", maker::trust(2, &[("WE-GONE1", 7)]));
    import("old.lic", maker::licence().pack("WE-OLD01").serial(5).sign());
    let _ = world.licctl(["--direct", "remove", "all"]).with_code(0);
    import("own.lic", maker::licence().serial(183).sign());
    import("emp.lic", maker::licence().pack("EMP-11111").product("EMP").services(&[EMP]).sign());
    let terminal = maker::licence().pack("PWT-11111").product("PWT").services(&[POWERTERM]);
    let terminal = terminal.supersedes(&["PWT-00000"]).issued("2020-06-01T00:00:00Z");
    import("terminal.lic", terminal.sign());
    // The files that the operations import.
    world.file("new.lic", maker::licence().pack("WE-NEW01").serial(1).sign());
    world.file("renewal.lic", maker::licence().serial(184).sign());
    world.file("trust3.note", maker::trust(3, &[("WE-GONE1", 9)]));
    // The settings as the management sent them.
    world.write("/etc/licd/settings.toml", SETTINGS);
}

const SETTINGS: &str = "[system.remotemanager]\nlicense_cleanup = true\n";
const NEW_SETTINGS: &str = "[system.remotemanager]\nlicense_cleanup = false\n";
const PROFILE: &str = "[licensing]\nremove = \"all\"\n";

fn with_profile(world: &World) {
    used(world);
    world.write("/etc/licd/settings.toml", PROFILE);
}

fn with_leftovers(world: &World) {
    used(world);
    // Copied by hand and superseded by a stored licence.
    for serial in [181, 182] {
        let old = maker::licence().serial(serial).sign();
        world.copy_by_hand(&format!("old-{serial}.lic"), old);
    }
}

fn words(words: &[&str]) -> Vec<String> {
    ["--direct"].iter().chain(words).map(|word| (*word).to_owned()).collect()
}

/// The path of a user's file that [`used`] created.
fn inbox(world: &World, name: &str) -> String {
    world.root().with_file_name("inbox").join(name).to_str().unwrap().to_owned()
}

fn import_new(world: &World) -> Vec<String> {
    words(&["import", "--json", &inbox(world, "new.lic")])
}

fn import_renewal(world: &World) -> Vec<String> {
    words(&["import", "--json", &inbox(world, "renewal.lic")])
}

fn import_trust(world: &World) -> Vec<String> {
    words(&["import", "--json", &inbox(world, "trust3.note")])
}

fn verify(world: &World) -> Vec<String> {
    words(&["verify", "--json", &inbox(world, "new.lic")])
}

fn status(_: &World) -> Vec<String> {
    words(&["status", "--json"])
}

fn feature(_: &World) -> Vec<String> {
    words(&["feature", "apps"])
}

fn remove(_: &World) -> Vec<String> {
    words(&["remove", "all"])
}

fn refresh(_: &World, client: &Client) -> Result<(), String> {
    client.manager::<()>("Refresh", &()).map_err(|refusal| refusal.name)
}

fn settings(_: &World, client: &Client) -> Result<(), String> {
    client.manager::<()>("ApplySettings", &NEW_SETTINGS).map_err(|refusal| refusal.name)
}

fn served_import(world: &World, client: &Client) -> Result<(), String> {
    let file = fs::File::open(inbox(world, "new.lic")).unwrap();
    let fd = zbus::Fd::from(std::os::fd::AsFd::as_fd(&file));
    let options = std::collections::HashMap::<&str, zbus::Variant<'_>>::new();
    let verdict = client.manager::<String>("ImportFd", &(fd, "new.lic", options));
    match verdict.map_err(|refusal| refusal.name)? {
        verdict if verdict == "valid" => Ok(()),
        // D-Bus errors are named after verdicts.
        verdict => Err(verdict.split('-').map(capitalised).collect()),
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn served_remove(_: &World, client: &Client) -> Result<(), String> {
    let options = std::collections::HashMap::<&str, zbus::Variant<'_>>::new();
    let removed = client.manager::<u32>("Remove", &("all", options));
    removed.map(drop).map_err(|refusal| refusal.name)
}
