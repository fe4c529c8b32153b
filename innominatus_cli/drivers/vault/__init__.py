"""The driver of `vault-setup`."""
