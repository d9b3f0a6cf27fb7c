//! The UMS settings, `settings.toml`.
