//! Looking at the machine has three outcomes: a fact, an absence, and "could not look".
//!
//! The first two are values. The third is [`Unavailable`], an error of its own that travels to the
//! place that publishes: a shortage of the moment must never pass for a fact. Where a thing can also
//! be unfit, what is wrong with it is a fact, so it stands inside: `Looked<Result<Option<T>, Flaw>>`.

use std::fmt;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::about::{self, About};
use crate::textfile::escaped_path;

/// What a look brought, or that it could not be taken.
pub type Looked<T> = Result<T, Unavailable>;

/// A part of the machine could not be looked at. It says nothing about that part: it may be there
/// or not, whole or damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    subject: String,
    why: Errno,
}

impl Unavailable {
    /// A part of the machine, as people call it, for this reason.
    pub fn new(subject: impl Into<String>, why: Errno) -> Self {
        Self { subject: subject.into(), why }
    }

    /// A file or directory, for this reason.
    #[must_use]
    pub fn path(path: &Path, why: Errno) -> Self {
        Self::new(escaped_path(path), why)
    }

    /// Whether a medium or device fails, as opposed to a lack of memory, descriptors or the like.
    #[must_use]
    pub fn is_failure_of_medium(&self) -> bool {
        matches!(self.why, Errno::EIO | Errno::EREMOTEIO | Errno::ENOMEDIUM | Errno::ESTALE)
    }
}

impl About for Unavailable {
    fn subject(&self) -> String {
        self.subject.clone()
    }

    fn message(&self) -> String {
        let cure = match self.is_failure_of_medium() {
            true => "see the kernel's log for errors of its medium",
            false => "try again",
        };
        format!("cannot be looked at now ({}); {cure}", self.why.desc())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        about::display(self, f)
    }
}

impl std::error::Error for Unavailable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}

/// Whether the kernel's reason is a fact about the thing that was asked for. Every other reason is
/// one of the moment, or of a medium that fails: the list is of facts, so that a reason that is
/// missing here is never taken for one.
#[must_use]
pub fn is_fact(why: Errno) -> bool {
    match why {
        Errno::ENOENT
        | Errno::ENOTDIR
        | Errno::EISDIR
        | Errno::ELOOP
        | Errno::ENAMETOOLONG
        | Errno::EINVAL
        | Errno::ENXIO
        | Errno::ENODEV
        | Errno::ENOTBLK
        | Errno::EOVERFLOW
        | Errno::EFBIG
        | Errno::ENOSYS
        | Errno::ENODATA
        | Errno::EOPNOTSUPP
        | Errno::EAFNOSUPPORT
        | Errno::EPROTONOSUPPORT
        // ext4 and others: what is on the medium was read and is wrong.
        | Errno::EUCLEAN
        | Errno::EBADMSG => true,
        // Nothing is closed to root by its mode; what refuses root is another fault.
        Errno::EACCES | Errno::EPERM => !geteuid().is_root(),
        _ => false,
    }
}

/// Tells a fact from a look that could not be taken: the inner error is a fact.
///
/// # Errors
/// [`Unavailable`], which names `path`.
pub fn look<T>(path: &Path, outcome: io::Result<T>) -> Looked<io::Result<T>> {
    match outcome {
        Err(error) => match shortage(&escaped_path(path), &error) {
            Some(unavailable) => Err(unavailable),
            None => Ok(Err(error)),
        },
        found => Ok(found),
    }
}

/// The shortage that an error is, if it is one; `subject` is what was being read.
#[must_use]
pub fn shortage(subject: &str, error: &io::Error) -> Option<Unavailable> {
    let why = error.raw_os_error().map(Errno::from_raw).filter(|why| !is_fact(*why))?;
    Some(Unavailable::new(subject, why))
}

/// What [`look`] does, for the kernel's bare number.
///
/// # Errors
/// [`Unavailable`], which names `path`.
pub fn look_errno<T>(path: &Path, outcome: Result<T, Errno>) -> Looked<Result<T, Errno>> {
    match outcome {
        Err(why) if !is_fact(why) => Err(Unavailable::path(path, why)),
        found => Ok(found),
    }
}

/// Whether something is at a path, be it a link to nowhere.
///
/// # Errors
/// [`Unavailable`].
pub fn exists(path: &Path) -> Looked<bool> {
    Ok(look(path, path.symlink_metadata())?.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(why: Errno) -> Looked<io::Result<()>> {
        look(Path::new("/x"), Err(why.into()))
    }

    #[test]
    fn a_shortage_is_no_fact() {
        for why in [
            Errno::EMFILE,
            Errno::ENFILE,
            Errno::ENOMEM,
            Errno::EIO,
            Errno::EINTR,
            Errno::EAGAIN,
            Errno::ENOBUFS,
            Errno::ENOSPC,
            Errno::ETIMEDOUT,
            Errno::EBUSY,
        ] {
            assert_eq!(of(why).unwrap_err(), Unavailable::new("/x", why));
        }
    }

    #[test]
    fn an_absence_and_a_damaged_file_system_are_facts() {
        for why in [Errno::ENOENT, Errno::ENOTDIR, Errno::EUCLEAN, Errno::EBADMSG] {
            assert!(of(why).unwrap().is_err(), "{why}");
        }
    }

    #[test]
    fn a_refusal_is_a_fact_for_those_who_may_be_refused() {
        assert_eq!(of(Errno::EACCES).is_ok(), !geteuid().is_root());
    }

    #[test]
    fn the_message_names_the_thing_and_the_cure() {
        let shortage = Unavailable::path(Path::new("/a"), Errno::EMFILE);
        let said = "/a: cannot be looked at now (Too many open files); try again";
        assert_eq!(shortage.to_string(), said);
        let medium = Unavailable::path(Path::new("/a"), Errno::EIO);
        assert!(medium.to_string().ends_with("; see the kernel's log for errors of its medium"));
    }

    #[test]
    fn what_is_not_there_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(exists(&dir.path().join("none")), Ok(false));
        assert_eq!(exists(dir.path()), Ok(true));
    }
}
