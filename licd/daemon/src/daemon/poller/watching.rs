//! The watches of files, which the kernel may not have now.

use licd_fs::look::is_fact;
use licd_fs::root::Root;

use super::present;
use crate::watch::Watch;

/// The watches of files.
pub(in crate::daemon) enum Watching {
    There(Watch),
    /// The kernel has none left now.
    Lacking(Root),
    /// The kernel has no such thing.
    Absent,
}

impl Watching {
    pub(super) fn open(root: &Root) -> Self {
        match Watch::open(root) {
            Ok(watch) => Self::There(watch),
            Err(reason) if !is_fact(reason) => Self::Lacking(root.clone()),
            Err(reason) => present("files", Err(reason)).map_or(Self::Absent, Self::There),
        }
    }

    pub(super) fn there(&self) -> Option<&Watch> {
        if let Self::There(watch) = self { Some(watch) } else { None }
    }

    pub(super) fn there_mut(&mut self) -> Option<&mut Watch> {
        if let Self::There(watch) = self { Some(watch) } else { None }
    }

    /// Whether changes pass unnoticed, because the kernel has no watch left.
    pub(in crate::daemon) fn is_lacking(&self) -> bool {
        match self {
            Self::There(watch) => watch.is_lacking(),
            Self::Lacking(_) => true,
            Self::Absent => false,
        }
    }

    /// Tries once more what the kernel had no watch for.
    pub(in crate::daemon) fn try_again(&mut self) {
        match self {
            Self::There(watch) if watch.is_lacking() => watch.renew(),
            Self::Lacking(root) => *self = Self::open(&root.clone()),
            Self::There(_) | Self::Absent => {}
        }
    }
}
