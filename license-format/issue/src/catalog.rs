//! The products and services that the portal's rules speak of. What a product carries is said by the
//! format itself ([`license_format::ProductMismatch`]).

/// The base of IGEL OS.
pub const WORKSPACE_EDITION: &str = "WE";
/// The Enterprise Management Pack.
pub const ENTERPRISE_MANAGEMENT: &str = "EMP";
/// The Cloud Gateway of OS 10.
pub const CLOUD_GATEWAY: &str = "ICG";
/// The upgrade of IGEL Zero clients, which a trade-up alone converts.
pub const ZERO_UPGRADE: &str = "IZUPGR";
/// Packs of OS 10 hardware, which become Workspace Edition packs.
pub const OS10: [&str; 4] = ["UDP", "UDC3", "SAM", "UDC2UPGR"];
