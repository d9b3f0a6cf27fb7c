//! What the programs' files are after a loss of power, at any moment of an operation.
//!
//! The licence partition and a partition with `/var/lib/licd` and `/etc/licd` are file systems on
//! recorded block devices while an operation runs. Every content that a loss of power could have left
//! on the two is built again, repaired as at a start of the system, mounted, and judged as what is
//! left when the program is killed.
//!
//! - `fuse`: a file system of one file
//! - `medium`: a block device that records writes and flushes
//! - [`log`]: the recording, and the contents that a loss of power can leave
//! - `record`: one operation on recorded devices
//! - `recovery`: the file systems after a loss of power
//! - [`verdict`]: what is right

mod fuse;
pub mod log;
mod medium;
mod record;
mod recovery;
pub mod verdict;
