"""Terraform and OpenTofu: one module, one program, one plan that is applied as it was read."""
