//! The TOML form of the memory.

use licd_rules::{Remover, Taken, Tombstone};
use license_format::{Date, PackId, PublicKey, Serial, UnitId, UnixSeconds};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value with a TOML form.
pub(super) trait TomlForm: Sized {
    /// The TOML form.
    type Toml: Serialize + DeserializeOwned;

    fn to_toml(&self) -> Self::Toml;

    /// The value of a TOML form, or why it is invalid.
    fn from_toml(toml: Self::Toml) -> Result<Self, &'static str>;
}

#[derive(Serialize, Deserialize)]
pub(super) struct TakenEntry<B> {
    unit: String,
    pack: String,
    below: B,
    starts: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signer: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Removed {
    pack: String,
    serial: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// The word for the removal profile. A removal by a person has none, as in earlier versions.
const PROFILE: &str = "profile";

pub(super) fn serialize<T: TomlForm, S: Serializer>(list: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(list.iter().map(T::to_toml))
}

pub(super) fn deserialize<'de, T: TomlForm, D>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
{
    let entries = Vec::<T::Toml>::deserialize(from)?;
    entries.into_iter().map(|entry| T::from_toml(entry).map_err(D::Error::custom)).collect()
}

impl<B: TomlForm> TomlForm for Taken<B> {
    type Toml = TakenEntry<B::Toml>;

    fn to_toml(&self) -> Self::Toml {
        TakenEntry {
            unit: self.unit.as_str().to_owned(),
            pack: self.pack.to_string(),
            below: self.below.to_toml(),
            starts: self.starts.to_string(),
            signer: self.signer.map(|key| key.to_string()),
        }
    }

    fn from_toml(toml: Self::Toml) -> Result<Self, &'static str> {
        let signer = |key: String| PublicKey::parse(&key).ok_or("“signer” is not a public key");
        Ok(Self {
            unit: UnitId::parse(&toml.unit).ok_or("“unit” is not a unit ID")?,
            pack: pack(&toml.pack)?,
            below: B::from_toml(toml.below)?,
            starts: Date::parse(&toml.starts).ok_or("“starts” is not a date")?,
            signer: toml.signer.map(signer).transpose()?,
        })
    }
}

impl TomlForm for Tombstone {
    type Toml = Removed;

    fn to_toml(&self) -> Removed {
        let by = (self.by == Remover::Profile).then(|| PROFILE.to_owned());
        Removed { pack: self.pack.to_string(), serial: self.serial.to_toml(), by }
    }

    fn from_toml(toml: Removed) -> Result<Self, &'static str> {
        let by = match toml.by.as_deref() {
            Some(PROFILE) => Remover::Profile,
            _ => Remover::Person,
        };
        Ok(Self { pack: pack(&toml.pack)?, serial: Serial::from_toml(toml.serial)?, by })
    }
}

impl TomlForm for Serial {
    type Toml = u64;

    fn to_toml(&self) -> u64 {
        self.get()
    }

    fn from_toml(toml: u64) -> Result<Self, &'static str> {
        Self::new(toml).ok_or("this is not a serial number")
    }
}

impl TomlForm for UnixSeconds {
    type Toml = String;

    fn to_toml(&self) -> String {
        self.to_string()
    }

    fn from_toml(toml: String) -> Result<Self, &'static str> {
        Self::parse(&toml).ok_or("“below” is not a time")
    }
}

fn pack(word: &str) -> Result<PackId, &'static str> {
    PackId::parse(word).ok_or("“pack” is not a pack ID")
}
