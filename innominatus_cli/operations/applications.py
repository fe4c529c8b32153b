"""Which Score file somebody means: a path as typed, or the name of an application."""

from pathlib import Path

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.history import score_files
from innominatus_cli.operations.opening import root_of
from innominatus_cli.system.files import is_named_file


class NoSuchApplicationError(ValueError):
    """A word is neither a file nor an application's name; the message says what is near."""


def score_file_of(repository: Repository, word: str, directory: Path | None = None) -> str:
    """The path of the Score file that a word means, as somebody in the current folder would type it.

    A file of that path comes first, then an application of that name. Raises NoSuchApplicationError.
    """
    if is_named_file((directory or Path()) / word):
        return word
    known = score_files(repository)
    if word not in known:
        hint = did_you_mean(word, known)
        raise NoSuchApplicationError(f"no Score file and no application here{f': {hint}' if hint else ''}")
    return str(root_of(repository) / known[word][0])
