"""One module a step type: resolved inputs to command requests to an outcome with outputs. Starts nothing by itself."""
