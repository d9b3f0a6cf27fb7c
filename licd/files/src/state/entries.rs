//! How serde sees what is remembered.

use licd_rules::{Remover, Taken, Tombstone};
use license_format::{Date, PackId, PublicKey, Serial, UnitId, UnixSeconds};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the file has a spelling for.
pub(super) trait Spelled: Sized {
    /// The spelling.
    type Word: Serialize + DeserializeOwned;

    fn word(&self) -> Self::Word;

    /// The value of a word, or what is wrong with it.
    fn read(word: Self::Word) -> Result<Self, &'static str>;
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

/// The word for the removal profile; of a person there is none, as in what earlier versions wrote.
const PROFILE: &str = "profile";

pub(super) fn serialize<T: Spelled, S: Serializer>(list: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(list.iter().map(T::word))
}

pub(super) fn deserialize<'de, T: Spelled, D>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
{
    let words = Vec::<T::Word>::deserialize(from)?;
    words.into_iter().map(|word| T::read(word).map_err(D::Error::custom)).collect()
}

impl<B: Spelled> Spelled for Taken<B> {
    type Word = TakenEntry<B::Word>;

    fn word(&self) -> Self::Word {
        TakenEntry {
            unit: self.unit.as_str().to_owned(),
            pack: self.pack.to_string(),
            below: self.below.word(),
            starts: self.starts.to_string(),
            signer: self.signer.map(|key| key.to_string()),
        }
    }

    fn read(word: Self::Word) -> Result<Self, &'static str> {
        let signer = |key: String| PublicKey::parse(&key).ok_or("“signer” is no public key");
        Ok(Self {
            unit: UnitId::parse(&word.unit).ok_or("“unit” is no unit ID")?,
            pack: pack(&word.pack)?,
            below: B::read(word.below)?,
            starts: Date::parse(&word.starts).ok_or("“starts” is no day")?,
            signer: word.signer.map(signer).transpose()?,
        })
    }
}

impl Spelled for Tombstone {
    type Word = Removed;

    fn word(&self) -> Removed {
        let by = (self.by == Remover::Profile).then(|| PROFILE.to_owned());
        Removed { pack: self.pack.to_string(), serial: self.serial.word(), by }
    }

    fn read(word: Removed) -> Result<Self, &'static str> {
        let by = match word.by.as_deref() {
            Some(PROFILE) => Remover::Profile,
            _ => Remover::Person,
        };
        Ok(Self { pack: pack(&word.pack)?, serial: Serial::read(word.serial)?, by })
    }
}

impl Spelled for Serial {
    type Word = u64;

    fn word(&self) -> u64 {
        self.get()
    }

    fn read(word: u64) -> Result<Self, &'static str> {
        Self::new(word).ok_or("this is no serial number")
    }
}

impl Spelled for UnixSeconds {
    type Word = String;

    fn word(&self) -> String {
        self.to_string()
    }

    fn read(word: String) -> Result<Self, &'static str> {
        Self::parse(&word).ok_or("“below” is no time")
    }
}

fn pack(word: &str) -> Result<PackId, &'static str> {
    PackId::parse(word).ok_or("“pack” is no pack ID")
}
