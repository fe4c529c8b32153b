"""`decide(plan, journal)`, `execute_step`, the journal and the loop around them. Knows no tool by name."""
