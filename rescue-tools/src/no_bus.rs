//! Replaces `bus.rs` in builds without D-Bus, which never find a daemon.

use std::fs::File;

use licd_device::{Application, Failure, Intent, Withdrawn};
use licd_rules::{Code, Reason, Selector};

use crate::args::Access;
use crate::backend::{JobOptions, Wish};

pub(crate) enum Daemon {}

impl Daemon {
    pub(crate) fn wanted(_: &Access) -> Option<Self> {
        None
    }

    pub(crate) fn status(&self) -> Result<String, Failure> {
        match *self {}
    }

    pub(crate) fn check_update(&self, _: &str, _: Option<&str>) -> Result<Reason, Failure> {
        match *self {}
    }

    pub(crate) fn remove(&self, _: &Selector) -> Result<u32, Failure> {
        match *self {}
    }

    pub(crate) fn import(
        &self,
        _: &[(&str, &File)],
        _: Intent,
    ) -> Vec<Result<(Code, String), Failure>> {
        match *self {}
    }

    pub(crate) fn activate(
        &self,
        _: &Application,
        _: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        match *self {}
    }

    pub(crate) fn cancel_activation(&self) -> Result<Withdrawn, Failure> {
        match *self {}
    }

    pub(crate) fn import_from(
        &self,
        _: &str,
        _: &JobOptions<'_>,
        _: impl FnMut(u64, u64) -> Wish,
    ) -> Result<(Code, String), Failure> {
        match *self {}
    }
}

/// The failure reported for a file that the daemon did not answer for.
pub(crate) fn unanswered() -> Failure {
    Failure { code: Code::Timeout, message: String::new() }
}
