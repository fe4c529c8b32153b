"""Block 5xxx: execution of steps and drivers."""
