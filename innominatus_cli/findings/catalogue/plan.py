"""Block 3xxx: planning."""
