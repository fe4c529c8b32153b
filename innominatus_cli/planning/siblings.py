"""Applications that have the same workflows of the platform and of a product: what changes for one changes for all.

A plan consists of the workflows that were selected, which many applications have in common, and of the application
tier, which is generated from the Score file. Where two applications have the same selection, and everything that its
steps read of the application is the same (`reads`), both plans differ from one state to another in the same way, as
long as nothing differs that only one of them rests on. What has to hold beside that is said by `Sibling`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from innominatus_cli.documents.consulted import Asked
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.planning.calls import CALL, MOST_STEPS, PROVISIONING
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.reads import Reads
from innominatus_cli.planning.scopes import Surroundings
from innominatus_cli.planning.surroundings import ApplicationData

_OF_OTHERS: Final = frozenset((CALL, PROVISIONING))


@dataclass(frozen=True, slots=True)
class Sibling:
    """One application in one state, as far as it is like others.

    That can only be said of one without anything unusual: a deployment whose application tier is generated, and whose
    other workflows neither call nor replace any.
    """

    key: str
    """What tells the selection, and what else plans depend on; equal for those that can be alike in one state."""
    organization: str
    """Whose policies hold beside the platform's; empty: nobody's."""
    name: str
    asked: Asked
    """What this application has asked of the state, and what all with this selection ask."""
    drafts: Sequence[Draft]
    """The workflows of the selection."""
    own_files: frozenset[str]
    """The Score file, and the files that it names."""
    own_steps: int
    """How many the application tier has."""
    data: Callable[[], ApplicationData]
    surroundings: Callable[[], Surroundings]
    is_right: Callable[[], bool]
    """Looks whether the application tier comes out without errors."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a whole plan says of the workflows of a selection: all that others can be held against."""

    sibling: Sibling
    reads: Reads
    files: frozenset[str]
    """The files that are sources of such a plan because of the selection."""
    steps: int

    def holds_for(self, other: Sibling) -> bool:
        """Whether the workflows of the selection come out without errors for another application, and the same."""
        return (
            self.steps + other.own_steps <= MOST_STEPS
            and self.files.isdisjoint(other.own_files)
            and not any(identity.startswith(f"{other.name}/") for identity in self.reads.workflows)
            and self.reads.hold_for(other.surroundings())
        )


def is_plain_selection(drafts: Sequence[Draft]) -> bool:
    """Whether workflows stand for themselves: none calls or replaces another one, or lets somebody make a resource."""
    return not any(
        draft.override_of is not None or any(part.definition.type in _OF_OTHERS for part in draft.steps)
        for draft in drafts
    )


def is_plain_tier(drafts: Sequence[Draft]) -> bool:
    """Whether an application tier is generated, and nothing in it is of a provider or a provisioner of somebody's own.

    Its steps have inputs then, and nothing else that could be wrong.
    """
    return all(
        part.ready is not None
        and part.called is None
        and not part.definition.env
        and part.definition.type != CALL
        and "provisioner" not in part.ready
        for draft in drafts
        for part in draft.steps
    )


def rest_of(plan: Plan, sibling: Sibling, reads: Reads) -> Rest | None:
    """What a plan says of its selection; None where that is not the same for others."""
    common = [step for step in plan.steps if step.tier is not Tier.APPLICATION]
    files = {path for step in common for path in step.input_files}
    files |= {
        source.path for source in plan.sources if source.role == "document" and source.path not in sibling.own_files
    }
    rest = Rest(sibling, reads, frozenset(files), sum(step.most_steps for step in plan.steps))
    holds_workload = any("workload" in step.inputs for step in common)
    return rest if not holds_workload and rest.holds_for(sibling) else None


def are_variables_alike(old: Rest, new: Rest) -> bool:
    """Whether environment variables that applications have of their own are part of no change.

    They are where a step has the same ones at both ends; and steps that come are not held against steps that go, which
    could be the same under another name.
    """
    if not old.reads.has_texts and not new.reads.has_texts:
        return True
    kept = {id(draft) for draft in old.sibling.drafts} & {id(draft) for draft in new.sibling.drafts}
    before, after = (_variables(rest.sibling.drafts, kept) for rest in (old, new))
    come, gone = after.keys() - before.keys(), before.keys() - after.keys()
    return not (come and gone) and all(before[step] == after[step] for step in before.keys() & after.keys())


def _variables(drafts: Sequence[Draft], kept: set[int]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The environment variables of all steps of the workflows that are not `kept`, as they are written."""
    return {
        (draft.id, part.definition.name): part.definition.env
        for draft in drafts
        if id(draft) not in kept
        for part in draft.steps
    }
