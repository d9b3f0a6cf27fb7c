//! Licences that a removal leaves although they unlock the selected service.

use std::fmt;

use licd_rules::{Class, Selector};
use license_format::PackId;
use serde::Serialize;

use crate::Survey;

/// A file that a removal left because its licence is of another class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its name in the store.
    pub file: String,
    /// Its pack.
    #[serde(serialize_with = "crate::json::serialize")]
    pub pack: PackId,
    /// Its class: the selector's word, or the name of a service without one.
    pub class: String,
}

impl Survey {
    /// The files that a removal by `selector` leaves although they unlock the selected service.
    /// Excludes files that licd could not read.
    #[must_use]
    pub fn left_by(&self, selector: &Selector) -> Vec<Left> {
        let left = self.held.iter().filter(|held| selector.leaves(&held.license));
        left.map(|held| Left {
            file: held.name.to_string(),
            pack: held.license.pack.clone(),
            class: Class::of(&held.license).to_string(),
        })
        .collect()
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, pack, class } = self;
        write!(f, "{file}: stays, because it counts as {class}; “pack:{pack}” removes it")
    }
}
