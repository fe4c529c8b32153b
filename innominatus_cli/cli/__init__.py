"""click commands: parse, call one function, render, exit status."""
