"""`deprovision`: which Score file an application has."""

import os
import shlex
from pathlib import Path

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue.ledger import UNKNOWN_APPLICATION
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.records import is_safe_name
from innominatus_cli.operations.history import open_ledger, score_files
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.system.git import Git


def score_file_of(application: str, directory: Path | None = None) -> str:
    """The path of an application's Score file, as typed in `directory`. Raises CannotContinue where it has none."""
    repository = open_repository(directory)
    known = score_files(repository)
    if application not in known:
        message = f"there is no Score file of '{application}'"
        remedy = _way_back(repository, application, directory) or did_you_mean(application, sorted(known))
        remedy = remedy or "Bring its Score file back: what is removed is planned by it."
        raise CannotContinue(Finding(UNKNOWN_APPLICATION, message, Place(application), remedy))
    return os.path.relpath(root_of(repository) / known[application][0], directory or Path.cwd())


def left_out(repository: Repository, path: str) -> str:
    """What to do about a Score file that is there and none of the repository's applications; empty for all others."""
    if path in repository.application_paths() or not (root_of(repository) / path).is_file():
        return ""
    return f"'{path}' is there, and not among `applications` of admin-config.yaml: add it."


def _way_back(repository: Repository, application: str, directory: Path | None) -> str:
    """How to have the Score file again as the last run of the application had it; empty without such a run."""
    if Git.open(directory or Path.cwd()) is None or not is_safe_name(application):
        return ""
    store = open_ledger(directory).store
    for stored in reversed(store.records(application)):
        plan = store.plan(stored.record.plan) if stored.record.plan else None
        if plan is not None and plan.application.path is not None and stored.record.commit is not None:
            if told := left_out(repository, plan.application.path):
                return told
            command = shlex.join(["git", "checkout", stored.record.commit, "--", plan.application.path])
            return f"What is removed is planned by its Score file; `{command}` brings it back."
    return ""
