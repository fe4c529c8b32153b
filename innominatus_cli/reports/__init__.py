"""Plans, runs and ledgers as text, JSON and tables. Decides nothing."""
