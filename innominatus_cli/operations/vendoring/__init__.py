"""`vendor`: workflows of other repositories, fetched, locked and verified (docs/adr/0030)."""
