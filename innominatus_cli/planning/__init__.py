"""Application, documents and facts to a `Plan`. No I/O, no clock, no randomness."""
