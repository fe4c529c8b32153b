"""Which records of runs may be removed: a pure decision over all of them.

Old ones are, but for what the rest of the ledger, and whoever plans, rolls back or resumes, still needs.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.canonical import digest_of_bytes

_DEPLOYMENTS: Final = frozenset({"run", "resume"})
_APPLICATION: Final = "application"


class Retention(NamedTuple):
    """What is to be kept."""

    before: str
    """What ended at this moment (RFC 3339 in UTC) or later stays."""
    keep_days: int
    keep_last: int
    """How many of the newest runs of each application and environment stay."""


class OldRecord(NamedTuple):
    """A record of a run, as far as the decision needs it."""

    path: str
    digest: str
    parents: tuple[str, ...]
    run: str
    kind: str
    application: str
    environment: str
    operation: str
    status: str
    ended: str
    """When the run ended (RFC 3339 in UTC)."""
    recovered: bool
    resumes: str | None
    rolls_back: str | None
    plan: str | None
    made: bool
    """Whether a step that belongs to the application has succeeded."""

    @property
    def deploys(self) -> bool:
        """Whether it is a deployment, whatever came of it."""
        return self.operation == "deploy" and self.kind in _DEPLOYMENTS and self.rolls_back is None

    @property
    def removes(self) -> bool:
        """Whether it took the application away."""
        return self.operation == "undeploy" and self.status == "succeeded" and self.rolls_back is None


def old_record(path: str, data: bytes) -> OldRecord:
    """What the bytes of a record's file say. Raises LookupError, TypeError or ValueError for what is no record."""
    content: Mapping[str, Any] = json.loads(data)
    return OldRecord(
        path,
        digest_of_bytes(data[:-1]),
        tuple(content["parents"]),
        content["run"],
        content["kind"],
        content["application"],
        content["environment"],
        content["operation"],
        content["status"],
        content["finished_at"],
        bool(content.get("recovered")),
        content.get("resumes"),
        content.get("rolls_back"),
        content.get("plan"),
        any(
            step["status"] == "succeeded" and step["step"].split("/")[1:2] == [_APPLICATION]
            for step in content["steps"]
        ),
    )


def removable(
    records: Iterable[OldRecord], retention: Retention, needed: Collection[str] = (), unpushed: Collection[str] = ()
) -> list[OldRecord]:
    """The records that may go, the oldest first. `needed` are runs that something outside of these names.

    `unpushed` are paths of records that the remote does not have yet: they stay.
    """
    ordered = sorted(records, key=lambda one: one.run)
    kept = {one.run for one in ordered if one.ended >= retention.before or one.path in unpushed}
    kept.update(needed)
    places: dict[tuple[str, str], list[OldRecord]] = defaultdict(list)
    for one in ordered:
        places[one.application, one.environment].append(one)
    for of_place in places.values():
        kept.update(one.run for one in of_place[max(0, len(of_place) - retention.keep_last) :])
        kept.update(_standing(of_place))
    kept.update(_waiting(ordered))
    stays = _with_relatives(ordered, kept)
    return [one for one in ordered if one.run not in stays]


def _standing(records: Sequence[OldRecord]) -> Iterator[str]:
    """The runs of one application and environment that say what stands there now, and since when."""
    deployed = [one.run for one in records if one.deploys and one.status == "succeeded"]
    succeeded = [one.run for one in records if one.status == "succeeded"]
    undone = {one.rolls_back for one in records if one.status == "succeeded"}
    yield from (*deployed[:1], *deployed[-1:], *succeeded[:1], *succeeded[-1:])
    yield from [run for run in deployed if run not in undone][-1:]
    removal = max((place for place, one in enumerate(records) if one.removes), default=-1)
    if removal >= 0:
        yield records[removal].run  # without it, what stood before would seem to stand
    for one in records[removal + 1 :]:
        if one.operation == "deploy" and (one.status == "succeeded" or one.made):
            yield one.run


def _waiting(records: Sequence[OldRecord]) -> Iterator[str]:
    """The runs that wait, for an approval or a decision, and that nobody has gone on with."""
    gone_on = {one.resumes for one in records if one.kind != "refusal"}
    return (one.run for one in records if one.status == "waiting" and one.run not in gone_on)


def _with_relatives(records: Sequence[OldRecord], kept: Collection[str]) -> set[str]:
    """The kept runs, and all that went on with them or took them back, or that they went on with or took back.

    Neither half is true without the other: a deployment whose rollback is gone would seem to stand.
    """
    relatives: dict[str, list[str]] = defaultdict(list)
    for one in records:
        for other in (one.resumes, one.rolls_back):
            if other is not None:
                relatives[one.run].append(other)
                relatives[other].append(one.run)
    found: set[str] = set()
    waiting = list(kept)
    while waiting:
        run = waiting.pop()
        if run not in found:
            found.add(run)
            waiting.extend(relatives[run])
    return found
