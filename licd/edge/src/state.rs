//! What the device remembers in `/var/lib/licd`.
