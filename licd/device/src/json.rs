//! JSON forms of types from crates without serde: `#[serde(with = "crate::json")]`.

use licd_rules::{ClockState, Code, Generation, LicenseState, Reason, ServiceState, ServiceStatus};
use licd_store::StoreState;
use license_format::{
    Category, Date, Expiry, OrderNumber, PackId, Product, Serial, Term, UnitId, UnixSeconds,
};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value with another form in JSON, a string or a number.
pub(crate) trait Json: Sized {
    /// That form.
    type Form: Serialize + DeserializeOwned;

    fn form(&self) -> Self::Form;

    /// `None` if no value has this form.
    fn read(form: Self::Form) -> Option<Self>;
}

pub(crate) fn serialize<T: Json, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(to)
}

pub(crate) fn deserialize<'de, T: Json, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    T::read(T::Form::deserialize(from)?).ok_or_else(|| D::Error::custom("unknown value"))
}

/// Values written with `Display`.
macro_rules! text {
    ($($type:ty: $parse:expr),+ $(,)?) => { $(
        impl Json for $type {
            type Form = String;

            fn form(&self) -> String {
                self.to_string()
            }

            fn read(form: String) -> Option<Self> {
                $parse(&form)
            }
        }
    )+ };
}
pub(crate) use text;

text!(
    Category: Category::parse,
    ClockState: ClockState::parse,
    Code: Code::parse,
    Date: Date::parse,
    Expiry: Expiry::parse,
    LicenseState: LicenseState::parse,
    OrderNumber: OrderNumber::parse,
    PackId: PackId::parse,
    Product: Product::parse,
    Reason: Reason::parse,
    ServiceState: ServiceState::parse,
    ServiceStatus: ServiceStatus::parse,
    StoreState: StoreState::parse,
    Term: Term::parse,
    UnitId: UnitId::parse_human,
    UnixSeconds: UnixSeconds::parse,
);

impl Json for Serial {
    type Form = u64;

    fn form(&self) -> u64 {
        self.get()
    }

    fn read(form: u64) -> Option<Self> {
        Self::new(form)
    }
}

impl Json for Generation {
    type Form = u8;

    fn form(&self) -> u8 {
        self.major()
    }

    fn read(form: u8) -> Option<Self> {
        Self::from_major(form.into())
    }
}

impl<T: Json> Json for Option<T> {
    type Form = Option<T::Form>;

    fn form(&self) -> Self::Form {
        self.as_ref().map(T::form)
    }

    fn read(form: Self::Form) -> Option<Self> {
        form.map_or(Some(None), |form| T::read(form).map(Some))
    }
}

impl<T: Json> Json for Vec<T> {
    type Form = Vec<T::Form>;

    fn form(&self) -> Self::Form {
        self.iter().map(T::form).collect()
    }

    fn read(form: Self::Form) -> Option<Self> {
        form.into_iter().map(T::read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::HardwareKind;

    fn reads_back<T: Json + Copy + PartialEq + std::fmt::Debug>(all: &[T]) {
        for one in all {
            assert_eq!(T::read(one.form()), Some(*one));
        }
    }

    #[test]
    fn every_enum_of_the_report_reads_back() {
        reads_back(Category::ALL);
        reads_back(ClockState::ALL);
        reads_back(Code::ALL);
        reads_back(HardwareKind::ALL);
        reads_back(LicenseState::ALL);
        reads_back(Reason::ALL);
        reads_back(ServiceState::ALL);
        reads_back(ServiceStatus::ALL);
        reads_back(StoreState::ALL);
        reads_back(Term::ALL);
        reads_back(&(1..=12).filter_map(Generation::from_major).collect::<Vec<_>>());
        reads_back(&[None, Some(Expiry::Never), Expiry::parse("2027-11-21")]);
    }

    #[test]
    fn an_unknown_word_is_rejected() {
        assert_eq!(ServiceState::read("paused".to_owned()), None);
        assert_eq!(Option::<Expiry>::read(Some("soon".to_owned())), None);
        assert_eq!(Generation::read(13), None);
    }
}
