//! Files, by Landlock, and that nobody is served. An older kernel does less of it, or nothing.
//!
//! Connecting is free: a redirect names any port, and an FTP server the one of its data.

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::Error;

/// Files that a look-up of names reads (nsswitch.conf(5), resolv.conf(5), gai.conf(5)).
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
/// Where the C library keeps the parts of itself that look up names, when they are not built in
/// (before glibc 2.34, and for sources other than files and DNS).
const LIBRARIES: [&str; 5] = ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"];

/// How much of it this kernel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Land {
    /// Files, serving and signals.
    Full,
    /// Some of it.
    Partial,
    /// Nothing.
    None,
}

/// Leaves reading of what a look-up of names reads, and no TCP port to be served on.
pub(super) fn enclose() -> Result<Land, Error> {
    let status = restrict().map_err(|e| Error::of("enclosing itself by Landlock")(&e))?;
    Ok(match status {
        RulesetStatus::FullyEnforced => Land::Full,
        RulesetStatus::PartiallyEnforced => Land::Partial,
        RulesetStatus::NotEnforced => Land::None,
    })
}

fn restrict() -> Result<RulesetStatus, RulesetError> {
    // What each version of the kernel's interface can forbid; the last that was looked at is 6.
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
