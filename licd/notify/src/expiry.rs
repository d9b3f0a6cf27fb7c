//! The notifications about the expiry of licences.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use licd_rules::Language;

use crate::args::Args;
use crate::bus::{Notification, NotificationServer, NotifyError, Shown, Urgency};
use crate::published::{Notice, PublishedNotices};
use crate::seen::Seen;

/// The notifications of this session.
pub(crate) struct ExpiryNotifications {
    root: PathBuf,
    language: Language,
    seen: Seen,
    /// The ID of the notification on the screen, by service.
    ids: BTreeMap<String, u32>,
}

impl ExpiryNotifications {
    /// Those of a session in which none has been shown yet.
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            root: args.root.clone(),
            language: Language::of(|name| env::var(name).ok()),
            seen: Seen::of_user(),
            ids: BTreeMap::new(),
        }
    }

    /// Shows the notices that this user has not seen today, and closes those that no longer apply.
    ///
    /// # Errors
    /// [`NotifyError`]
    pub(crate) async fn update(&mut self, server: &NotificationServer) -> Result<(), NotifyError> {
        let Some(published) = PublishedNotices::read(&self.root) else { return Ok(()) };
        for notice in &published.notices {
            if !self.seen.contains(&notice.service, &published.day) {
                self.show(notice, server).await?;
                self.seen.insert(&notice.service, &published.day);
            }
        }
        let is_over =
            |service: &str| published.notices.iter().all(|notice| notice.service != service);
        for (_, id) in self.ids.extract_if(.., |service, _| is_over(service)) {
            server.close(id).await;
        }
        Ok(())
    }

    async fn show(
        &mut self,
        notice: &Notice,
        server: &NotificationServer,
    ) -> Result<(), NotifyError> {
        let text = notice.text(self.language);
        let notification = Notification {
            summary: &text.title,
            body: &text.body,
            urgency: if notice.stops { Urgency::Normal } else { Urgency::Low },
            actions: Vec::new(),
            body_without_actions: "",
            // Today's notification replaces yesterday's.
            replaces: self.ids.get(&notice.service).copied(),
        };
        let Shown { id, .. } = server.show(&notification).await?;
        self.ids.insert(notice.service.clone(), id);
        Ok(())
    }
}
