//! The operating system that licences are judged on: its generation decides their rights, its
//! version which add-ons it has.

/// The generation of the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// An IGEL OS before 11, by its number: judged as [`Generation::Os11`].
    Older(u8),
    /// IGEL OS 11.
    Os11,
    /// IGEL OS 12.
    Os12,
}

impl Generation {
    /// The generation of a major version number; `None` for 0 and unknown versions.
    #[must_use]
    pub fn from_major(major: u64) -> Option<Self> {
        match major {
            12 => Some(Self::Os12),
            11 => Some(Self::Os11),
            1..=10 => u8::try_from(major).ok().map(Self::Older),
            _ => None,
        }
    }

    /// The major version number.
    #[must_use]
    pub fn major(self) -> u8 {
        match self {
            Self::Older(major) => major,
            Self::Os11 => 11,
            Self::Os12 => 12,
        }
    }

    /// The major version number for judgements.
    fn judged_as(self) -> u8 {
        self.major().max(11)
    }
}

/// Numbers of a version to compare: the vendor uses at most four (`11.08.230.01`).
const PARTS: usize = 4;

/// A version of the operating system, compared number by number: `11.02.100` comes after
/// `11.1.200`, and `12.4` is `12.4.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; PARTS]);

impl Version {
    pub(crate) const fn new(major: u32, minor: u32, build: u32) -> Self {
        Self([major, minor, build, 0])
    }

    /// Parses dotted numbers, ignoring a suffix (`12.4.0-rc1`) and numbers after the fourth. `None`
    /// if the first character is not a digit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
        let numbers = end.and_then(|end| text.get(..end)).unwrap_or(text).trim_end_matches('.');
        let mut parts = [0; PARTS];
        for (part, number) in parts.iter_mut().zip(numbers.split('.')) {
            *part = number.parse().ok()?;
        }
        Some(Self(parts))
    }

    /// The first number, which names the generation.
    #[must_use]
    pub fn major(self) -> u32 {
        let [major, ..] = self.0;
        major
    }

    /// Whether it is of a later generation.
    pub(crate) fn is_beyond(self, generation: Generation) -> bool {
        self.major() > generation.judged_as().into()
    }
}
