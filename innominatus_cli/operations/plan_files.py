"""Plan files: writing one, reading it again, and saying what differs from what it was made from."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from innominatus_cli import __version__
from innominatus_cli.documents.plan import PLAN_SCHEMA, Plan
from innominatus_cli.documents.plan_file import (
    CHECKSUM,
    PLAN_FILE_SCHEMA,
    GivenFile,
    PlanFile,
    PlannedRequest,
    checksum_of,
)
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.catalogue import plan_files as codes
from innominatus_cli.findings.catalogue.document import NOT_READABLE
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.opening import open_repository, repository_path, root_of
from innominatus_cli.operations.overriding import Overriding
from innominatus_cli.operations.param_files import ParamFile, read_param_files
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.planning.comparison import Difference, differences
from innominatus_cli.planning.request import PlanOutcome
from innominatus_cli.system.files import reason_of, write_output

_MODE: Final = 0o600
"""Values of allow-listed environment variables may stand in a plan."""
_LARGEST: Final = 64 * 1024 * 1024
_SHORT: Final = 12
_ENVIRONMENT_VARIABLE: Final = "env."


def write_plan_file(path: str, wish: PlanWish, plan: Plan, directory: Path | None = None) -> None:
    """Writes the plan of a wish, asked in `directory`, so that a crash leaves the old file or the new one.

    The same plan and wish give the same bytes. Raises CannotContinue (exit 73) where the disk refuses.
    """
    request = request_of(wish, root_of(open_repository(directory)), plan.environment, directory)
    file = PlanFile(tool_version=__version__, plan_digest=plan.digest, request=request, plan=plan).sealed()
    write_output(path, file.canonical, _MODE)


def request_of(
    wish: PlanWish, root: Path, environment: str | None = None, directory: Path | None = None
) -> PlannedRequest:
    """A wish, asked in `directory`, as data whose paths are relative to the repository's root."""
    texts = read_param_files(wish.param_files, str(directory or Path())).sources

    def placed(path: str | None) -> str | None:
        return None if path is None else repository_path(root, path, directory)

    return PlannedRequest(
        name=wish.name,
        score=placed(wish.score),
        environment=environment or wish.environment or "",
        parameters=list(wish.parameters),
        param_files=[GivenFile(path=one.path, text=texts[one.path]) for one in wish.param_files],
        workflows=list(wish.workflows),
        overrides_file=placed(wish.overriding.file),
        override_properties=list(wish.overriding.all_properties),
    )


def wish_of(asked: PlannedRequest, root: Path) -> PlanWish:
    """What gives the same plan, asked from any folder of the repository."""

    def placed(path: str | None) -> str | None:
        return None if path is None else str(root / path)

    return PlanWish(
        name=asked.name,
        score=placed(asked.score),
        environment=asked.environment or None,
        parameters=tuple(asked.parameters),
        param_files=tuple(ParamFile(one.path, one.text.encode()) for one in asked.param_files),
        workflows=tuple(asked.workflows),
        overriding=Overriding(placed(asked.overrides_file), tuple(asked.override_properties)),
    )


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """A plan file that is to be run: nothing but its plan will do."""

    path: str
    """As typed."""
    file: PlanFile

    def wish(self, root: Path) -> PlanWish:
        """What gives the same plan, asked from any folder of the repository."""
        return wish_of(self.file.request, root)

    def stale(self, outcome: PlanOutcome, root: Path, env: Mapping[str, str] = os.environ) -> tuple[Finding, ...]:
        """What differs from what the plan was made from; nothing where `outcome` has the very same plan.

        Nothing, too, where no plan could be made and everything that can be compared is the same: the outcome's own
        findings say why then.
        """
        if outcome.plan is not None and outcome.plan.digest == self.file.plan_digest:
            return ()
        now = _object_ids(self.file.plan, root)
        if self._is_of_another_repository(outcome, now):
            name = self.file.plan.application.name
            message = f"nothing that it was made from is here as it was; it is a plan of '{name}'"
            return (Finding(codes.OTHER_REPOSITORY, message, Place(self.path)),)
        if outcome.plan is None:
            return tuple(self._without_plan(now, env))
        found = differences(self.file.plan, outcome.plan)
        outside = [one for one in found if one.part in {"source", "input"}]
        return tuple(map(self._finding, outside)) or (self._other_version(found),)

    def _is_of_another_repository(self, outcome: PlanOutcome, now: Mapping[str, str | None]) -> bool:
        """Nothing is here as it was, and the application's file is none of that application."""
        planned = self.file.plan
        if any(now[one.path] == one.object_id for one in planned.sources):
            return False
        if outcome.plan is not None:
            return outcome.plan.application.name != planned.application.name
        path = planned.application.path
        return now.get(path) is None if path else not any(now.values())

    def _without_plan(self, now: Mapping[str, str | None], env: Mapping[str, str]) -> Iterator[Finding]:
        for source in self.file.plan.sources:
            if now[source.path] != source.object_id:
                here = now[source.path]
                change: Literal["removed", "changed"] = "removed" if here is None else "changed"
                yield self._finding(Difference("source", source.path, change, source.object_id, here or ""))
        for one in self.file.plan.inputs:
            if one.name.startswith(_ENVIRONMENT_VARIABLE) and one.name.removeprefix(_ENVIRONMENT_VARIABLE) not in env:
                yield self._finding(Difference("input", one.name, "removed", was=f"{one.value} ({one.evidence})"))

    def _finding(self, one: Difference) -> Finding:
        if one.part == "source":
            was, now = one.was[:_SHORT], one.now[:_SHORT]
            said = {
                "added": f"'{one.name}' has a say now, and had none in the plan (it is {now})",
                "removed": f"'{one.name}' had a say in the plan, and has none now (it was {was})",
                "changed": f"'{one.name}' is no longer what the plan was made from (was {was}, is {now})",
            }[one.change]
            return Finding(codes.PLAN_STALE, said, Place(self.path))
        was, now = one.was or "not there", one.now or "not there"
        return Finding(codes.PLAN_STALE, f"input '{one.name}' was {was}, is {now}", Place(self.path))

    def _other_version(self, found: list[Difference]) -> Finding:
        names = ", ".join(one.name for one in found[:3])
        version = self.file.tool_version
        message = f"version {version} made it, and this is {__version__}: the same sources give another plan ({names})"
        if version == __version__:
            message = f"the same sources and inputs give another plan ({names}): it was not made by this tool"
        return Finding(codes.PLAN_STALE, message, Place(self.path))


def _object_ids(plan: Plan, root: Path) -> dict[str, str | None]:
    snapshot = WorkingTreeSnapshot(root)
    return {one.path: snapshot.object_id(one.path) for one in plan.sources}


def read_plan_file(path: str) -> HeldPlan:
    """The plan file at a path as typed. Raises CannotContinue for one that was edited or is of another version."""
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as problem:
        raise CannotContinue(Finding(NOT_READABLE, reason_of(problem), Place(path))) from problem
    if len(data) > _LARGEST:
        raise _corrupt(path, f"more than {_LARGEST} bytes are no plan")
    try:
        content = json.loads(data)
        if not isinstance(content, dict):
            raise _corrupt(path, "it is no plan file")
        _check_version(path, content)
        if content.get(CHECKSUM) != checksum_of(content):
            raise _corrupt(path, "its checksum is not that of its content: somebody changed it")
    except (ValueError, RecursionError) as problem:
        raise _corrupt(path, "it is not JSON") from problem
    try:
        file = PlanFile.model_validate(content)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _too_new(path, f"this version ({__version__}) cannot read it: {where}: {first['msg']}") from problem
    if file.plan.digest != file.plan_digest:
        raise _corrupt(path, "its plan has another digest than it says")
    return HeldPlan(path, file)


def _check_version(path: str, content: Mapping[str, Any]) -> None:
    schema = content.get("schema")
    if schema == PLAN_FILE_SCHEMA:
        plan = content.get("plan")
        schema = plan.get("schema") if isinstance(plan, dict) else None
        if schema == PLAN_SCHEMA:
            return
        expected = PLAN_SCHEMA
    else:
        expected = PLAN_FILE_SCHEMA
    if isinstance(schema, str) and schema.startswith(f"{expected.rpartition('/')[0]}/"):
        raise _too_new(path, f"it is '{schema}', and this version ({__version__}) reads '{expected}'")
    hint = "; `plan -o json` shows a plan, `plan --out FILE` writes one to be run" if "plan" in content else ""
    raise _corrupt(path, f"it is no plan file{hint}")


def _corrupt(path: str, reason: str) -> CannotContinue:
    return CannotContinue(Finding(codes.PLAN_FILE_CORRUPT, reason, Place(path)))


def _too_new(path: str, reason: str) -> CannotContinue:
    return CannotContinue(Finding(codes.PLAN_FILE_TOO_NEW, reason, Place(path)))
