//! The restart after a deployment: licd's question or announcement in `/run/licd/restart.json`, and
//! the user's answer.

use std::env;
use std::path::{Path, PathBuf};

use licd_client::CallError;
use licd_rules::Language;
use serde::Deserialize;

use crate::args::Args;
use crate::bus::{Licd, Notification, NotificationServer, NotifyError, Shown, Urgency};
use crate::published::read_json;

/// The file, below the root.
const FILE: &str = "run/licd/restart.json";
/// The schema that this version reads.
const SCHEMA: u32 = 1;
/// Limit of the file in bytes: ten times its size.
const FILE_BYTES: u64 = 64 * 1024;
/// The answer of a user who closes the question.
const LATER: &str = "later";

/// The file.
#[derive(Debug, Deserialize)]
struct PublishedRestart {
    schema: u32,
    message: Option<Message>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Message {
    show: Show,
    /// The answers, as licd reads them.
    answers: Vec<String>,
    en: Text,
    de: Text,
}

/// Who sees a message.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Show {
    Now,
    Login,
}

/// A message in one language.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Text {
    title: String,
    body: String,
    without_answers: String,
    answers: Vec<String>,
}

/// The notification about the restart.
pub(crate) struct RestartNotification {
    root: PathBuf,
    language: Language,
    /// Whether the user has just logged in.
    is_login: bool,
    /// The message that licd published last.
    message: Option<Message>,
    shown: Option<Shown>,
}

impl RestartNotification {
    /// That of a session in which none has been shown yet.
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            root: args.root.clone(),
            language: Language::of(|name| env::var(name).ok()),
            is_login: true,
            message: None,
            shown: None,
        }
    }

    /// Replaces the notification if licd has published another message. Shows buttons if the answer
    /// reaches licd.
    ///
    /// # Errors
    /// [`NotifyError`]
    pub(crate) async fn update(
        &mut self,
        server: &NotificationServer,
        licd: Option<&Licd>,
    ) -> Result<(), NotifyError> {
        let message = read(&self.root);
        let is_login = std::mem::replace(&mut self.is_login, false);
        if message == self.message {
            return Ok(());
        }
        if let Some(shown) = self.shown.take() {
            server.close(shown.id).await;
        }
        if let Some(message) = message.as_ref().filter(|m| is_login || m.show == Show::Now) {
            let text = match self.language {
                Language::English => &message.en,
                Language::German => &message.de,
            };
            let answers = message.answers.iter().zip(&text.answers).filter(|_| licd.is_some());
            let notification = Notification {
                summary: &text.title,
                body: &text.body,
                urgency: Urgency::Critical,
                actions: answers.map(|(key, label)| (key.as_str(), label.as_str())).collect(),
                body_without_actions: &text.without_answers,
                replaces: None,
            };
            self.shown = Some(server.show(&notification).await?);
        }
        self.message = message;
        Ok(())
    }

    /// The user has pressed a button.
    ///
    /// # Errors
    /// licd refuses the answer, or does not answer.
    pub(crate) async fn answered(
        &mut self,
        id: u32,
        key: &str,
        licd: &Licd,
    ) -> Result<(), CallError> {
        match self.shown.take_if(|shown| shown.id == id && shown.has_actions) {
            Some(_) => licd.answer(key).await,
            None => Ok(()),
        }
    }

    /// The user has closed the question, or it has expired: licd asks again later.
    ///
    /// # Errors
    /// licd refuses the answer, or does not answer.
    pub(crate) async fn closed(&mut self, id: u32, licd: &Licd) -> Result<(), CallError> {
        self.answered(id, LATER, licd).await
    }
}

/// The message that licd publishes below this root; `None` without one that this version understands.
fn read(root: &Path) -> Option<Message> {
    let published: PublishedRestart = read_json(&root.join(FILE), FILE_BYTES)?;
    published.message.filter(|_| published.schema == SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_of_another_form_counts_as_absent() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("run/licd")).unwrap();
        let text = r#"{"title":"t","body":"b","without_answers":"","answers":["Yes"]}"#;
        let text_of = |schema: u32| {
            let message = format!(r#"{{"show":"now","answers":["now"],"en":{text},"de":{text}}}"#);
            format!(r#"{{"schema":{schema},"plan":"asked","message":{message}}}"#)
        };
        for (text, is_message) in [
            (text_of(1), true),
            (text_of(2), false),
            (r#"{"schema":1,"message":null}"#.to_owned(), false),
            ("nonsense".to_owned(), false),
        ] {
            fs::write(dir.path().join(FILE), &text).unwrap();
            assert_eq!(read(dir.path()).is_some(), is_message, "{text}");
        }
        assert!(read(Path::new("/nonexistent")).is_none());
    }
}
