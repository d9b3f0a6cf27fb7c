//! Which of a device's candidates is its unit ID.

use license_format::{License, UnitId};

/// The unit ID of a device: of the candidates, best first, the first one that a genuine licence
/// names, else the best. So a licence keeps its unit when a dock or another card turns up.
#[must_use]
pub fn choose<'a>(candidates: &'a [UnitId], genuine: &[&License]) -> Option<&'a UnitId> {
    let named = candidates.iter().find(|unit| genuine.iter().any(|license| license.names(unit)));
    named.or(candidates.first())
}
