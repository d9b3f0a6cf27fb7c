//! Files on a medium that may lose what was not flushed.

/// A content that a loss of power can leave: named before its bytes reached the medium.
pub trait Torn: Copy + Ord {
    /// That content.
    const TORN: Self;
}

/// A file: what the kernel shows, and all that the medium may hold after a loss of power.
///
/// Each file may keep or lose its own changes, whatever others do. That is more than a journal in
/// order allows, and as much as FAT does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot<T> {
    now: T,
    /// Sorted, each once, never empty.
    medium: Vec<T>,
    /// Whether the bytes of `now` were flushed before it got its name.
    is_flushed: bool,
}

impl<T: Torn> Slot<T> {
    /// A file whose content is on the medium.
    pub fn new(now: T) -> Self {
        Self { now, medium: vec![now], is_flushed: true }
    }

    /// The content that the kernel shows.
    pub fn now(&self) -> T {
        self.now
    }

    /// Gives the name to another content, or takes it away.
    pub fn replace(&mut self, now: T, is_flushed: bool) {
        (self.now, self.is_flushed) = (now, is_flushed);
        self.may_be(now);
        if !is_flushed {
            self.may_be(T::TORN);
        }
    }

    /// Flushes the directory of the file.
    pub fn flush(&mut self) {
        self.medium = vec![self.now];
        if !self.is_flushed {
            self.may_be(T::TORN);
        }
    }

    fn may_be(&mut self, content: T) {
        if let Err(place) = self.medium.binary_search(&content) {
            self.medium.insert(place, content);
        }
    }

    /// Whether this holds whatever a loss of power leaves.
    pub fn always(&self, holds: impl Fn(T) -> bool) -> bool {
        holds(self.now) && self.medium.iter().all(|content| holds(*content))
    }

    /// The file after each loss of power.
    pub fn losses(&self) -> impl Iterator<Item = Self> + '_ {
        self.medium.iter().map(|content| Self::new(*content))
    }
}
