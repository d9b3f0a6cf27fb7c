//! The files of licd outside the licence partition: what the image and the administrator set, what
//! licd remembers, and what it publishes.

pub mod config;
pub mod deployment;
pub mod downloads;
pub mod marks;
pub mod notices;
pub mod publish;
pub mod settings;
pub mod state;
