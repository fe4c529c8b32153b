"""Immutable records in git behind one interface. Decides nothing."""
