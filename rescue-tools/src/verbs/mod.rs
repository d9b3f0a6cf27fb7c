//! The verbs, one file each.

pub(crate) mod activate;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod feature;
pub(crate) mod features;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod request;
pub(crate) mod show;
pub(crate) mod slice;
pub(crate) mod status;
pub(crate) mod unit_id;
pub(crate) mod update_allowed;
pub(crate) mod verify;

pub(crate) mod stick;

mod source;

#[cfg(test)]
pub(crate) mod tests;
