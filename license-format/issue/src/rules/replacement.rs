//! The replacement of one pack by another.

use super::error::{Rule, RuleError};
use crate::pack::{Pack, Status};

impl Pack {
    /// Closes the pack in favour of its successor, which has taken over its units.
    pub(super) fn close(&mut self, status: Status, successor: &Pack) {
        self.recorded = status;
        self.successor = Some(successor.id.clone());
        self.units.clear();
    }

    /// Supersedes another pack and all that it supersedes: a device may hold a licence of one of those
    /// and never have seen one of the other pack.
    pub(super) fn supersede(&mut self, other: &Pack) -> Result<(), RuleError> {
        self.supersedes.insert(other.id.clone());
        self.supersedes.extend(other.supersedes.iter().cloned());
        self.supersedes.remove(&self.id);
        self.issued = self.issued.max(other.issued);
        self.check().or_else(|error| self.refuse(Rule::InvalidPack(error)))
    }
}
