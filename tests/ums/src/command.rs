//! What an administrator orders.

use std::collections::{BTreeMap, BTreeSet};

use license_format::{Expiry, PackId, UnitId};
use license_issue::SerialNumber;

use crate::error::UmsError;
use crate::fleet::profile::RemovalProfile;
use crate::portal::packs::Distribution;

/// An order of an administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Adds a pack, in the form of a pack file, and states how UMS distributes it.
    AddPack(String, Distribution),
    /// Gives a unit a licence of a pack; without a pack, looks for one as automatic deployment does.
    Deploy(UnitId, Option<PackId>),
    /// Removes a unit from a pack.
    Remove(UnitId, PackId),
    /// Moves a licence to another unit: the first leaves the pack, the second joins it.
    Transfer(UnitId, UnitId, PackId),
    /// Assigns a removal profile, or takes it off.
    Profile(UnitId, RemovalProfile),
    /// Asks a device to read its licences again.
    Refresh(UnitId),
    /// Moves a device to a folder.
    Folder(UnitId, String),
    /// Deletes a registration, by its name.
    Delete(String),
    /// Splits seats off a pack into a new one.
    Split(PackId, PackId, u32),
    /// Renews some packs of a Subscription Key.
    Renew(PackId, BTreeSet<PackId>, Expiry),
    /// Adds an issuing key.
    RotateKey,
    /// Revokes a key, and issues all licences again.
    RevokeKey(String),
    /// Replaces the settings of all devices.
    Settings(String),
    /// Sets or, with an empty text, removes the ALD token.
    Token(String),
    /// Records that hardware was sold with a pack.
    Sold(PackId, SerialNumber, Option<UnitId>),
    /// Defines a view for conditions: name, property, beginning of its value.
    DefineView(String, String, String),
}

/// The fields of a form.
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form; of repeated fields, the last one counts.
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default().trim()
    }

    /// The field as given; empty if it is missing.
    pub(crate) fn get(&self, name: &str) -> String {
        self.text(name).to_owned()
    }

    fn value<T>(
        &self,
        name: &'static str,
        form: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, UmsError> {
        parse(self.text(name)).ok_or(UmsError::Invalid(name, form))
    }

    fn unit(&self, name: &'static str) -> Result<UnitId, UmsError> {
        self.value(name, "a unit ID", UnitId::parse_human)
    }

    fn pack(&self, name: &'static str) -> Result<PackId, UmsError> {
        self.value(name, "a pack ID", PackId::parse)
    }

    fn lines(&self, name: &str) -> Vec<String> {
        self.text(name)
            .lines()
            .map(str::trim)
            .filter(|l| !l.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn is_set(&self, name: &str) -> bool {
        !self.text(name).is_empty()
    }
}

impl Command {
    /// Reads the order of this name; `None` for an unknown name.
    pub(crate) fn parse(name: &str, form: &Form) -> Option<Result<Self, UmsError>> {
        Some(match name {
            "add-pack" => Ok(Self::AddPack(
                form.get("pack"),
                Distribution {
                    automatic: !form.is_set("manual"),
                    exchange: form.is_set("exchange"),
                    folders: form.lines("folders"),
                    views: form.lines("views"),
                },
            )),
            "deploy" => Self::deploy(form),
            "remove" => read(form, |form| Ok(Self::Remove(form.unit("unit")?, form.pack("pack")?))),
            "transfer" => read(form, |form| {
                Ok(Self::Transfer(form.unit("unit")?, form.unit("to")?, form.pack("pack")?))
            }),
            "profile" => read(form, |form| {
                let profile = form.value("profile", "a removal profile", RemovalProfile::parse)?;
                Ok(Self::Profile(form.unit("unit")?, profile))
            }),
            "refresh" => form.unit("unit").map(Self::Refresh),
            "folder" => form.unit("unit").map(|unit| Self::Folder(unit, form.get("folder"))),
            "delete" => Ok(Self::Delete(form.get("device"))),
            "split" => read(form, |form| {
                let seats = form.value("seats", "a number", |text| text.parse().ok())?;
                Ok(Self::Split(form.pack("pack")?, form.pack("new")?, seats))
            }),
            "renew" => Self::renew(form),
            "rotate-key" => Ok(Self::RotateKey),
            "revoke-key" => Ok(Self::RevokeKey(form.get("key"))),
            "settings" => Ok(Self::Settings(form.get("settings"))),
            "token" => Ok(Self::Token(form.get("token"))),
            "sold" => Self::sold(form),
            "view" => Ok(Self::DefineView(form.get("name"), form.get("field"), form.get("prefix"))),
            _ => return None,
        })
    }

    fn deploy(form: &Form) -> Result<Self, UmsError> {
        let pack = form.is_set("pack").then(|| form.pack("pack")).transpose()?;
        Ok(Self::Deploy(form.unit("unit")?, pack))
    }

    fn renew(form: &Form) -> Result<Self, UmsError> {
        let key = form.value("key", "a Subscription Key", PackId::parse)?;
        let expires = form.value("expires", "a day or “never”", Expiry::parse)?;
        let read = |id: String| PackId::parse(&id).ok_or(UmsError::Invalid("packs", "pack IDs"));
        let chosen =
            form.lines("packs").into_iter().map(read).collect::<Result<BTreeSet<_>, _>>()?;
        // The others lose their key for good, so a list that was left empty must not mean none.
        if chosen.is_empty() {
            return Err(UmsError::Invalid("packs", "a list of the packs to renew, one a line"));
        }
        Ok(Self::Renew(key, chosen, expires))
    }

    fn sold(form: &Form) -> Result<Self, UmsError> {
        let serial = form.value("serial", "a serial number", SerialNumber::parse)?;
        let mac = form.is_set("mac").then(|| form.unit("mac")).transpose()?;
        Ok(Self::Sold(form.pack("pack")?, serial, mac))
    }
}

/// Reads an order of several fields.
fn read(
    form: &Form,
    fields: impl FnOnce(&Form) -> Result<Command, UmsError>,
) -> Result<Command, UmsError> {
    fields(form)
}
