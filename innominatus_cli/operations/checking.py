"""What `validate` and `check` do, in the order of its stages; each stage is a function in a module of its own.

select files → check each and all together → judge strictness → take out what is ignored → take out what is known.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from innominatus_cli.findings.finding import Severity
from innominatus_cli.operations.overriding import NO_OVERRIDES, Overriding
from innominatus_cli.operations.validation import Validation, are_files, validate

if TYPE_CHECKING:
    from innominatus_cli.operations.validation import Opened
    from innominatus_cli.system.clock import Clock


class CheckRequest(NamedTuple):
    """What is asked of a check. Paths are as they were typed, relative to `directory`.

    `strict_score` makes Score's dialect an error. `edited` are contents that an editor has not saved yet, by path
    in the repository of `directory`; with `only_ours` files that are none of ours are passed over. The findings in the
    file `baseline` do not count; `write_baseline` is a file that all findings are written to first. With `since` only
    findings of what changed since a revision count (see `operations.since`). The policies of the revision
    `policies_from` judge, where one is named.
    """

    paths: tuple[str, ...] = ()
    directory: str = "."
    strict_score: bool = False
    edited: Mapping[str, bytes] | None = None
    only_ours: bool = False
    overriding: Overriding = NO_OVERRIDES
    """What is changed in the one Score file that `paths` names."""
    since: str | None = None
    policies_from: str | None = None
    baseline: str | None = None
    write_baseline: str | None = None
    repository: str | None = None
    """The (resolved) repository in which all paths are judged; None for the one around each."""
    jobs: int | None = None
    """How many processes check files; None for so many as are worth it."""
    cache: bool = True
    """Keep facts of files in the git directory, for the next check of many. Never where another revision judges: then
    nothing that lies in the checkout is believed."""
    fix: bool = False
    """Mend what can be mended safely, and answer what is left."""
    diff: bool = False
    """Show what `fix` changes; without it nothing is written."""


def check(request: CheckRequest, clock: "Clock | None" = None) -> Validation:
    """Everything that is wrong with what the request selects; after mending, where that is asked for.

    `clock` tells which ignores have expired.
    """
    if request.fix or request.diff:
        from innominatus_cli.operations.fixing import check_and_fix  # noqa: PLC0415 - a check alone needs none of it

        return check_and_fix(request._replace(cache=False), lambda plain: check(plain, clock))
    if request.since is not None:
        from innominatus_cli.operations.since import check_since, comparison_for  # noqa: PLC0415 - needs git

        found = check_since(lambda opened: _counted(request, clock, opened), lambda root: comparison_for(root, request))
    else:
        found = _counted(request, clock, None if request.policies_from is None else _judged_by(request.policies_from))
    if request.baseline is not None or request.write_baseline is not None:
        found = _without_known(found, request)
    return found


def _counted(request: CheckRequest, clock: "Clock | None", opened: "Opened | None") -> Validation:
    """What is wrong, without what is ignored; `opened` makes the check of a repository where it is no plain one."""
    found = validate(
        request.paths,
        request.directory,
        request.overriding,
        edited=request.edited,
        only_ours=request.only_ours,
        repository=request.repository,
        jobs=request.jobs,
        cache=request.cache and request.policies_from is None,
        opened=opened,
    )
    if request.strict_score:
        found = strictly(found)
    return _without_ignored(found, request, clock) if _has_ignores(found) else found


def strictly(found: Validation) -> Validation:
    """The same, where the house's dialect of Score is an error: its keys, and placeholders that only it resolves."""
    from innominatus_cli.findings.catalogue.document import SCORE_DIALECT  # noqa: PLC0415 - few checks are strict
    from innominatus_cli.findings.catalogue.score import UNKNOWN_PLACEHOLDER_ROOT  # noqa: PLC0415

    dialect = {SCORE_DIALECT.number, UNKNOWN_PLACEHOLDER_ROOT.number}
    findings = [
        finding._replace(severity_override=Severity.ERROR) if finding.code.number in dialect else finding
        for finding in found.findings
    ]
    return found._replace(findings=tuple(findings))


def _judged_by(revision: str) -> "Opened":
    """What makes checks that another revision judges."""
    from innominatus_cli.operations.judging import judge_at  # noqa: PLC0415 - needs git
    from innominatus_cli.operations.repository_check import RepositoryCheck  # noqa: PLC0415

    return lambda root, edited: RepositoryCheck(root, edited, judge=judge_at(root, revision))


def _has_ignores(found: Validation) -> bool:
    """Whether anything may be ignored: most repositories never load what reads ignores."""
    if found.marked:
        return True
    configurations = (check.ignoring for check in found.repositories.values())
    return any(one is not None and "validation" in one.mapping.values for one in configurations)


def _without_ignored(found: Validation, request: CheckRequest, clock: "Clock | None") -> Validation:
    from innominatus_cli.operations.ignoring import Judging, without_ignored  # noqa: PLC0415 - few files ignore
    from innominatus_cli.system.clock import SystemClock  # noqa: PLC0415

    today = (clock or SystemClock()).now().date()
    together = request.since is not None or not are_files(request.paths, request.directory)
    whole = request.since is None and not request.paths
    by = Judging(today, request.policies_from, together=together, whole=whole)
    return without_ignored(found, by)


def _without_known(found: Validation, request: CheckRequest) -> Validation:
    from innominatus_cli.operations import baseline  # noqa: PLC0415 - few ask for it

    file = request.baseline or ""
    if request.write_baseline is not None:
        file = request.write_baseline
        known = baseline.write_baseline(found, file, request.directory)
    else:
        known = baseline.baseline_of_file(file, request.directory)
    judges = None
    if request.policies_from is not None:
        judges = baseline.baseline_at(request.policies_from, file, request.directory)
    whole = request.since is None and not request.paths
    return baseline.without_known(found, known, file, judges=judges, whole=whole)
