//! The mark of the starter period, `dsa/starter`, with one line: `began 2026-11-22` or `forgone`. It
//! is on the licence partition, apart from the other state, because a factory reset must not restart
//! the period.

use std::path::PathBuf;

use licd_fs::capped::{self, Capped};
use licd_fs::look::errno;
use licd_rules::StarterMark;
use license_format::Date;
use nix::errno::Errno;

use crate::error::StoreError;
use crate::listing::{DSA, Opened, open_file};
use crate::window::{Change, Window};
use crate::{Store, View};

/// The name of the file.
const STARTER: &str = "starter";
/// Limit of the file in bytes, which it never reaches.
const STARTER_BYTES: u64 = 64;
/// The words in the file.
const BEGAN: &str = "began ";
const FORGONE: &str = "forgone";

impl View<'_> {
    /// The mark of the starter period, if there is one.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] if the mark cannot be read or parsed. It then counts as forgone: a
    /// damaged file must not restart the period. [`StoreError::Unavailable`].
    pub fn starter(&self) -> Result<Option<StarterMark>, StoreError> {
        let opened = self.dsa().and_then(|dsa| open_file(dsa, STARTER.as_ref()));
        let failed = |why| StoreError::reading(&self.store.starter_path(), why);
        match opened {
            Ok(Opened::File { file, .. }) => match capped::read_open(file, STARTER_BYTES) {
                Ok(Capped::Whole(text)) => {
                    parse(&text).map(Some).ok_or_else(|| failed(Errno::EUCLEAN))
                }
                Ok(Capped::TooLarge | Capped::NotRegular) => Err(failed(Errno::EUCLEAN)),
                Err(error) => Err(failed(errno(error))),
            },
            Ok(Opened::NotRegular) => Err(failed(Errno::EUCLEAN)),
            Ok(Opened::Gone) | Err(Errno::ENOENT) => Ok(None),
            Err(why) => Err(failed(why)),
        }
    }
}

impl Store {
    /// The mark of the starter period, if there is one.
    ///
    /// # Errors
    /// Those of [`View::starter`].
    pub fn starter(&self) -> Result<Option<StarterMark>, StoreError> {
        self.view().starter()
    }

    fn starter_path(&self) -> PathBuf {
        self.place.join(DSA).join(STARTER)
    }
}

impl Window<'_> {
    /// Stores the mark of the starter period. It survives a power cut once the call returns.
    ///
    /// # Errors
    /// [`StoreError`]; the mark is unchanged.
    pub fn put_starter(&mut self, mark: StarterMark) -> Result<Change, StoreError> {
        let text = match mark {
            StarterMark::Began(day) => format!("{BEGAN}{day}\n"),
            StarterMark::Forgone => format!("{FORGONE}\n"),
        };
        let place = self.store.starter_path();
        self.replace(self.dsa()?, STARTER.as_ref(), text.as_bytes(), &place)
            .map(|(change, _)| change)
    }
}

fn parse(text: &[u8]) -> Option<StarterMark> {
    let text = str::from_utf8(text).ok()?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    match line.strip_prefix(BEGAN) {
        Some(day) => Date::parse(day).map(StarterMark::Began),
        None => (line == FORGONE).then_some(StarterMark::Forgone),
    }
}
