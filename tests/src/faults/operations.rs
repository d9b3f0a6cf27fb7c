//! What the programs are doing when a fault meets them.

use std::fs;

use crate::client::Client;
use crate::maker::{self, EMP, POWERTERM};
use crate::world::World;

/// Something that a program does, on a device that is made for it.
#[derive(Debug)]
pub struct Operation {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it is to change what is stored or remembered; what only reads need not be killed.
    pub writes: bool,
    /// Makes the device out of a new one.
    pub prepare: fn(&World),
    /// What is traced.
    pub act: Act,
}

/// What is traced.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// licctl without a daemon, with these arguments.
    Tool(fn(&World) -> Vec<String>),
    /// licd from its start until it has told its first status.
    Start,
    /// licd while it answers this, which says whether it was done.
    Running(Call),
}

/// Asks licd for something; an error is the name of what it answers instead.
pub type Call = fn(&World, &Client) -> Result<(), String>;

use Act::{Running, Start, Tool};

/// All of them.
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

/// The operation of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// A device that has been in use: three licences, a trust document that the image does not have,
/// and a memory of what was superseded, converted and removed.
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
    // What the operations bring.
    world.file("new.lic", maker::licence().pack("WE-NEW01").serial(1).sign());
    world.file("renewal.lic", maker::licence().serial(184).sign());
    world.file("trust3.note", maker::trust(3, &[("WE-GONE1", 9)]));
    // The settings as the management has sent them.
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
    // Copied by hand, and superseded by what is there.
    for serial in [181, 182] {
        let old = maker::licence().serial(serial).sign();
        world.copy_by_hand(&format!("old-{serial}.lic"), old);
    }
}

fn words(words: &[&str]) -> Vec<String> {
    ["--direct"].iter().chain(words).map(|word| (*word).to_owned()).collect()
}

/// The path of a file that [`used`] has put where a user has it.
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
        // As a verdict's error is named.
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
