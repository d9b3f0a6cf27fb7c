//! Landlock: no files but those of name look-ups, and no TCP port to listen on. Older kernels enforce
//! less of it, or nothing.
//!
//! Connecting stays free: a redirect may name any port, as may an FTP server for its data.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::error::SandboxError;

/// The files of name look-ups (nsswitch.conf(5), resolv.conf(5), gai.conf(5)).
const FILES: [&str; 8] = [
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
];
/// The directories of the C library's modules for name look-ups (before glibc 2.34, and for sources
/// other than files and DNS).
const LIBRARIES: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// The extent to which this kernel enforces the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LandlockStatus {
    /// Files, ports and signals.
    Full,
    /// Some of the rules.
    Partial,
    /// None of the rules.
    None,
}

/// Leaves only reading the files of name look-ups, and forbids listening on TCP ports.
pub(super) fn restrict_files() -> Result<LandlockStatus, SandboxError> {
    let status = restrict().map_err(|e| SandboxError::of("enclosing itself by Landlock")(&e))?;
    Ok(match status {
        RulesetStatus::FullyEnforced => LandlockStatus::Full,
        RulesetStatus::PartiallyEnforced => LandlockStatus::Partial,
        RulesetStatus::NotEnforced => LandlockStatus::None,
    })
}

fn restrict() -> Result<RulesetStatus, RulesetError> {
    // The newest version of the kernel interface that these rules were checked against.
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::BindTcp)?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(FILES, read))?
        .add_rules(path_beneath_rules(LIBRARIES, read))?;
    Ok(rules.restrict_self()?.ruleset)
}
