//! The licensing service: keys, packs and licences. What may be done to a pack is decided by the rules
//! of `license_issue` alone.

pub(crate) mod activation;
pub(crate) mod bundle;
pub(crate) mod issue;
pub(crate) mod keys;
pub(crate) mod packs;
