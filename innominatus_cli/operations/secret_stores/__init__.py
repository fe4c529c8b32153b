"""Where the values of secrets are: one module a store, all behind `contract.SecretStore`."""
