//! Primitives of the file system, which know nothing of licences.
//!
//! [`about`] (errors and what they are about), [`look`] (what a look at the machine comes to), [`stamp`] (by what an unchanged file is known
//! again), [`root`] (where things are), [`tree`] (reading below a root), [`textfile`] (how a text is
//! read and what is said of its faults), [`deadline`] (reading with a limit of time), [`atomic`] (how
//! a file is replaced), [`lock`] (how writers wait for each other) and [`statefile`] (how what is
//! remembered is read and written).

pub mod about;
pub mod atomic;
pub mod deadline;
pub mod lock;
pub mod look;
pub mod root;
pub mod stamp;
pub mod statefile;
pub mod textfile;
pub mod tree;
