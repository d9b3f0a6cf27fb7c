//! Random violence: a device in use, and everything at once that users, programs and accidents do to it.
//!
//! Time passes in *rounds*. In each, several actors import, renew, remove and restore licences of packs
//! of their own, through licd and past it (`licctl --direct`); others send trust documents, settings
//! and garbage; a crowd, a flood, callers that vanish or descriptors that stall load the bus; licd or
//! licctl is killed. At the end of a round, when all are done, the device must be right. Meanwhile, two
//! watchers look at the store and ask for the status.
//!
//! - `plan`: what happens in a round, chosen by the seed and the number of the round
//! - `packs`: what the store must hold, by the answers so far
//! - `actor`: carries out what an actor does, and checks the answers
//! - `load`: what loads the bus meanwhile
//! - `watch`: what must be true at every moment
//! - `quiet`: what must be true at the end of a round
//! - `usage`: memory, descriptors and threads of licd
//! - `rounds`: a run from its first to its last round

mod actor;
mod load;
mod packs;
mod plan;
mod quiet;
mod rounds;
mod usage;
mod watch;

pub use rounds::{Figures, Run};

use crate::world::World;

/// Bytes of the licence partition: room for the licences and ten thousand garbage files.
const PARTITION: u64 = 64 << 20;

/// A device for a run; its licence partition is a file system, if the calling thread may mount one.
#[must_use]
pub fn device(can_mount: bool) -> World {
    if can_mount { World::mounted_with(PARTITION) } else { World::new() }
}
