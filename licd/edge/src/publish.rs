//! What other programs read: `status.json` and `features/`.
