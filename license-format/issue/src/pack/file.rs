//! The TOML file of a pack.

use std::collections::BTreeSet;

use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term, UnitId,
    UnixSeconds, limits,
};
use serde::{Deserialize, Serialize};

use super::number::Number;
use super::{Pack, PackError, Status};
use crate::escape::escaped;

impl Pack {
    /// Reads a pack file.
    ///
    /// # Errors
    /// [`PackError::Toml`], [`PackError::Value`] and the errors of [`Pack::check`].
    pub fn parse(toml: &str) -> Result<Self, PackError> {
        let file: File = toml::from_str(toml).map_err(|error| PackError::Toml {
            line: error
                .span()
                .and_then(|span| Some(toml.get(..span.start)?.matches('\n').count() + 1)),
            message: escaped(error.message()),
        })?;
        let pack = file.read()?;
        pack.check()?;
        Ok(pack)
    }

    /// The text that [`Pack::parse`] reads.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // TOML can express every value here.
        toml::to_string_pretty(&File::of(self)).unwrap_or_default()
    }
}

/// The TOML form of a pack. Files of earlier versions lack the keys that have defaults.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    pack: String,
    #[serde(default)]
    serial: Number,
    issued: Option<String>,
    product: String,
    term: String,
    category: String,
    subscription_key: Option<String>,
    order: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    supersedes: Vec<String>,
    #[serde(default)]
    services: Vec<String>,
    starts: String,
    expires: String,
    #[serde(default)]
    grace_days: Number,
    #[serde(default = "warn_days")]
    warn_days: Number,
    #[serde(default)]
    roster_complete: bool,
    status: Option<String>,
    source_pack: Option<String>,
    // The key of earlier versions, which recorded only merges.
    #[serde(alias = "merged-into")]
    successor: Option<String>,
    emp_pack: Option<String>,
    latest_activation: Option<String>,
    redeemed: Option<String>,
    seats: Option<Number>,
    #[serde(default)]
    units: Vec<String>,
}

fn warn_days() -> Number {
    Number(limits::WARN_DAYS.into())
}

impl File {
    fn of(pack: &Pack) -> Self {
        let id = |id: &Option<PackId>| id.as_ref().map(PackId::to_string);
        Self {
            pack: pack.id.to_string(),
            serial: Number(pack.serial.map_or(0, Serial::get)),
            issued: pack.issued.map(|time| time.to_string()),
            product: pack.product.to_string(),
            term: pack.term.to_string(),
            category: pack.category.to_string(),
            subscription_key: id(&pack.subscription_key),
            order: pack.order.as_ref().map(OrderNumber::to_string),
            supersedes: pack.supersedes.iter().map(PackId::to_string).collect(),
            services: pack.services.iter().map(ServiceName::to_string).collect(),
            starts: pack.starts.to_string(),
            expires: pack.expires.to_string(),
            grace_days: Number(pack.grace_days.into()),
            warn_days: Number(pack.warn_days.into()),
            roster_complete: pack.roster_complete,
            status: Some(pack.recorded.to_string()),
            source_pack: id(&pack.source),
            successor: id(&pack.successor),
            emp_pack: id(&pack.emp),
            latest_activation: pack.latest_activation.map(|day| day.to_string()),
            redeemed: pack.redeemed.map(|day| day.to_string()),
            seats: pack.seats.map(|seats| Number(seats.into())),
            units: pack.units.iter().map(UnitId::to_string).collect(),
        }
    }

    fn read(&self) -> Result<Pack, PackError> {
        let successor = optional("successor", &self.successor, PackId::parse)?;
        let recorded = match optional("status", &self.status, Status::parse)? {
            Some(status) => status,
            None if successor.is_some() => Status::Merged,
            None => Status::Active,
        };
        Ok(Pack {
            id: value("pack", &self.pack, PackId::parse)?,
            serial: match self.serial.0 {
                0 => None,
                number => Some(value("serial", &number.to_string(), Serial::parse)?),
            },
            issued: optional("issued", &self.issued, UnixSeconds::parse)?,
            product: value("product", &self.product, Product::parse)?,
            term: value("term", &self.term, Term::parse)?,
            category: value("category", &self.category, Category::parse)?,
            subscription_key: optional("subscription-key", &self.subscription_key, PackId::parse)?,
            order: optional("order", &self.order, OrderNumber::parse)?,
            supersedes: values("supersedes", &self.supersedes, PackId::parse)?,
            services: values("services", &self.services, ServiceName::parse)?,
            starts: value("starts", &self.starts, Date::parse)?,
            expires: value("expires", &self.expires, Expiry::parse)?,
            grace_days: self.grace_days.within("grace-days")?,
            warn_days: self.warn_days.within("warn-days")?,
            roster_complete: self.roster_complete,
            seats: self.seats.map(|seats| seats.within("seats")).transpose()?,
            units: values("units", &self.units, UnitId::parse_human)?,
            recorded,
            source: optional("source-pack", &self.source_pack, PackId::parse)?,
            successor,
            emp: optional("emp-pack", &self.emp_pack, PackId::parse)?,
            latest_activation: optional("latest-activation", &self.latest_activation, Date::parse)?,
            redeemed: optional("redeemed", &self.redeemed, Date::parse)?,
        })
    }
}

fn value<T>(key: &'static str, text: &str, parse: fn(&str) -> Option<T>) -> Result<T, PackError> {
    parse(text).ok_or_else(|| PackError::Value { key, value: escaped(text) })
}

fn optional<T>(
    key: &'static str,
    text: &Option<String>,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, PackError> {
    text.as_ref().map(|text| value(key, text, parse)).transpose()
}

fn values<T: Ord>(
    key: &'static str,
    texts: &[String],
    parse: fn(&str) -> Option<T>,
) -> Result<BTreeSet<T>, PackError> {
    texts.iter().map(|text| value(key, text, parse)).collect()
}
