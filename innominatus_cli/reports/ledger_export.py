"""The ledger for other tools: in-toto statements with SLSA provenance, CSV, JSON."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.ledger.records import plan_path
from innominatus_cli.ledger.store import StoredAction, StoredRecord
from innominatus_cli.ledger.summaries import of_run
from innominatus_cli.ledger.working_tree import WorkingTreeStore
from innominatus_cli.operations.history import run_row
from innominatus_cli.reports.audit import csv_text
from innominatus_cli.system.clock import timestamp

Data: TypeAlias = dict[str, Any]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://innominatus.dev/run/v1"
BUILDER: Final = "https://innominatus.dev/innominatus-ctl"
EXPORT_SCHEMA: Final = "innominatus.dev/ledger-export/v1"
_CSV_COLUMNS: Final = (
    "run",
    "kind",
    "application",
    "environment",
    "operation",
    "golden_path",
    "status",
    "started_at",
    "finished_at",
    "duration_ms",
    "by",
    "email",
    "commit",
    "branch",
    "plan",
    "steps",
    "failures",
    "standing",
    "record",
    "digest",
    "parents",
)


def export_text(
    store: WorkingTreeStore, form: str, application: str | None, environment: str | None, since: datetime | None
) -> str:
    """What `ledger export` prints: the runs of an application and environment (None: all) that began at `since`."""
    begin = timestamp(since) if since else ""
    records = [one for one in store.records(application, environment) if one.record.started_at >= begin]
    if form == "csv":
        return export_csv(records)
    if form == "json":
        actions = [one for one in store.actions(application, environment) if one.record.at >= begin]
        return export_json(records, actions)
    return "".join(in_toto_lines(records, store.root))


def in_toto_statement(stored: StoredRecord, root: str) -> Data:
    """A run as an in-toto Statement v1 whose predicate is SLSA Provenance v1.

    Subjects are the files that the run made, by digest; where it made none, its record. What SLSA has no word for
    stands under keys with the prefix `innominatus_` (in-toto attestation spec, parsing rules).
    """
    record = stored.record
    made = {path: digest for step in record.steps for path, digest in step.artifacts.items()}
    subjects = made if made and record.status == "succeeded" else {stored.path: stored.digest}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": _digests(digest)} for name, digest in sorted(subjects.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "application": record.application,
                    "environment": record.environment,
                    "operation": record.operation,
                    **_given(goldenPath=record.golden_path),
                },
                "internalParameters": {
                    "kind": record.kind,
                    **_given(policies=record.policies, policiesFrom=record.policies_from, branch=record.branch),
                },
                "resolvedDependencies": _dependencies(record, root),
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"innominatus-ctl": record.tool_version}},
                "metadata": {
                    "invocationId": record.run,
                    "startedOn": record.started_at,
                    "finishedOn": record.finished_at,
                    "innominatus_status": record.status,
                    "innominatus_actor": record.actor.as_json(),
                    "innominatus_approvals": [approval.as_json() for approval in record.approvals or ()],
                    "innominatus_parents": list(record.parents),
                },
                "byproducts": [{"name": stored.path, "digest": _digests(stored.digest)}],
            },
        },
    }


def _dependencies(record: RunRecord, root: str) -> list[Data]:
    found: list[Data] = []
    if record.commit:
        dirty = {"annotations": {"innominatus_dirty": True}} if record.dirty else {}
        found.append({"name": "repository", "digest": {"gitCommit": record.commit}, **dirty})
    if record.plan:
        found.append({"name": plan_path(root, record.plan), "digest": _digests(record.plan)})
    tools = {(tool.name, tool.version or "", tool.sha256 or "") for step in record.steps for tool in step.tools}
    for name, version, sha256 in sorted(tools):
        facts: Data = {"name": name}
        if sha256:
            facts["digest"] = {"sha256": sha256}
        if version:
            facts["annotations"] = {"version": version}
        found.append(facts)
    return found


def _digests(digest: str) -> dict[str, str]:
    algorithm, _, hexadecimal = digest.rpartition(":")
    return {algorithm or "sha256": hexadecimal}


def _given(**facts: str | None) -> dict[str, str]:
    return {name: value for name, value in facts.items() if value is not None}


def in_toto_lines(records: Iterable[StoredRecord], root: str) -> Iterator[str]:
    """A statement a line, as `.intoto.jsonl` files hold them."""
    for stored in records:
        yield json.dumps(in_toto_statement(stored, root), ensure_ascii=False, separators=(",", ":")) + "\n"


def export_csv(records: Iterable[StoredRecord]) -> str:
    """A run a line, with the digest of its record and those of the records that it follows."""
    rows = (
        {**run_row(of_run(stored)), "digest": stored.digest, "parents": stored.record.parents} for stored in records
    )
    return csv_text(rows, _CSV_COLUMNS)


def export_json(records: Sequence[StoredRecord], actions: Sequence[StoredAction]) -> str:
    """All records as they are stored, each with its path, digest and standing."""
    document = {
        "schema": EXPORT_SCHEMA,
        "runs": [_entry(stored) for stored in records],
        "actions": [_entry(stored) for stored in actions],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _entry(stored: StoredRecord | StoredAction) -> Data:
    return {
        "path": stored.path,
        "digest": stored.digest,
        "standing": stored.standing.value,
        "record": stored.record.as_json(),
    }
