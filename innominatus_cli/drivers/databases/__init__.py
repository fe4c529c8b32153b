"""Drivers of databases: `database-migration` and `database-schema`."""
