"""What `validate` does: reads files of every kind, checks each and all of them together. Nothing is executed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from innominatus_cli.findings.catalogue.document import NOT_OURS, NOT_READABLE
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Place, Related, Severity
from innominatus_cli.operations.repository_check import ADMIN_CONFIGS, RepositoryCheck


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found, sorted; how many files were checked; the text of each by the path of its findings' places."""

    findings: tuple[Finding, ...]
    files: int
    sources: Mapping[str, str]

    def exit_status(self, *, strict: bool) -> ExitStatus:
        """1 where there is an error (or, when strict, a warning), else 0."""
        failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        return ExitStatus.FINDINGS if any(f.severity in failing for f in self.findings) else ExitStatus.OK


def validate(paths: Sequence[str], directory: str = ".") -> Validation:
    """Checks files and folders, or without paths whatever the repository around `directory` consists of.

    Each path belongs to the repository around it: the nearest folder above that holds an admin-config.yaml, or else
    the nearest one with a `.git`, or else the path's own folder. Places are relative to the repository of
    `directory`; those of other repositories are relative to `directory` itself.
    """
    start = Path(directory)
    home = repository_around(start)
    checks: dict[Path, RepositoryCheck] = {}
    findings: list[Finding] = []
    if not paths:
        checks[home] = RepositoryCheck(home)
        checks[home].select_everything()
    for path in paths:
        full = start / path
        if not os.path.lexists(full):
            findings.append(Finding(NOT_READABLE, "there is no such file or folder", Place(path)))
            continue
        root = repository_around(full)
        check = checks.setdefault(root, RepositoryCheck(root))
        if not check.select(_below(root, full)):
            findings.append(Finding(NOT_OURS, "the folder holds no document of ours", Place(path)))
    sources: dict[str, str] = {}
    for root, check in checks.items():
        prefix = "" if root == home else _shown(root, start)
        findings += [_moved(finding, prefix) for finding in check.findings()]
        sources |= {_joined(prefix, path): text for path, text in check.sources().items()}
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    return Validation(tuple(ordered), sum(check.files for check in checks.values()), sources)


def repository_around(path: Path) -> Path:
    """The resolved folder of the repository that a file or folder belongs to."""
    folder = _folder_of(path)
    return _upwards(folder, ADMIN_CONFIGS) or _upwards(folder, (".git",)) or folder


def _folder_of(path: Path) -> Path:
    return (path if path.is_dir() else path.parent).resolve()


def _upwards(folder: Path, names: tuple[str, ...]) -> Path | None:
    for above in (folder, *folder.parents):
        if any(os.path.lexists(above / name) for name in names):
            return above
    return None


def _below(root: Path, path: Path) -> str:
    """The path relative to its repository. The last part is not resolved: a link stays what it is."""
    full = _folder_of(path) if path.is_dir() else _folder_of(path) / path.name
    relative = full.relative_to(root).as_posix()
    return "" if relative == "." else relative


def _shown(root: Path, directory: Path) -> str:
    return os.path.relpath(root, directory.resolve()).replace(os.sep, "/")


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}/{path}" if prefix and prefix != "." else path


def _moved(finding: Finding, prefix: str) -> Finding:
    if not prefix:
        return finding
    related = tuple(Related(one.message, _moved_place(one.place, prefix)) for one in finding.related)
    return replace(finding, place=_moved_place(finding.place, prefix), related=related)


def _moved_place(place: Place, prefix: str) -> Place:
    return replace(place, path=_joined(prefix, place.path))
