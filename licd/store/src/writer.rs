//! The right to write the store.

use std::time::Duration;

use crate::closing::Closed;
use crate::error::StoreError;
use crate::lock::Lock;
use crate::window::Window;
use crate::{Store, View};

/// The right to write the store; dropping it releases the lock.
pub struct Writer<'a> {
    store: &'a Store,
    _lock: Lock,
}

impl Writer<'_> {
    /// Opens the store for writing, does the work and closes the store, even if the work fails or
    /// panics. A partition that was writable before is read-only afterwards.
    ///
    /// If the work fails, its earlier writes remain, and a failure to close is only logged;
    /// [`Store::state`] reports it.
    ///
    /// # Errors
    /// The error of the work; [`StoreError`] if the store cannot be opened or a removal cannot be
    /// flushed.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Closed), E> {
        let (done, closed) = self.write_in(self.store.view(), work)?;
        Ok((done, closed?))
    }

    /// Does the same with a view that was taken under this lock. The inner error is that of closing, after the
    /// work.
    ///
    /// # Errors
    /// The error of the work; [`StoreError`] if the store cannot be opened.
    pub fn write_in<T, E: From<StoreError>>(
        &self,
        view: View<'_>,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Result<Closed, StoreError>), E> {
        let mut window = Window::open(view)?;
        let done = work(&mut window)?;
        Ok((done, window.close()))
    }
}

impl Store {
    /// Takes the right to write. A writer must read after this call whatever its decision depends on.
    ///
    /// # Errors
    /// [`StoreError::Busy`], or the error of the lock's file.
    pub fn writer(&self) -> Result<Writer<'_>, StoreError> {
        let lock = Lock::take(&self.lock, &self.place, self.lock_timeout)?;
        Ok(Writer { store: self, _lock: lock })
    }

    /// Takes the right to write, if no other program has it. A writer must read after this call whatever its
    /// decision depends on.
    ///
    /// # Errors
    /// Those of [`Store::writer`].
    pub fn writer_at_once(&self) -> Result<Writer<'_>, StoreError> {
        let lock = Lock::take(&self.lock, &self.place, Duration::ZERO)?;
        Ok(Writer { store: self, _lock: lock })
    }

    /// Takes the right to write and uses it once, as [`Writer::write`] does.
    ///
    /// # Errors
    /// Those of [`Store::writer`] and [`Writer::write`].
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut Window<'_>) -> Result<T, E>,
    ) -> Result<(T, Closed), E> {
        self.writer()?.write(work)
    }

    /// Cleans up after a crash: makes the partition read-only and removes half-written files. Call it
    /// at the start, and from time to time after [`Closed::HeldBy`]; not otherwise, since it also
    /// closes a partition that a user opened. `None` means that the partition was closed already and
    /// held no half-written files.
    ///
    /// # Errors
    /// As [`Store::write`]. [`StoreError::Busy`] is immediate: the other writer will close the store.
    pub fn settle(&self) -> Result<Option<Closed>, StoreError> {
        let _lock = Lock::take(&self.lock, &self.place, Duration::ZERO)?;
        Window::settle(self)
    }
}
