//! Looking at the machine has three outcomes: a fact, an absence, and a failure to look.
//!
//! The first two are values. The third is the error [`Unavailable`], which callers pass on to the
//! code that publishes: a temporary shortage must never become a fact. A defect of the thing itself
//! is a fact, hence the inner result in `Looked<Result<Option<T>, ReadError>>`.

use std::fmt;
use std::io;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::about::{self, About};
use crate::printable::escaped_path;

/// The outcome of a look.
pub type Looked<T> = Result<T, Unavailable>;

/// A part of the machine could not be looked at. The part may exist or not, intact or damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    subject: String,
    why: Errno,
}

impl Unavailable {
    /// A part of the machine, by a name for users, and the kernel's reason.
    pub fn new(subject: impl Into<String>, why: Errno) -> Self {
        Self { subject: subject.into(), why }
    }

    /// A file or directory, and the kernel's reason.
    #[must_use]
    pub fn path(path: &Path, why: Errno) -> Self {
        Self::new(escaped_path(path), why)
    }

    /// The kernel's reason in its words.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.why.desc()
    }

    /// Whether a medium or device failed, as opposed to a lack of memory, descriptors or the like.
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

/// Whether an error of the kernel is a fact about the thing looked at. Every other error is temporary,
/// or of a failing medium. The function lists the facts, so that an error missing from the list is
/// never mistaken for one.
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
        // ext4 and others: the content of the medium was read and is corrupt.
        | Errno::EUCLEAN
        | Errno::EBADMSG => true,
        // Root may read everything; a refusal has another cause.
        Errno::EACCES | Errno::EPERM => !geteuid().is_root(),
        _ => false,
    }
}

/// Separates facts from failures to look: the inner error is a fact.
///
/// # Errors
/// [`Unavailable`], which names `path`.
pub fn look<T>(path: &Path, outcome: io::Result<T>) -> Looked<io::Result<T>> {
    match outcome {
        Err(error) => match shortage_number(&error) {
            Some(why) => Err(Unavailable::path(path, why)),
            None => Ok(Err(error)),
        },
        found => Ok(found),
    }
}

/// The shortage behind an error, if it is one; `subject` names the thing that was read.
#[must_use]
pub fn shortage(subject: &str, error: &io::Error) -> Option<Unavailable> {
    shortage_number(error).map(|why| Unavailable::new(subject, why))
}

/// The kernel's number of an error; `EIO` for an error without one, such as a short write.
#[must_use]
pub fn errno(error: io::Error) -> Errno {
    number(&error).unwrap_or(Errno::EIO)
}

fn shortage_number(error: &io::Error) -> Option<Errno> {
    number(error).filter(|why| !is_fact(*why))
}

fn number(error: &io::Error) -> Option<Errno> {
    // Reading a file to its end allocates, and the standard library reports the lack of memory itself.
    let unnumbered = || (error.kind() == io::ErrorKind::OutOfMemory).then_some(Errno::ENOMEM);
    error.raw_os_error().map(Errno::from_raw).or_else(unnumbered)
}

/// Does the same as [`look`] for an error number.
///
/// # Errors
/// [`Unavailable`], which names `path`.
pub fn look_errno<T>(path: &Path, outcome: Result<T, Errno>) -> Looked<Result<T, Errno>> {
    match outcome {
        Err(why) if !is_fact(why) => Err(Unavailable::path(path, why)),
        found => Ok(found),
    }
}

/// Whether a path exists. A dangling link does.
///
/// # Errors
/// [`Unavailable`].
pub fn exists(path: &Path) -> Looked<bool> {
    Ok(look(path, path.symlink_metadata())?.is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use super::*;

    fn of(why: Errno) -> Looked<io::Result<()>> {
        look(Path::new("/x"), Err(why.into()))
    }

    #[test]
    fn a_shortage_is_not_a_fact() {
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
    fn a_lack_of_memory_without_a_number_is_not_a_fact() {
        let mut bytes = Vec::<u8>::new();
        let error = io::Error::from(bytes.try_reserve(usize::MAX / 4).unwrap_err());
        assert_eq!(shortage("/x", &error), Some(Unavailable::new("/x", Errno::ENOMEM)));
        assert_eq!(errno(error), Errno::ENOMEM);
    }

    #[test]
    fn an_absence_and_a_damaged_file_system_are_facts() {
        for why in [Errno::ENOENT, Errno::ENOTDIR, Errno::EUCLEAN, Errno::EBADMSG] {
            assert!(of(why).unwrap().is_err(), "{why}");
        }
    }

    #[test]
    fn a_refusal_is_a_fact_for_ordinary_users_only() {
        assert_eq!(of(Errno::EACCES).is_ok(), !geteuid().is_root());
        if geteuid().is_root() {
            let test = "look::tests::a_refusal_is_a_fact_for_ordinary_users_only";
            let mut again = Command::new(std::env::current_exe().unwrap());
            assert!(again.args(["--exact", test]).uid(65_534).status().unwrap().success());
        }
    }

    #[test]
    fn each_form_of_an_error_is_taken_for_the_same() {
        let path = Path::new("/x");
        let expected = Unavailable::new("/x", Errno::EIO);
        assert_eq!(look_errno::<()>(path, Err(Errno::EIO)), Err(expected.clone()));
        assert_eq!(shortage("/x", &Errno::EIO.into()), Some(expected));
        assert_eq!(look_errno::<()>(path, Err(Errno::ENOENT)), Ok(Err(Errno::ENOENT)));
        assert_eq!(shortage("/x", &Errno::ENOENT.into()), None);
        // Without a number there is no reason of the kernel.
        assert_eq!(shortage("/x", &io::ErrorKind::InvalidData.into()), None);
    }

    #[test]
    fn the_message_names_the_thing_and_the_cure() {
        let shortage = Unavailable::path(Path::new("/a"), Errno::EMFILE);
        let expected = "/a: cannot be looked at now (Too many open files); try again";
        assert_eq!(shortage.to_string(), expected);
        assert_eq!(shortage.reason(), "Too many open files");
        let medium = Unavailable::path(Path::new("/a"), Errno::EIO);
        assert!(medium.to_string().ends_with("; see the kernel's log for errors of its medium"));
    }

    #[test]
    fn a_missing_path_does_not_exist() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(exists(&dir.path().join("none")), Ok(false));
        assert_eq!(exists(dir.path()), Ok(true));
    }
}
