//! What is on show.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;

use licd_rules::Language;

use crate::args::Args;
use crate::bus::{Desktop, Nobody, Notification, Shown, Urgency};
use crate::marks::Marks;
use crate::sheet::{Notice, Sheet};

/// What was shown, and what this user has seen.
pub(crate) struct Board {
    root: PathBuf,
    language: Language,
    marks: Marks,
    /// Of each service, the number by which the desktop knows its notification.
    shown: BTreeMap<String, u32>,
}

impl Board {
    /// Nothing is on show yet.
    pub(crate) fn open(args: &Args) -> Self {
        Self {
            root: args.root.clone(),
            language: Language::of(|name| env::var(name).ok()),
            marks: Marks::of_user(),
            shown: BTreeMap::new(),
        }
    }

    /// Shows what this user has not seen today, and takes away what is no longer true.
    ///
    /// # Errors
    /// There is something to show and nobody who shows it.
    pub(crate) async fn update(&mut self, desktop: &Desktop) -> Result<(), Nobody> {
        let Some(sheet) = Sheet::read(&self.root) else { return Ok(()) };
        for notice in &sheet.notices {
            if !self.marks.has(&notice.service, &sheet.day) {
                self.show(notice, desktop).await?;
                self.marks.set(&notice.service, &sheet.day);
            }
        }
        let is_over = |service: &str| sheet.notices.iter().all(|notice| notice.service != service);
        for (_, id) in self.shown.extract_if(.., |service, _| is_over(service)) {
            desktop.close(id).await;
        }
        Ok(())
    }

    async fn show(&mut self, notice: &Notice, desktop: &Desktop) -> Result<(), Nobody> {
        let words = notice.words(self.language);
        let notification = Notification {
            title: &words.title,
            body: &words.body,
            urgency: if notice.stops { Urgency::Normal } else { Urgency::Low },
            actions: Vec::new(),
            without_actions: "",
            // Yesterday's goes where today's comes.
            replaces: self.shown.get(&notice.service).copied(),
        };
        let Shown { id, .. } = desktop.show(&notification).await?;
        self.shown.insert(notice.service.clone(), id);
        Ok(())
    }
}
