//! The text of one slot.

use std::time::Duration;

use flate2::Crc;
use licd_fs::statefile::{Damage, check_schema};
use licd_fs::textfile::Flaw;
use licd_rules::{BootId, Jump, LEADS, Lead, Marks, Moment, Signer};
use license_format::{PublicKey, UnixSeconds};
use serde::{Deserialize, Serialize, de::Error as _};

/// What this version writes and reads.
const SCHEMA: i64 = 1;
/// What comes before the checksum, in the last line.
const CHECKSUM: &str = "# crc32 ";

/// Marks with their place in the order of writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) sequence: u32,
    pub(super) marks: Marks,
}

/// The marks as the file spells them.
#[derive(Serialize, Deserialize)]
struct Spelled {
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
    jump: Option<SpelledJump>,
    /// Not in what earlier versions wrote: they kept what documents told with the rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lead: Vec<SpelledLead>,
}

#[derive(Serialize, Deserialize)]
struct SpelledJump {
    claims: i64,
    held: u32,
}

/// What the documents of one signer tell.
#[derive(Serialize, Deserialize)]
struct SpelledLead {
    by: String,
    floor: i64,
    refuted: i64,
    trusted: i64,
    seen: i64,
}

/// How the root keys are spelled where a public key might stand, in base64.
const ROOTS: &str = "roots";

impl Slot {
    pub(super) fn parse(text: &str) -> Result<Self, Damage> {
        let (body, sum) = text.rsplit_once(CHECKSUM).ok_or(Damage::Checksum)?;
        if sum != checksum(body) {
            return Err(Damage::Checksum);
        }
        let wrong = |error| Damage::Flaw(Flaw::toml(body, &error));
        check_schema(body, SCHEMA)?;
        toml::from_str::<Spelled>(body).and_then(Self::try_from).map_err(wrong)
    }

    pub(super) fn text(&self) -> Result<String, toml::ser::Error> {
        let body = toml::to_string(&Spelled::from(self))?;
        let sum = checksum(&body);
        Ok(format!("{body}{CHECKSUM}{sum}"))
    }
}

/// The checksum as it ends the file. It finds what a medium or an editor has altered; somebody who
/// may write the file may write the checksum, too.
fn checksum(body: &str) -> String {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    format!("{:08x}\n", crc.sum())
}

impl From<&Slot> for Spelled {
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
            jump: marks
                .jump
                .map(|jump| SpelledJump { claims: jump.claims.0, held: whole(jump.held) }),
            lead: marks.leads.iter().flatten().map(SpelledLead::from).collect(),
        }
    }
}

impl From<&Lead> for SpelledLead {
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

impl TryFrom<SpelledLead> for Lead {
    type Error = toml::de::Error;

    fn try_from(spelled: SpelledLead) -> Result<Self, Self::Error> {
        let by = match spelled.by.as_str() {
            ROOTS => Signer::Roots,
            key => Signer::Key(
                PublicKey::parse(key)
                    .ok_or_else(|| toml::de::Error::custom("“by” is no public key"))?,
            ),
        };
        Ok(Self {
            by,
            floor: UnixSeconds(spelled.floor),
            refuted: UnixSeconds(spelled.refuted),
            trusted: UnixSeconds(spelled.trusted),
            seen: UnixSeconds(spelled.seen),
        })
    }
}

impl TryFrom<Spelled> for Slot {
    type Error = toml::de::Error;

    fn try_from(spelled: Spelled) -> Result<Self, Self::Error> {
        let boot = match &spelled.boot {
            Some(id) => Some(BootId::parse(id).ok_or_else(|| {
                toml::de::Error::custom("“boot” is no ID of a start of the system")
            })?),
            None => None,
        };
        let jump = |jump: SpelledJump| Jump {
            claims: UnixSeconds(jump.claims),
            held: Duration::from_secs(jump.held.into()),
        };
        let mut leads = [None; LEADS];
        // More than there is room for are not written.
        for (place, lead) in leads.iter_mut().zip(spelled.lead) {
            *place = Some(Lead::try_from(lead)?);
        }
        let marks = Marks {
            at: Moment { boot, uptime: Duration::from_secs(spelled.uptime.into()) },
            floor: UnixSeconds(spelled.floor),
            refuted: UnixSeconds(spelled.refuted),
            trusted: UnixSeconds(spelled.trusted),
            seen: UnixSeconds(spelled.seen),
            leads,
            jump: spelled.jump.map(jump),
            found: spelled.found,
            cut: spelled.cut,
            clean: spelled.clean,
        };
        Ok(Self { sequence: spelled.sequence, marks })
    }
}

/// Whole seconds; 136 years are longer than anything runs.
fn whole(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}
