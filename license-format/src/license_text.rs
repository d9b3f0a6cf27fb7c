//! The text of a licence: its keys, their order and their values (LF §4).

use heapless::Vec;

use crate::date::{Date, UnixSeconds};
use crate::encoding::{base64, decimal};
use crate::error::{DocumentError, FormatError, malformed};
use crate::license::{Terms, Units};
use crate::limits;
use crate::merkle::Hash;
use crate::reader::{self, NumberedLines, TextLimits, unexpected_key};
use crate::unit::UnitId;
use crate::values::{Category, Expiry, OrderNumber, PackId, Product, Serial, ServiceName, Term};

/// The first line, without the version.
pub(crate) const HEADER: &str = "igel.com/license/v";
/// Limits of a licence's text (LF §2).
pub(crate) const LIMITS: TextLimits = TextLimits {
    text_bytes: limits::TEXT_BYTES,
    text_lines: limits::TEXT_LINES,
    line_bytes: limits::LINE_BYTES,
};

/// Every key of a licence, in the order of the text.
const KEYS: [&str; 17] = [
    "pack",
    "serial",
    "product",
    "term",
    "category",
    "subscription-key",
    "order",
    "supersedes",
    "service",
    "issued",
    "starts",
    "expires",
    "grace-days",
    "warn-days",
    "roster",
    "unit",
    "units",
];
/// The parser skips keys with this prefix after the last known key.
const EXTENSION: &str = "x-";
/// The form of the values of `pack` and `subscription-key`.
const PACK_FORM: &str = "a pack ID like WE-7Q2KD";

/// Reads the text of a licence. Private, because a parsed text is not a verified one.
pub(crate) fn parse(text: &[u8]) -> Result<(Terms, Units), DocumentError> {
    let mut fields = Fields::after_header(text);
    let terms = fields.terms()?;
    let units = fields.units()?;
    fields.expect_extensions_only()?;
    Ok((terms, units))
}

/// The fields of a text, read in the order of [`KEYS`].
struct Fields<'a> {
    lines: NumberedLines<'a>,
}

/// The time of issue, the first and the last day.
struct Dates {
    issued: UnixSeconds,
    starts: Date,
    expires: Expiry,
}

impl Fields<'_> {
    fn terms(&mut self) -> Result<Terms, DocumentError> {
        let pack = self.required("pack", PACK_FORM, PackId::parse)?;
        let serial = self.required("serial", "a number from 1 to 2^63-1", Serial::parse)?;
        let product = self.required("product", "a product code", Product::parse)?;
        let term = self.required("term", "perpetual, subscription or evaluation", Term::parse)?;
        let category =
            self.required("category", "maintenance, subscription or add-on", Category::parse)?;
        let subscription_key = self.optional("subscription-key", PACK_FORM, PackId::parse)?;
        let order = self.optional("order", "an order number", OrderNumber::parse)?;
        let supersedes = self.supersedes(&pack)?;
        let services = self.services()?;
        let Dates { issued, starts, expires } = self.dates()?;
        let grace_days = self.grace_days(term)?;
        let warn_days = self
            .optional("warn-days", "a number from 0 to 120", |v| days(v, limits::MAX_WARN_DAYS))?
            .unwrap_or(limits::WARN_DAYS);
        let roster_complete =
            self.optional("roster", "complete", |v| (v == "complete").then_some(()))?.is_some();
        Ok(Terms {
            pack,
            serial,
            product,
            term,
            category,
            subscription_key,
            order,
            supersedes,
            services,
            issued,
            starts,
            expires,
            grace_days,
            warn_days,
            roster_complete,
        })
    }

    /// A pack that superseded itself would block its own higher serials.
    fn supersedes(
        &mut self,
        pack: &PackId,
    ) -> Result<Vec<PackId, { limits::SUPERSEDES }>, DocumentError> {
        self.ascending("supersedes", "the ID of another pack", |v| {
            PackId::parse(v).filter(|other| other != pack)
        })
    }

    fn services(&mut self) -> Result<Vec<ServiceName, { limits::SERVICES }>, DocumentError> {
        let services = self.ascending("service", "a service name", ServiceName::parse)?;
        if services.is_empty() { self.missing("service") } else { Ok(services) }
    }

    fn dates(&mut self) -> Result<Dates, DocumentError> {
        let issued =
            self.required("issued", "a time like 2026-11-22T16:48:10Z", UnixSeconds::parse)?;
        let starts = self.required("starts", "a day like 2026-11-22", Date::parse)?;
        let expires = self.required("expires", "a day like 2027-11-21, or never", Expiry::parse)?;
        if expires < Expiry::On(starts) {
            return self.last_line_breaks("expires", FormatError::ExpiresBeforeStart);
        }
        if expires < Expiry::On(Date::of(issued)) {
            return self.last_line_breaks("expires", FormatError::ExpiresBeforeIssue);
        }
        Ok(Dates { issued, starts, expires })
    }

    fn grace_days(&mut self, term: Term) -> Result<u8, DocumentError> {
        let form = "a number from 0 to 90";
        let grace = self.optional("grace-days", form, |v| days(v, limits::MAX_GRACE_DAYS))?;
        match (term, grace) {
            (Term::Evaluation, Some(_)) => {
                self.last_line_breaks("grace-days", FormatError::GraceForEvaluation)
            }
            (_, grace) => Ok(grace.unwrap_or(0)),
        }
    }

    fn units(&mut self) -> Result<Units, DocumentError> {
        let named = self.ascending("unit", "a unit like mac:00E0C51C5087", UnitId::parse)?;
        if !named.is_empty() {
            return Ok(Units::Named(named));
        }
        let (count, root) = self.required("units", "a count and a base64 tree hash", tree)?;
        Ok(Units::Tree { count, root })
    }
}

fn days(value: &str, max: u8) -> Option<u8> {
    decimal(value, max.into())?.try_into().ok()
}

/// The value of `units`.
fn tree(value: &str) -> Option<(u32, Hash)> {
    let (count, root) = value.split_once(' ')?;
    let count = u32::try_from(decimal(count, limits::MASS_UNITS.into())?).ok()?;
    Some((count, base64(root)?)).filter(|_| count > 0)
}

impl<'a> Fields<'a> {
    fn after_header(text: &'a [u8]) -> Self {
        let mut lines = NumberedLines::new(text, 1);
        lines.next();
        Self { lines }
    }

    /// The next line's number, key and value, without consuming the line.
    fn peek(&self) -> Result<Option<(u32, &'a str, &'a str)>, DocumentError> {
        let Some(line) = self.lines.clone().next() else { return Ok(None) };
        let (key, value) = reader::field(line.number, line.text(limits::LINE_BYTES)?)?;
        Ok(Some((line.number, key, value)))
    }

    /// Consumes the next line if it has this key.
    fn optional<T>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, DocumentError> {
        match self.peek()? {
            Some((line, found, value)) if found == key => {
                self.lines.next();
                match parse(value) {
                    Some(value) => Ok(Some(value)),
                    None => malformed(line, key, FormatError::InvalidValue(form)),
                }
            }
            _ => Ok(None),
        }
    }

    fn required<T>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, DocumentError> {
        match self.optional(key, form, parse)? {
            Some(value) => Ok(value),
            None => self.missing(key),
        }
    }

    /// Consumes every following line with this key; the values must be strictly ascending.
    fn ascending<T: Ord, const N: usize>(
        &mut self,
        key: &'static str,
        form: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T, N>, DocumentError> {
        let mut values = Vec::<T, N>::new();
        while let Some(value) = self.optional(key, form, &parse)? {
            if values.last().is_some_and(|last| *last >= value) {
                return self.last_line_breaks(key, FormatError::NotAscending);
            }
            if values.push(value).is_err() {
                return self.last_line_breaks(key, FormatError::TooManyOccurrences(N));
            }
        }
        Ok(values)
    }

    fn expect_extensions_only(mut self) -> Result<(), DocumentError> {
        while let Some((line, key, _)) = self.peek()? {
            if !key.starts_with(EXTENSION) {
                return Err(unexpected_key(&KEYS, line, key));
            }
            self.lines.next();
        }
        Ok(())
    }

    /// The error for a line that lacks the required `key`: the key found there is unknown or belongs
    /// further up, or the required one was left out.
    fn missing<T>(&self, key: &'static str) -> Result<T, DocumentError> {
        if let Some((line, found, _)) = self.peek()? {
            let passed =
                KEYS.iter().take_while(|known| **known != key).any(|known| *known == found);
            let unknown = !KEYS.contains(&found) && !found.starts_with(EXTENSION);
            if passed || unknown {
                return Err(unexpected_key(&KEYS, line, found));
            }
        }
        malformed(self.lines.number(), key, FormatError::MissingKey)
    }

    /// The error for the line consumed last.
    fn last_line_breaks<T>(
        &self,
        key: &'static str,
        reason: FormatError,
    ) -> Result<T, DocumentError> {
        malformed(self.lines.number() - 1, key, reason)
    }
}
