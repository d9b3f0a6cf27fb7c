//! The products that the portal's rules name. The format itself defines the services of each product
//! ([`license_format::ProductMismatch`]).

/// The base of IGEL OS.
pub const WORKSPACE_EDITION: &str = "WE";
/// The Enterprise Management Pack.
pub const ENTERPRISE_MANAGEMENT: &str = "EMP";
/// The Cloud Gateway of OS 10.
pub const CLOUD_GATEWAY: &str = "ICG";
/// The upgrade of IGEL Zero clients, which only a trade-up converts.
pub const ZERO_UPGRADE: &str = "IZUPGR";
/// The products of OS 10 hardware, which convert to Workspace Edition.
pub const OS10: [&str; 4] = ["UDP", "UDC3", "SAM", "UDC2UPGR"];
