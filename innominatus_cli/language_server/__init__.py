"""What editors ask of the tool: diagnostics, hover, completion and quick fixes, from the same rules as `validate`."""
