//! The changes that a verb makes.

use license_format::PackId;

use super::effect::Effect;
use crate::pack::Pack;

/// The result of a verb.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Change {
    /// The changed packs and the new ones.
    pub packs: Vec<Pack>,
    /// The packs among these that need a new licence. A pack without units needs none.
    pub due: Vec<PackId>,
    /// The effects, in order.
    pub effects: Vec<Effect>,
}

impl Change {
    /// A change after which the packs that `due` selects need a new licence, if they have units.
    pub(super) fn new(packs: Vec<Pack>, effects: Vec<Effect>, due: impl Fn(&Pack) -> bool) -> Self {
        let is_due = |pack: &&Pack| due(pack) && !pack.units.is_empty();
        let due = packs.iter().filter(is_due).map(|pack| pack.id.clone()).collect();
        Self { packs, due, effects }
    }
}
