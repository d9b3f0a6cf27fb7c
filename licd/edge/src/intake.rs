//! Bytes as they arrive, made into the bytes that were signed.
