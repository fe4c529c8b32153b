"""`stats`: what records in git say of a time, without a server that counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Final

from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.statistics import Coverage, ProductActivity, Refusals, Statistics, Tally, Uncovered
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.finding import Finding
from innominatus_cli.ledger.listed import last_deployments, skim
from innominatus_cli.ledger.skimmed import SkimmedRecord, SkimmedStep
from innominatus_cli.ledger.skimming import step_types
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import OpenLedger, score_files
from innominatus_cli.policies.policy_set import policy_set
from innominatus_cli.system.clock import earlier, timestamp

DEFAULT_SECONDS: Final = 30 * 24 * 3600
_FAILED: Final = frozenset({"failed", "timed_out"})
_RAN: Final = frozenset({"succeeded", "failed", "timed_out", "interrupted"})
_PARTS: Final = 5
"""`<phase>/<tier>/<product or ->/<workflow>/<step>`."""
_PLATFORM: Final = "platform"
_APPLICATION: Final = "application"


@dataclass(slots=True)
class _Count:
    runs: int = 0
    failed: int = 0
    took: list[int] = field(default_factory=list)

    def add(self, took: int, *, failed: bool, succeeded: bool) -> None:
        self.runs += 1
        self.failed += failed
        if succeeded:
            self.took.append(took)

    def tally(self, name: str) -> Tally:
        middle = round(median(self.took)) if self.took else None
        rate = round(self.failed / self.runs, 4) if self.runs else 0.0
        return Tally(name=name, runs=self.runs, failed=self.failed, failure_rate=rate, median_ms=middle)


@dataclass(frozen=True, slots=True)
class StatisticsReport:
    """The statistics, and what is wrong with records that they leave out."""

    statistics: Statistics
    findings: tuple[Finding, ...]


def statistics(ledger: OpenLedger, now: datetime, since_seconds: int | None) -> StatisticsReport:
    """What the records of the last `since_seconds` before `now` say; None: all records.

    Coverage is that of what stands, whenever it was deployed.
    """
    since = None if since_seconds is None else earlier(now, since_seconds)
    found = skim(ledger.store, since_ms=0 if since is None else int(since.timestamp() * 1000))
    runs = [record for record in found.records if record.kind not in {"refusal", "approval"}]
    refusals = [record for record in found.records if record.kind == "refusal"]
    deployed = last_deployments(ledger.store)
    known = score_files(ledger.repository)
    workflows = _by_workflow(runs)
    defined = _defined(ledger.repository)
    told = Statistics(
        since=None if since is None else timestamp(since),
        until=timestamp(now),
        runs=len(runs),
        failed=sum(record.status in _FAILED for record in runs),
        refusals=len(refusals),
        applications_defined=len(known),
        by_application=_tallies(_by(runs, "application")),
        by_environment=_tallies(_by(runs, "environment")),
        by_workflow=_tallies(workflows),
        by_step_type=_tallies(_by_step_type(ledger.store, runs)),
        products=list(_products(runs, known, workflows, defined)),
        idle_workflows=sorted({name for names in defined.values() for name in names} - workflows.keys()),
        refused_by=_refused_by(refusals),
        coverage=list(_coverage(ledger.repository, deployed.records)),
        never_deployed=sorted(known.keys() - {record.application for record in deployed.records}),
    )
    findings = sorted(dict.fromkeys([*found.findings, *deployed.findings]), key=lambda one: one.sort_key)
    return StatisticsReport(told, tuple(findings))


def workflow_of(step_id: str) -> str | None:
    """The workflow that a step's id names: `<name>` of the platform, `<product>/<name>`, or `application/<name>`.

    None for an id that is none.
    """
    parts = step_id.split("/", _PARTS - 1)
    if len(parts) < _PARTS:
        return None
    _, tier, product, workflow, _ = parts
    if tier == _APPLICATION and product == "-":
        return f"{_APPLICATION}/{workflow}"
    return workflow if product == "-" else f"{product}/{workflow}"


def _tallies(counts: Mapping[str, _Count]) -> list[Tally]:
    """The most often run first, then by name."""
    tallies = [count.tally(name) for name, count in counts.items()]
    return sorted(tallies, key=lambda one: (-one.runs, one.name))


def _by(runs: Iterable[SkimmedRecord], attribute: str) -> dict[str, _Count]:
    counts: dict[str, _Count] = {}
    for record in runs:
        count = counts.setdefault(getattr(record, attribute), _Count())
        count.add(record.duration_ms, failed=record.status in _FAILED, succeeded=record.status == "succeeded")
    return counts


def _by_workflow(runs: Iterable[SkimmedRecord]) -> dict[str, _Count]:
    counts: dict[str, _Count] = {}
    for record in runs:
        ran: dict[str, list[SkimmedStep]] = {}
        for step in record.steps:
            workflow = workflow_of(step.step)
            if workflow is not None and step.status in _RAN:
                ran.setdefault(workflow, []).append(step)
        for workflow, steps in ran.items():
            failed = any(map(_has_failed, steps))
            took = sum(step.duration_ms for step in steps)
            succeeded = all(step.status == "succeeded" or step.continued for step in steps)
            counts.setdefault(workflow, _Count()).add(took, failed=failed, succeeded=succeeded)
    return counts


def _has_failed(step: SkimmedStep) -> bool:
    return step.status in _FAILED and not step.continued


def _by_step_type(store: WorkingTreeStore, runs: Sequence[SkimmedRecord]) -> dict[str, _Count]:
    """A record does not say a step's type; the newest plan of its application that has the step does."""
    types: dict[tuple[str, str], str] = {}
    newest: dict[str, SkimmedRecord] = {}
    asked: set[str] = set()
    for record in reversed(runs):
        lacking = any((record.application, step.step) not in types for step in record.steps)
        if lacking and record.plan is not None and record.plan not in asked:
            asked.add(record.plan)
            newest[record.plan] = record
            for step in record.steps:
                types.setdefault((record.application, step.step), "")  # nothing older need say it
    for digest, of_steps in step_types(store, newest).items():
        application = newest[digest].application
        for step_id, kind in of_steps.items():
            types[application, step_id] = types.get((application, step_id)) or kind
    counts: dict[str, _Count] = {}
    for record in runs:
        for step in record.steps:
            if step.status in _RAN:
                expanded = step.step.rpartition("[")[0]  # by the run, so that the plan has one node for all
                known = types.get((record.application, step.step)) or types.get((record.application, expanded))
                kind = known or "unknown"
                count = counts.setdefault(kind, _Count())
                count.add(step.duration_ms, failed=_has_failed(step), succeeded=step.status == "succeeded")
    return counts


def _defined(repository: Repository) -> dict[str, list[str]]:
    """The workflows that the repository has, by product; those of the platform under an empty one. By their files."""
    root = repository.workflows_root
    folders = {"": f"{root}/platform", **{name: f"{root}/products/{name}" for name in repository.products()}}
    found: dict[str, list[str]] = {}
    for product, folder in folders.items():
        stems = [
            path[len(folder) + 1 :].rpartition(".")[0]
            for path in repository.snapshot.paths(folder, YAML)
            if "/" not in path[len(folder) + 1 :]
        ]
        found[product] = [f"{product}/{stem}" if product else stem for stem in stems]
    return found


def _products(
    runs: Iterable[SkimmedRecord],
    known: Mapping[str, tuple[str, str | None]],
    workflows: Mapping[str, _Count],
    defined: Mapping[str, list[str]],
) -> Iterator[ProductActivity]:
    """The products of the repository and of the applications that ran, the most active first."""
    ran: dict[str, list[str]] = {name: [] for name in defined if name}
    for record in runs:
        product = known.get(record.application, (None, None))[1]
        for name in {product} if product else _products_of(record):
            ran.setdefault(name, []).append(record.application)
    for name in sorted(ran, key=lambda one: (-len(ran[one]), one)):
        yield ProductActivity(
            name=name,
            applications=sorted(set(ran[name])),
            runs=len(ran[name]),
            workflows_run=sum(workflow.startswith(f"{name}/") for workflow in workflows),
            workflows_defined=len(defined.get(name, ())),
        )


def _products_of(record: SkimmedRecord) -> set[str]:
    """The products whose workflows a record names, for an application whose file is gone."""
    parts = (step.step.split("/", _PARTS - 1) for step in record.steps)
    return {part[2] for part in parts if len(part) == _PARTS and part[2] != "-"}


def _refused_by(refusals: Iterable[SkimmedRecord]) -> list[Refusals]:
    applications: dict[str, list[str]] = {}
    for record in refusals:
        for code in record.errors:
            applications.setdefault(code, []).append(record.application)
    known = every_code()
    return [
        Refusals(
            code=code,
            title=known[code].title if code in known else "",
            count=len(names),
            applications=sorted(set(names)),
        )
        for code, names in sorted(applications.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def _coverage(repository: Repository, deployed: Sequence[SkimmedRecord]) -> Iterator[Coverage]:
    rule = policy_set(repository).required_platform_workflows
    for workflow in rule.value if rule else ():
        uncovered = []
        for record in deployed:
            steps = [step for step in record.steps if _is_of_platform(step.step, workflow)]
            if not any(step.status == "succeeded" for step in steps):
                uncovered.append(
                    Uncovered(
                        application=record.application,
                        environment=record.environment,
                        reason="no step of it ran" if steps else "not in its plan",
                        run=record.run,
                    )
                )
        yield Coverage(
            workflow=workflow,
            deployments=len(deployed),
            covered=len(deployed) - len(uncovered),
            uncovered=uncovered,
        )


def _is_of_platform(step_id: str, workflow: str) -> bool:
    parts = step_id.split("/", _PARTS - 1)
    return len(parts) == _PARTS and parts[1] == _PLATFORM and parts[3] == workflow
