//! Imports documents whose bytes are at hand: one look at the device serves everything.

use licd_store::{View, Writer};

use super::{Batch, Foreseen};
use crate::Device;
use crate::arrival::Arrival;
use crate::survey::Survey;

/// Entries of the store up to which a survey holds the lock: it takes some hundredths of a second, where others
/// wait for seconds.
const ENTRIES: usize = 128;

impl Device {
    /// Imports documents that `read` verifies without waiting for any source: under the write lock, so that
    /// the device is looked at once. `None` has no effect, and `read` may not have been called: another program
    /// writes, this user may not, the survey would keep others waiting, or it lacks something.
    /// [`Device::import`] serves all of that.
    pub fn import_at_once(&self, read: impl FnOnce(&Survey) -> Vec<Arrival>) -> Option<Batch> {
        let writer = self.store().writer_at_once().ok()?;
        let view = self.store().view();
        let is_short = |view: &View<'_>| Some(view.licenses().ok()?.entries.len() <= ENTRIES);
        let survey = is_short(&view)?.then(|| self.survey_locked(&view))??;
        let arrivals = read(&survey);
        Some(
            self.concluding(arrivals, |arrivals| {
                self.import_locked(writer, view, survey, arrivals)
            }),
        )
    }

    fn import_locked(
        &self,
        writer: Writer<'_>,
        view: View<'_>,
        survey: Survey,
        mut arrivals: Vec<Arrival>,
    ) -> Batch {
        let foreseen = Foreseen::of(self, survey.clone(), &mut arrivals);
        if !foreseen.has_effect() {
            return foreseen.without_effect(&arrivals);
        }
        let Foreseen { assessor, judged } = foreseen;
        let stored = self.store_locked((&writer, view), (assessor, &survey), &mut arrivals);
        stored.unwrap_or_else(|failure| self.failed(&failure, judged, &survey, &mut arrivals))
    }
}
