//! The files of licd outside the licence partition: configuration, settings, state and published
//! reports.

pub mod config;
pub mod deployment;
pub mod downloads;
pub mod marks;
pub mod notices;
pub mod publish;
pub mod settings;
pub mod state;
