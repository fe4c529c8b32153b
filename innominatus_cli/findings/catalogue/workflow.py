"""Block 2xxx: workflows, golden paths and the repository."""
