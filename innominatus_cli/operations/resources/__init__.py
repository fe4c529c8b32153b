"""The resources of applications, as the records know them."""
