//! The text of a slot.

use std::time::Duration;

use flate2::Crc;
use licd_fs::statefile::{Document, ParseError};
use licd_fs::textfile::ReadError;
use licd_rules::{BootId, Jump, LEADS, Lead, Marks, Moment, Signer};
use license_format::{PublicKey, UnixSeconds};
use serde::{Deserialize, Serialize, de::Error as _};
use toml::de::Error as TomlError;

/// The schema of this version.
const SCHEMA: i64 = 1;
/// The prefix of the checksum in the last line.
const CHECKSUM: &str = "# crc32 ";

/// Marks with their sequence number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) sequence: u32,
    pub(super) marks: Marks,
}

/// The TOML form of a slot.
#[derive(Serialize, Deserialize)]
struct SlotToml {
    schema: i64,
    sequence: u32,
    boot: Option<String>,
    uptime: u32,
    floor: i64,
    refuted: i64,
    trusted: i64,
    seen: i64,
    found: bool,
    cut: bool,
    clean: bool,
    jump: Option<JumpToml>,
    /// Earlier versions stored the facts of documents with the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lead: Vec<LeadToml>,
}

#[derive(Serialize, Deserialize)]
struct JumpToml {
    claims: i64,
    held: u32,
}

/// The TOML form of a lead.
#[derive(Serialize, Deserialize)]
struct LeadToml {
    by: String,
    floor: i64,
    refuted: i64,
    trusted: i64,
    seen: i64,
}

/// The word for the root keys in place of a public key.
const ROOTS: &str = "roots";

impl Slot {
    pub(super) fn parse(text: &str) -> Result<Self, ParseError> {
        let (body, sum) = text.rsplit_once(CHECKSUM).ok_or(ParseError::Checksum)?;
        if sum != checksum(body) {
            return Err(ParseError::Checksum);
        }
        let toml = Document::parse(body, SCHEMA)?.read::<SlotToml>()?;
        Self::try_from(toml).map_err(|error| ParseError::Read(ReadError::toml(body, &error)))
    }

    pub(super) fn text(&self) -> Result<String, toml::ser::Error> {
        let body = toml::to_string(&SlotToml::from(self))?;
        let sum = checksum(&body);
        Ok(format!("{body}{CHECKSUM}{sum}"))
    }
}

/// The checksum in the last line. It detects corruption by a medium or an editor, not an attacker, who
/// would change the checksum as well.
fn checksum(body: &str) -> String {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    format!("{:08x}\n", crc.sum())
}

impl From<&Slot> for SlotToml {
    fn from(slot: &Slot) -> Self {
        let marks = &slot.marks;
        Self {
            schema: SCHEMA,
            sequence: slot.sequence,
            boot: marks.at.boot.map(|id| id.to_string()),
            uptime: whole(marks.at.uptime),
            floor: marks.floor.0,
            refuted: marks.refuted.0,
            trusted: marks.trusted.0,
            seen: marks.seen.0,
            found: marks.found,
            cut: marks.cut,
            clean: marks.clean,
            jump: marks.jump.map(|jump| JumpToml { claims: jump.claims.0, held: whole(jump.held) }),
            lead: marks.leads.iter().flatten().map(LeadToml::from).collect(),
        }
    }
}

impl From<&Lead> for LeadToml {
    fn from(lead: &Lead) -> Self {
        Self {
            by: match lead.by {
                Signer::Roots => ROOTS.to_owned(),
                Signer::Key(key) => key.to_string(),
            },
            floor: lead.floor.0,
            refuted: lead.refuted.0,
            trusted: lead.trusted.0,
            seen: lead.seen.0,
        }
    }
}

impl TryFrom<LeadToml> for Lead {
    type Error = TomlError;

    fn try_from(toml: LeadToml) -> Result<Self, Self::Error> {
        let by = match toml.by.as_str() {
            ROOTS => Signer::Roots,
            key => Signer::Key(
                PublicKey::parse(key)
                    .ok_or_else(|| TomlError::custom("“by” is not a public key"))?,
            ),
        };
        Ok(Self {
            by,
            floor: UnixSeconds(toml.floor),
            refuted: UnixSeconds(toml.refuted),
            trusted: UnixSeconds(toml.trusted),
            seen: UnixSeconds(toml.seen),
        })
    }
}

impl TryFrom<SlotToml> for Slot {
    type Error = TomlError;

    fn try_from(toml: SlotToml) -> Result<Self, Self::Error> {
        let boot = match &toml.boot {
            Some(id) => Some(
                BootId::parse(id).ok_or_else(|| TomlError::custom("“boot” is not a boot ID"))?,
            ),
            None => None,
        };
        let jump = |jump: JumpToml| Jump {
            claims: UnixSeconds(jump.claims),
            held: Duration::from_secs(jump.held.into()),
        };
        let mut leads = [None; LEADS];
        // licd never writes more leads than fit.
        for (place, lead) in leads.iter_mut().zip(toml.lead) {
            *place = Some(Lead::try_from(lead)?);
        }
        let marks = Marks {
            at: Moment { boot, uptime: Duration::from_secs(toml.uptime.into()) },
            floor: UnixSeconds(toml.floor),
            refuted: UnixSeconds(toml.refuted),
            trusted: UnixSeconds(toml.trusted),
            seen: UnixSeconds(toml.seen),
            leads,
            jump: toml.jump.map(jump),
            found: toml.found,
            cut: toml.cut,
            clean: toml.clean,
        };
        Ok(Self { sequence: toml.sequence, marks })
    }
}

/// Whole seconds, saturated at 136 years.
fn whole(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
