"""Because of what a step or a workflow of a plan is another one: the files and inputs that it rests on."""

from collections.abc import Iterator
from typing import Protocol

from innominatus_cli.documents.plan import Plan, PlannedStep, PlannedWorkflow

_MOST = 4


class _Written(Protocol):
    @property
    def path(self) -> str: ...

    @property
    def line(self) -> int: ...


class Causes:
    """The changes between two plans' sources and inputs, asked by what rests on them."""

    def __init__(self, old: Plan, new: Plan) -> None:
        before, after = ({one.path: one.object_id for one in plan.sources} for plan in (old, new))
        self._sources = {
            path: "added" if path not in before else "removed" if path not in after else "changed"
            for path in sorted(before.keys() | after.keys())
            if before.get(path) != after.get(path)
        }
        values = [{one.name: one.value for one in plan.inputs} for plan in (old, new)]
        self._inputs = [
            name for name in sorted(values[0].keys() | values[1].keys()) if values[0].get(name) != values[1].get(name)
        ]
        self._of_others = {one.path for plan in (old, new) for one in plan.workflows}
        self._of_others -= {plan.application.path for plan in (old, new)}
        self._roles = {one.path: one.role for plan in (old, new) for one in plan.sources}

    def of_step(self, was: PlannedStep | None, now: PlannedStep | None) -> tuple[str, ...]:
        """`path:line changed` of where it is written, the files that it reads, else what all steps rest on."""
        found = [*self._written(was.provenance if was else None, now.provenance if now else None)]
        files = {path for one in (was, now) if one is not None for path in one.input_files}
        found += [f"{path} {self._sources[path]}" for path in sorted(files) if path in self._sources]
        return tuple(found[:_MOST]) or self._shared()

    def of_workflow(self, was: PlannedWorkflow | None, now: PlannedWorkflow | None) -> tuple[str, ...]:
        """As for a step."""
        return tuple(self._written(was, now)) or self._shared()

    def _written(self, was: _Written | None, now: _Written | None) -> Iterator[str]:
        """The file that it is written in now; the one that it was written in, where that is another or it is gone."""
        seen: set[str] = set()
        for one in (now, was):
            if one is not None and one.path in self._sources and one.path not in seen:
                seen.add(one.path)
                yield f"{one.path}:{one.line} {self._sources[one.path]}"

    def _shared(self) -> tuple[str, ...]:
        """Inputs, and the documents that are nobody's alone: admin-config.yaml, golden paths, policies, Score file."""
        inputs = [f"input {name} changed" for name in self._inputs]
        documents = [path for path in self._sources if self._roles[path] == "document"]
        shared = [path for path in documents if path not in self._of_others] or documents
        return tuple([*inputs, *(f"{path} {self._sources[path]}" for path in shared)][:_MOST])
