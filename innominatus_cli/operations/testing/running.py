"""`test`: every test that somebody asked for, tried and held against what it expects.

No step runs, and no record is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.findings.packing import Packed, pack, unpack
from innominatus_cli.operations.opening import open_repository
from innominatus_cli.operations.testing.coverage import Coverage, Mark, coverage_of, marks_of
from innominatus_cli.operations.testing.declared import Case, CaseFile, Declared, declared_tests
from innominatus_cli.operations.testing.expectations import failures_of
from innominatus_cli.operations.testing.snapshots import compared, obsolete, obsolete_finding, update
from innominatus_cli.operations.testing.trial import try_case
from innominatus_cli.policies.policy_set import unusable_policies
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.forking import Work, can_fork, in_processes

_SNAPSHOTS: Final = frozenset((codes.SNAPSHOT_DIFFERS.number, codes.SNAPSHOT_MISSING.number))


class Wanted(NamedTuple):
    """What somebody typed."""

    names: tuple[str, ...] = ()
    """Paths of files and folders, names of documents, names of tests; none: all tests."""
    only: tuple[str, ...] = ()
    """Globs over names of tests."""
    update: bool = False
    coverage: bool = False
    fail_under: float | None = None
    """The percentage of everything that must be covered."""
    jobs: int = 1
    allow_none: bool = False
    """Whether a repository without any test is one whose tests pass."""


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What came of one test. `failures` are errors; it passes where there are none."""

    name: str
    path: str
    description: str
    place: Place
    failures: tuple[Finding, ...] = ()
    diff: str = ""
    """How the plan differs from its snapshot."""
    duration_ms: int = 0
    marks: tuple[Mark, ...] = ()
    used_shared_fakes: tuple[int, ...] = ()
    snapshot: tuple[str, str] | None = None
    """Path and text of a snapshot that is to be written."""

    @property
    def passed(self) -> bool:
        """Whether all that it expects holds."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """What came of all tests."""

    outcomes: tuple[CaseOutcome, ...]
    findings: tuple[Finding, ...] = ()
    """What is wrong with files of tests, with fakes that they share and with snapshots, errors and warnings."""
    written: tuple[str, ...] = ()
    """Snapshots that `--update` wrote."""
    removed: tuple[str, ...] = ()
    """Snapshots that `--update` removed."""
    coverage: Coverage | None = None
    duration_ms: int = 0
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The texts that findings point into, by path."""

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings outside of tests that fail the command."""
        return tuple(one for one in self.findings if one.severity is Severity.ERROR)

    @property
    def passed(self) -> bool:
        """Whether all is well."""
        return not self.errors and all(outcome.passed for outcome in self.outcomes)


def run_tests(wanted: Wanted, directory: Path | None = None, clock: Clock | None = None) -> SuiteReport:
    """Tries the tests in the repository around `directory`; writes snapshots where `update` says so, nothing else.

    Raises CannotContinue for a path outside of the repository, and where a snapshot cannot be written.
    """
    clock = clock or SystemClock()
    started = clock.monotonic()
    repository = open_repository(directory)
    declared = declared_tests(repository, wanted.names, wanted.only, directory)
    outcomes, sources = _try_all(repository, declared.cases, wanted.jobs, clock)
    found = declared.findings
    if wanted.allow_none and not (wanted.names or wanted.only):
        found = tuple(finding for finding in found if finding.code is not codes.NO_TESTS)
    findings = [*found, *unusable_policies(repository), *_unused_shared_fakes(declared, outcomes)]
    old = obsolete(repository, declared.cases, declared.folders)
    written: dict[str, str] = {}
    if wanted.update:
        written = {path: text for outcome in outcomes if outcome.snapshot for path, text in [outcome.snapshot]}
        update(repository, written, old)
        outcomes = [_with_snapshot(outcome) for outcome in outcomes]
    else:
        findings += [obsolete_finding(path) for path in old]
    coverage = None
    if wanted.coverage or wanted.fail_under is not None:
        coverage = coverage_of(repository, (outcome.marks for outcome in outcomes))
        findings += _too_low(coverage, wanted.fail_under)
    return SuiteReport(
        tuple(outcomes),
        tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)),
        tuple(sorted(written)),
        tuple(old) if wanted.update else (),
        coverage,
        round((clock.monotonic() - started) * 1000),
        {**repository.sources(), **sources, **declared.sources},
    )


def _too_low(coverage: Coverage, wanted: float | None) -> list[Finding]:
    """ORC-3170 where less is covered than must be."""
    percent = coverage.total.percent
    if wanted is None or percent >= wanted:
        return []
    message = f"the tests cover {percent:.1f} %; {wanted:g} % are asked for"
    return [Finding(codes.COVERAGE_TOO_LOW, message, Place("--fail-under"))]


def _try_all(
    repository: Repository, cases: Sequence[Case], jobs: int, clock: Clock
) -> tuple[list[CaseOutcome], dict[str, str]]:
    """The outcomes of tests in their order, and the texts of Score specs that stand in tests."""
    blocks = _by_file(cases)
    if jobs < 2 or len(blocks) < 2 or not can_fork():  # noqa: PLR2004 - one process, or one file
        tried = [_try_case(repository, case, clock) for case in cases]
    else:
        work: Work[list[tuple[CaseOutcome, dict[str, str]]]] = Work(
            lambda number: [_try_case(repository, case, clock) for case in blocks[number]],
            lambda done: [_packed(outcome, sources) for outcome, sources in done],
            lambda plain: [_unpacked(one) for one in plain],
        )
        repository.platform_workflows()
        tried = [one for done in in_processes(work, len(blocks), min(jobs, len(blocks))) for one in done]
    return [outcome for outcome, _ in tried], {path: text for _, some in tried for path, text in some.items()}


def _by_file(cases: Iterable[Case]) -> list[list[Case]]:
    blocks: dict[str, list[Case]] = {}
    for case in cases:
        blocks.setdefault(case.file.path, []).append(case)
    return [*blocks.values()]


def _try_case(repository: Repository, case: Case, clock: Clock) -> tuple[CaseOutcome, dict[str, str]]:
    started = clock.monotonic()
    trial = try_case(repository, case)
    failures = [_as_error(finding) for finding in failures_of(trial)]
    snapshot = compared(repository, trial)
    if snapshot.finding is not None:
        failures.append(snapshot.finding)
    shared = len(case.fakes) - len(case.declared.fakes)
    outcome = CaseOutcome(
        case.name,
        case.file.path,
        case.declared.description,
        case.place("name"),
        tuple(dict.fromkeys(failures)),
        snapshot.diff,
        round((clock.monotonic() - started) * 1000),
        tuple(marks_of(trial)),
        tuple(sorted(number for number in trial.used_fakes if number < shared)),
        None if snapshot.text is None else (case.snapshot_path, snapshot.text),
    )
    known = repository.sources().keys()
    return outcome, {path: text for path, text in trial.sources.items() if path not in known}


def _as_error(finding: Finding) -> Finding:
    """What a test fails for is an error, whatever it is elsewhere."""
    return finding if finding.severity is Severity.ERROR else finding._replace(severity_override=Severity.ERROR)


def _with_snapshot(outcome: CaseOutcome) -> CaseOutcome:
    """An outcome whose snapshot has been written: what is left are its other failures."""
    if outcome.snapshot is None:
        return outcome
    left = tuple(one for one in outcome.failures if one.code.number not in _SNAPSHOTS)
    return replace(outcome, failures=left, diff="", snapshot=None)


def _unused_shared_fakes(declared: Declared, outcomes: Sequence[CaseOutcome]) -> list[Finding]:
    """ORC-3164 for fakes that no test of their file used; of files all of whose tests were tried."""
    used: dict[str, set[int]] = {}
    for case, outcome in zip(declared.cases, outcomes, strict=True):
        used.setdefault(case.file.name, set()).update(outcome.used_shared_fakes)
    files: dict[str, CaseFile] = {case.file.name: case.file for case in declared.cases}
    findings = []
    for name in declared.whole:
        for number, fake in enumerate(files[name].typed.model.spec.fakes):
            if number not in used[name]:
                message = f"no test of '{name}' used the fake of '{fake.step}', which all of them share"
                place = files[name].place("spec", "fakes", number, "step")
                findings.append(Finding(codes.UNUSED_FAKE, message, place))
    return findings


def _packed(outcome: CaseOutcome, sources: dict[str, str]) -> tuple[object, ...]:
    return (
        outcome.name,
        outcome.path,
        outcome.description,
        tuple(outcome.place),
        [pack(finding) for finding in outcome.failures],
        outcome.diff,
        outcome.duration_ms,
        [*outcome.marks],
        [*outcome.used_shared_fakes],
        outcome.snapshot,
        sources,
    )


def _unpacked(plain: Packed) -> tuple[CaseOutcome, dict[str, str]]:
    name, path, description, place, failures, diff, duration, marks, used, snapshot, sources = plain
    found = tuple(unpack(one, every_code()) for one in failures)
    outcome = CaseOutcome(
        name, path, description, Place(*place), found, diff, duration, tuple(marks), tuple(used), snapshot
    )
    return outcome, sources
