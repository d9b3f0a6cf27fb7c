//! The UMS: devices, their settings, and which licences they get.

pub(crate) mod conditions;
pub(crate) mod deploy;
pub(crate) mod devices;
pub(crate) mod profile;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod views;
