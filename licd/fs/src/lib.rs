//! Primitives of the file system, which know nothing of licences.
//!
//! | module | content |
//! |---|---|
//! | [`look`] | the outcomes of looking at the machine |
//! | [`about`], [`printable`] | errors with a subject; text that is safe to print |
//! | [`root`], [`tree`] | the root directory; reading inside it |
//! | [`names`] | listing a directory |
//! | [`capped`], [`textfile`], [`deadline`] | reading small files and texts, and streams with a deadline |
//! | [`departure`] | noticing that a file goes |
//! | [`stamp`], [`mountinfo`] | identifying unchanged files; the list of mounts |
//! | [`atomic`], [`together`], [`lock`] | replacing files; creating several; one writer at a time |
//! | [`size_limit`] | writing beyond the limit of a file's size |
//! | [`retry`] | repeating what fails for a passing reason |
//! | [`statefile`], [`tomlvalue`] | state files under `/var/lib/licd`; values of TOML with a meaning |

pub mod about;
pub mod atomic;
pub mod capped;
pub mod deadline;
pub mod departure;
mod flock;
pub mod lock;
pub mod look;
pub mod mountinfo;
pub mod names;
pub mod printable;
pub mod retry;
pub mod root;
pub mod size_limit;
pub mod stamp;
pub mod statefile;
pub mod textfile;
pub mod together;
pub mod tomlvalue;
pub mod tree;
