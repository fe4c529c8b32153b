"""Block 6xxx: records, locks and git."""
