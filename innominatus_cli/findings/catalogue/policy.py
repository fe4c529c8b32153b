"""Block 4xxx: policies; every error here ends with exit status 3."""
