"""What `validate` does: reads files of every kind, checks each and all of them together. Nothing is executed."""

import os
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from innominatus_cli.checks.placement import ADMIN_CONFIG
from innominatus_cli.findings.catalogue.document import NOT_OURS, NOT_READABLE
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Place, Related, Severity
from innominatus_cli.findings.texts import Texts
from innominatus_cli.operations.overriding import NO_OVERRIDES, Overriding, amendment, read_overrides, sources_of
from innominatus_cli.operations.repository_check import MARKER, RepositoryCheck

if TYPE_CHECKING:
    from innominatus_cli.documents.score_overrides import Overrides
    from innominatus_cli.findings.suppressed import Suppressed
    from innominatus_cli.operations.fixing import Fixing

Opened: TypeAlias = Callable[[str, Mapping[str, bytes] | None], RepositoryCheck]
"""Makes the check of a repository, by its resolved folder and the texts in it that are not saved yet."""
_START = "Name a file or folder, or start a repository with `innominatus-ctl init`."


class Validation(NamedTuple):
    """What was found, sorted; how many files were checked; the text of each by the path of its findings' places.

    `kinds` are the kinds of documents in each file, by the same path, in the order in which files were selected.
    `repositories` are the checks of each repository, by what its paths begin with (empty, or ending with `/`).
    `marked` are the files that may hold comments which speak to the tool.
    `suppressed` are findings that do not count, because they are ignored or known.
    `origins` are each file's repository (absolute) and its path there; `fixed` is what was mended, if that was asked.
    """

    findings: tuple[Finding, ...]
    files: int
    sources: Mapping[str, str]
    kinds: Mapping[str, tuple[str, ...]]
    repositories: Mapping[str, RepositoryCheck] = MappingProxyType({})
    suppressed: "tuple[Suppressed, ...]" = ()
    origins: Mapping[str, tuple[str, str]] = MappingProxyType({})
    marked: tuple[str, ...] = ()
    fixed: "Fixing | None" = None

    def exit_status(self, *, strict: bool) -> ExitStatus:
        """1 where there is an error (or, when strict, a warning), or a file that only a diff mends; else 0."""
        if self.fixed is not None and self.fixed.files and not self.fixed.written:
            return ExitStatus.FINDINGS
        failing = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
        return ExitStatus.FINDINGS if any(f.severity in failing for f in self.findings) else ExitStatus.OK


def validate(
    paths: Sequence[str],
    directory: str = ".",
    overriding: Overriding = NO_OVERRIDES,
    *,
    edited: Mapping[str, bytes] | None = None,
    only_ours: bool = False,
    repository: str | None = None,
    jobs: int | None = None,
    cache: bool = False,
    opened: Opened | None = None,
) -> Validation:
    """Checks files and folders, or without paths whatever the repository around `directory` consists of.

    `overriding` changes each of the files, which are Score files, before they are checked.

    Each path belongs to the repository around it: the nearest folder above that holds an admin-config.yaml or a
    `.git`, or else the path's own folder. Places are relative to the repository of
    `directory`; those of other repositories are relative to `directory` itself, or absolute where the path is.

    `edited` are contents that an editor has not saved yet, by path in that repository. With `only_ours`
    files that are none of ours are passed over without a finding. `repository` (resolved) is taken for that of
    `directory` and of every path, whatever stands around them. `jobs` is how many processes check files, None for
    so many as are worth it; `cache` keeps facts of files in the git directory. `opened` makes the check of a
    repository, by its resolved folder and `edited`, where it is not that of the working tree by its own policies.
    """
    home = repository or repository_around(os.path.join(directory, ""))
    checks: dict[str, RepositoryCheck] = {}
    prefixes: dict[str, str] = {}
    findings: list[Finding] = []
    sources: dict[str, str] = {}
    opened = opened or RepositoryCheck
    if not paths:
        checks[home] = opened(home, edited)
        checks[home].select_everything()
        if checks[home].is_empty:
            findings.append(Finding(NOT_OURS, "there is nothing of ours here", Place("."), _START))
    for path in paths:
        full = os.path.join(directory, path)
        if not os.path.lexists(full) and path not in (edited or {}):
            findings.append(Finding(NOT_READABLE, "there is no such file or folder", Place(path)))
            continue
        root = repository or repository_around(full)
        if root not in checks and root != home:
            prefixes[root] = root if os.path.isabs(path) else _shown(root, directory)
        if root not in checks:
            checks[root] = opened(root, edited if root == home else None)
        check = checks[root]
        if not check.select(_below(root, full), only_ours=only_ours) and not only_ours:
            findings.append(Finding(NOT_OURS, "the folder holds no document of ours", Place(path)))
        if overriding.wanted:
            overrides = _overrides(overriding, root, directory)
            check.amend(_below(root, full), amendment(overrides))
            sources |= {_joined(prefixes.get(root, ""), at): text for at, text in sources_of(overrides).items()}
    for check in checks.values():
        check.jobs, check.uses_cache = jobs, cache
    return _gathered(checks, prefixes, findings, sources)


def _gathered(
    checks: Mapping[str, RepositoryCheck],
    prefixes: Mapping[str, str],
    findings: list[Finding],
    sources: dict[str, str],
) -> Validation:
    """What the checks of all repositories say, with what was found and read before."""
    kinds: dict[str, tuple[str, ...]] = {}
    origins: dict[str, tuple[str, str]] = {}
    marked = [path for path, text in sources.items() if MARKER in text.encode()]
    for root, check in checks.items():
        prefix = prefixes.get(root, "")
        findings += [_moved(finding, prefix) for finding in check.findings()]
        sources |= {_joined(prefix, path): text for path, text in check.judging_sources.items()}
        marked += [_joined(prefix, path) for path in check.marked()]
        of_files = check.kinds()
        kinds |= {_joined(prefix, path): found for path, found in of_files.items()}
        origins |= {_joined(prefix, path): (root, path) for path in of_files}
    ordered = sorted(findings, key=lambda finding: finding.sort_key)
    files = sum(check.files for check in checks.values())
    repositories = {_joined(prefixes.get(root, ""), ""): check for root, check in checks.items()}
    texts = Texts(origins, lambda origin: checks[origin[0]].text(origin[1]), sources)
    return Validation(tuple(ordered), files, texts, kinds, repositories, origins=origins, marked=tuple(marked))


def _overrides(overriding: Overriding, root: str, directory: str) -> "Overrides":
    """The overrides for a file below `root`, a resolved folder; their file may be anywhere."""
    from innominatus_cli.documents.snapshot import WorkingTreeSnapshot  # noqa: PLC0415 - checks are made of it anyway

    if overriding.file is None:
        return read_overrides(overriding, WorkingTreeSnapshot(root), None)
    full = os.path.join(directory, overriding.file)
    folder, name = os.path.realpath(os.path.dirname(full) or "."), os.path.basename(full)
    return read_overrides(overriding, WorkingTreeSnapshot(folder), name, _below(root, full))


def repository_around(path: str) -> str:
    """The resolved folder that a file or folder is judged in: the nearest with an admin-config.yaml or a `.git`."""
    folder = _folder_of(path)
    return _upwards(folder, ADMIN_CONFIG, ".git") or folder


def git_root_around(path: str) -> str:
    """The resolved folder that a run of `path` works in: that of its git repository, else as `repository_around`."""
    return _upwards(_folder_of(path), ".git") or repository_around(path)


def from_git_root(found: Validation, directory: str) -> Validation:
    """What a check in `directory` found, with paths as they are from the root of the git repository around it.

    They differ where an admin-config.yaml makes a repository of a folder below that root.
    """
    prefix = _shown(repository_around(os.path.join(directory, "")), git_root_around(os.path.join(directory, "")))
    if prefix in {"", "."}:
        return found
    files = (*found.kinds, *(place.path for finding in found.findings for place in _places(finding)))
    return found._replace(
        findings=tuple(_moved(finding, prefix) for finding in found.findings),
        sources=Texts({_joined(prefix, path): path for path in files}, found.sources.get, {}),
        kinds={_joined(prefix, path): kinds for path, kinds in found.kinds.items()},
        suppressed=tuple(
            one._replace(finding=_moved(one.finding, prefix), place=_moved_place(one.place, prefix))
            for one in found.suppressed
        ),
    )


def are_folders(paths: Sequence[str], directory: str) -> bool:
    """Whether every path, relative to `directory`, is a folder, and there is one."""
    return bool(paths) and all(os.path.isdir(os.path.join(directory, path)) for path in paths)


def are_files(paths: Sequence[str], directory: str) -> bool:
    """Whether every path, relative to `directory`, is a file, and there is one."""
    return bool(paths) and all(os.path.isfile(os.path.join(directory, path)) for path in paths)


def _folder_of(path: str) -> str:
    return os.path.realpath(path if os.path.isdir(path) else os.path.dirname(path) or ".")


def _upwards(folder: str, *names: str) -> str | None:
    while not any(os.path.lexists(os.path.join(folder, name)) for name in names):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _below(root: str, path: str) -> str:
    """The path relative to its repository. The last part is not resolved: a link stays what it is."""
    folder = _folder_of(path)
    full = folder if os.path.isdir(path) else os.path.join(folder, os.path.basename(path))
    relative = os.path.relpath(full, root).replace(os.sep, "/")
    return "" if relative == "." else relative


def _shown(root: str, directory: str) -> str:
    return os.path.relpath(root, os.path.realpath(directory)).replace(os.sep, "/")


def _joined(prefix: str, path: str) -> str:
    if path.startswith("--") or not prefix or prefix == "." or os.path.isabs(path):  # `--…` is an argument, and no file
        return path
    if path.startswith("../"):  # a file outside
        return os.path.normpath(os.path.join(prefix, path)).replace(os.sep, "/")
    return f"{prefix}/{path}"


def _places(finding: Finding) -> tuple[Place, ...]:
    return finding.place, *(related.place for related in finding.related)


def _moved(finding: Finding, prefix: str) -> Finding:
    if not prefix:
        return finding
    related = tuple(Related(one.message, _moved_place(one.place, prefix)) for one in finding.related)
    return finding._replace(place=_moved_place(finding.place, prefix), related=related)


def _moved_place(place: Place, prefix: str) -> Place:
    return place._replace(path=_joined(prefix, place.path))
