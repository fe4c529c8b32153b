"""`deprovision`: which Score file an application has."""

import os
from pathlib import Path

from innominatus_cli.findings.catalogue.ledger import UNKNOWN_APPLICATION
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.operations.history import score_files
from innominatus_cli.operations.opening import open_repository, root_of


def score_file_of(application: str, directory: Path | None = None) -> str:
    """The path of an application's Score file, as typed in `directory`. Raises CannotContinue where it has none."""
    repository = open_repository(directory)
    known = score_files(repository)
    if application not in known:
        message = f"there is no Score file of '{application}'"
        remedy = (
            did_you_mean(application, sorted(known)) or "Bring its Score file back: what is removed is planned by it."
        )
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application), remedy))
    return os.path.relpath(root_of(repository) / known[application][0], directory or Path.cwd())
