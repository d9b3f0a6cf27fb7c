//! Everything of licd that touches the machine, shared by the daemon and the rescue tool.
//!
//! One file, one neighbour. A neighbour's file uses no other neighbour's file; what they all stand
//! on is [`about`] (errors and what they are about), [`look`] (what a look at the machine comes to), [`root`] (where things are), `tree` (reading below a root), `below` (what a file is on),
//! [`textfile`] (how a text is read and what is said of its faults), [`patience`] (how long
//! something is read that may never come), [`atomic`] (how a file is replaced), `lock` (how writers
//! wait for each other) and [`statefile`] (how what is remembered is read and written).

pub mod about;
pub mod atomic;
mod below;
pub mod clock;
pub mod config;
pub mod deployment;
pub mod downloads;
pub mod fetch;
pub mod intake;
pub mod links;
mod lock;
pub mod look;
pub mod marks;
pub mod names;
pub mod notices;
pub mod patience;
pub mod publish;
pub mod root;
pub mod settings;
pub mod stamp;
pub mod state;
pub mod statefile;
pub mod stick;
pub mod store;
pub mod system;
pub mod textfile;
mod tree;
pub mod usb;
