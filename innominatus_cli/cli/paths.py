"""Paths as arguments of commands."""

import click


def none_empty(_context: click.Context, _parameter: click.Parameter, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths that a command was given. Raises UsageError for an empty one, which is no folder."""
    if "" in paths:
        raise click.UsageError("a path is empty: is a variable not set?")
    return paths
