"""`test`: tests of workflows found, planned, judged, simulated and held against what they expect."""
