//! The files of the configuration, one over the other.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use licd_fs::look::{self, Looked, look};
use licd_fs::names::names;
use licd_fs::root::Root;
use licd_fs::textfile::{self, ReadError};
use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::{Config, ConfigError, FILE_BYTES, FRAGMENTS};

/// The layers below the fragments, the weakest first.
const LAYERS: [&str; 2] = ["/usr/lib/licd/licd.toml", "/etc/licd/licd.toml"];
pub(super) const FRAGMENT_DIR: &str = "/etc/licd/licd.toml.d";

impl Config {
    /// Reads all layers. An unusable layer is ignored as a whole and reported. Of the others, later
    /// layers override earlier ones key by key.
    ///
    /// # Errors
    /// [`Unavailable`](licd_fs::look::Unavailable).
    pub fn load(root: &Root) -> Looked<(Self, Vec<ConfigError>)> {
        let mut errors = Vec::new();
        let fragments = files(&root.path(FRAGMENT_DIR), "toml", FRAGMENTS, &mut errors)?;
        let mut layers = Vec::new();
        for file in LAYERS.iter().map(|layer| root.path(layer)).chain(fragments) {
            match textfile::read_text(&file, FILE_BYTES)? {
                Ok(text) => layers.extend(text.map(|text| (file, text))),
                Err(error) => errors.push(ConfigError::Unusable { file, error }),
            }
        }
        let mut config = Self::default();
        let mut keys = DeTable::new();
        for (file, text) in &layers {
            match overlaid(&mut keys, text) {
                Ok(next) => config = next,
                Err(error) => errors.push(ConfigError::Unusable { file: file.clone(), error }),
            }
        }
        Ok((config, errors))
    }
}

/// Overrides `keys` with those of `text`, and returns the configuration.
fn overlaid<'a>(keys: &mut DeTable<'a>, text: &'a str) -> Result<Config, ReadError> {
    let located = |error| ReadError::toml(text, &error);
    let read = |keys| Config::deserialize(Deserializer::from(keys)).map_err(located);
    let layer = DeTable::parse(text).map_err(located)?;
    let span = layer.span();
    // The layer alone first: only then does an error have a line and a column.
    read(layer.clone())?;
    let mut next = keys.clone();
    for (section, values) in layer.into_inner() {
        let span = values.span();
        match (next.get_mut(&section).map(Spanned::get_mut), values.into_inner()) {
            (Some(DeValue::Table(old)), DeValue::Table(new)) => old.extend(new),
            (_, values) => drop(next.insert(section, Spanned::new(span, values))),
        }
    }
    let config = read(Spanned::new(span, next.clone()))?;
    *keys = next;
    Ok(config)
}

/// The files in `dir` with the extension, sorted by name, without hidden files; at most `limit`. A
/// missing directory has none.
pub(super) fn files(
    dir: &Path,
    extension: &str,
    limit: usize,
    errors: &mut Vec<ConfigError>,
) -> Looked<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> = match look(dir, names(dir))? {
        Ok(names) => names.iter().map(|name| dir.join(name)).collect(),
        Err(error) => {
            let error = match error.kind() {
                io::ErrorKind::NotFound => look::exists(dir)?.then_some(ReadError::Dangling),
                _ => Some(ReadError::Unreadable(error)),
            };
            let unusable = |error| ConfigError::Unusable { file: dir.to_owned(), error };
            errors.extend(error.map(unusable));
            Vec::new()
        }
    };
    let is_hidden =
        |file: &Path| file.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."));
    files.retain(|file| file.extension() == Some(OsStr::new(extension)) && !is_hidden(file));
    if files.len() > limit {
        errors.push(ConfigError::TooMany { dir: dir.to_owned(), limit });
        files.truncate(limit);
    }
    Ok(files)
}
