//! The restart that new licences want: what licd asks or announces in `/run/licd/restart.json`, and
//! what the user answers.

use std::env;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use licd_rules::Language;
use serde::Deserialize;

use crate::args::Args;
use crate::bus::{Desktop, News, Nobody, Notification, Shown, Urgency};

/// Where it is, below the root.
const FILE: &str = "run/licd/restart.json";
/// What this version reads.
const SCHEMA: u32 = 1;
/// Bytes of the file: ten times what it holds.
const FILE_BYTES: u64 = 64 * 1024;
/// What a user answers who closes the question.
const LATER: &str = "later";

/// What licd has to say of the restart.
#[derive(Debug, Deserialize)]
struct Published {
    schema: u32,
    message: Option<Message>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Message {
    show: Show,
    /// The answers, by the words that licd knows them by.
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

/// The same in one language.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Text {
    title: String,
    body: String,
    without_answers: String,
    answers: Vec<String>,
}

/// What is shown of it.
pub(crate) struct Restart {
    root: PathBuf,
    language: Language,
    /// Whether the user has just logged in.
    is_login: bool,
    /// What licd said last.
    message: Option<Message>,
    shown: Option<Shown>,
}

impl Restart {
    /// Nothing is on show yet.
    pub(crate) fn open(args: &Args) -> Self {
        Self {
            root: args.root.clone(),
            language: Language::of(|name| env::var(name).ok()),
            is_login: true,
            message: None,
            shown: None,
        }
    }

    /// Shows what licd says if it is something else than before, in place of what it said then.
    /// `licd`: whether it can be answered.
    ///
    /// # Errors
    /// There is something to show and no service of the desktop that shows it.
    pub(crate) async fn update(&mut self, desktop: &Desktop, licd: bool) -> Result<(), Nobody> {
        let message = read(&self.root);
        let is_login = std::mem::replace(&mut self.is_login, false);
        if message == self.message {
            return Ok(());
        }
        if let Some(shown) = self.shown.take() {
            desktop.close(shown.id).await;
        }
        if let Some(message) = message.as_ref().filter(|m| is_login || m.show == Show::Now) {
            let text = match self.language {
                Language::English => &message.en,
                Language::German => &message.de,
            };
            let answers = message.answers.iter().zip(&text.answers).filter(|_| licd);
            let notification = Notification {
                title: &text.title,
                body: &text.body,
                urgency: Urgency::Critical,
                actions: answers.map(|(key, words)| (key.as_str(), words.as_str())).collect(),
                without_actions: &text.without_answers,
                replaces: None,
            };
            self.shown = Some(desktop.show(&notification).await?);
        }
        self.message = message;
        Ok(())
    }

    /// The user has pressed a button.
    ///
    /// # Errors
    /// Why licd does not take the answer.
    pub(crate) async fn chosen(&mut self, id: u32, key: &str, licd: &News) -> Result<(), String> {
        match self.shown.take_if(|shown| shown.id == id && shown.is_answerable) {
            Some(_) => licd.answer(key).await,
            None => Ok(()),
        }
    }

    /// The user has closed the question, or its time was over: it is asked again.
    ///
    /// # Errors
    /// Why licd does not take the answer.
    pub(crate) async fn closed(&mut self, id: u32, licd: &News) -> Result<(), String> {
        self.chosen(id, LATER, licd).await
    }
}

/// What licd says below this root. `None` if there is nothing that can be understood.
fn read(root: &Path) -> Option<Message> {
    let mut text = String::new();
    let file = File::open(root.join(FILE)).ok()?;
    file.take(FILE_BYTES).read_to_string(&mut text).ok()?;
    let published: Published = serde_json::from_str(&text).ok()?;
    published.message.filter(|_| published.schema == SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_cannot_be_understood_is_nothing() {
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
