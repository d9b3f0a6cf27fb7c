//! How a file is replaced so that a crash leaves the old one or the new one.
