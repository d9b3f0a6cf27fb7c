//! The operating system and the machine it runs on.
