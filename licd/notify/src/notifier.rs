//! Shows the notices and records the ones shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::args::Args;
use crate::bus::{Desktop, NoServerError, Notification, Urgency};
use crate::language::Language;
use crate::notices::{Notice, Notices};
use crate::seen::Seen;

/// The state of the shown notices.
pub(crate) struct Notifier {
    root: PathBuf,
    language: Language,
    seen: Seen,
    /// The IDs of the notifications on the desktop by service.
    shown: BTreeMap<String, u32>,
}

impl Notifier {
    /// A notifier that has not shown a notice yet.
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            root: args.root.clone(),
            language: Language::of_user(),
            seen: Seen::of_user(),
            shown: BTreeMap::new(),
        }
    }

    /// Shows the notices that this user has not seen today, and closes those that no longer apply.
    ///
    /// # Errors
    /// [`NoServerError`] if there is a notice to show.
    pub(crate) async fn update(&mut self, desktop: &Desktop) -> Result<(), NoServerError> {
        let Some(notices) = Notices::read(&self.root) else { return Ok(()) };
        for notice in &notices.notices {
            if !self.seen.contains(&notice.service, &notices.day) {
                self.show(notice, desktop).await?;
                self.seen.insert(&notice.service, &notices.day);
            }
        }
        let is_over =
            |service: &str| notices.notices.iter().all(|notice| notice.service != service);
        for (_, id) in self.shown.extract_if(.., |service, _| is_over(service)) {
            desktop.close(id).await;
        }
        Ok(())
    }

    async fn show(&mut self, notice: &Notice, desktop: &Desktop) -> Result<(), NoServerError> {
        let text = notice.text(self.language);
        let notification = Notification {
            title: &text.title,
            body: &text.body,
            urgency: if notice.stops { Urgency::Normal } else { Urgency::Low },
            // Today's notice replaces yesterday's.
            replaces: self.shown.get(&notice.service).copied(),
        };
        let id = desktop.show(&notification).await?;
        self.shown.insert(notice.service.clone(), id);
        Ok(())
    }
}
