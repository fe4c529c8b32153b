"""What a plan has in common with those of other applications: looked at once for all of them, where there is a pool."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from innominatus_cli.documents.consulted import RecordingSnapshot
from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.application_tier import RESOURCES
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.outside import plan_limits
from innominatus_cli.planning.own_types import StepTypes, has_own_types
from innominatus_cli.planning.request import Facts, PlanRequest
from innominatus_cli.planning.selection import Selection
from innominatus_cli.planning.siblings import Sibling, is_plain_selection
from innominatus_cli.planning.step_memo import StepMemo
from innominatus_cli.planning.tables import Tables
from innominatus_cli.planning.versions import deprecated_in

if TYPE_CHECKING:
    from innominatus_cli.documents.admin_config import AdminConfigDocument
    from innominatus_cli.documents.score import WorkloadDocument
    from innominatus_cli.documents.typed import Typed
    from innominatus_cli.planning.scopes import Surroundings
    from innominatus_cli.planning.surroundings import ApplicationData


class CommonPart:
    """The workflows of the platform and of a product in one plan, if other applications can have the very same ones."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.selection: Selection | None = None
        self._key: tuple[Any, ...] = ()

    def select(
        self, request: PlanRequest, facts: Facts, product: str | None, select: Callable[[], Selection]
    ) -> Selection:
        """What `select` gives: made once for all applications of a product.

        A selection that has something to say about one application is its own, and one that says since when that is
        deployed; so is everything of a Score file among the workflows.
        """
        repository, path = self._repository, request.score_path or ""
        if repository.kept(StepMemo) is None or path.startswith(f"{repository.workflows_root}/"):
            return select()
        asked = (facts.first_deployment, request.workflows, request.list_others)

        def is_shared(made: tuple[Selection, bool]) -> bool:
            names_evidence = made[0].asked_first_deployment and not facts.first_deployment
            return not made[0].findings and not names_evidence

        def look() -> tuple[Selection, bool]:
            selection = select()
            return selection, is_plain_selection(selection.drafts)

        self._key = (repository.organization, product, *asked)
        made = repository.shared(("selection", *self._key), look, is_shared)
        self.selection = made[0] if made[1] and is_shared(made) else None
        return made[0]

    @property
    def drafts(self) -> Sequence[Draft]:
        """The workflows that others have too."""
        return self.selection.drafts if self.selection is not None else ()

    @property
    def paths(self) -> frozenset[str]:
        """The files that had a say in that."""
        return frozenset(self.selection.consulted) if self.selection is not None else frozenset()

    def own(self, drafts: Sequence[Draft]) -> Sequence[Draft]:
        """The workflows of a plan that no other one has: they stand behind the others."""
        return drafts[len(self.drafts) :]

    def limits(self, config: "AdminConfigDocument | None") -> tuple[dict[str, int], list[str]]:
        """How much of a plan runs at once, and the files that say so."""

        def look() -> tuple[dict[str, int], list[str]]:
            consulted: list[str] = []
            return plan_limits(config, self._repository, consulted), consulted

        if self.selection is None:
            return look()
        limits, consulted = self._repository.shared(("limits", self._repository.organization), look, lambda _: True)
        return dict(limits), consulted

    def deprecated(self, drafts: Sequence[Draft], types: StepTypes) -> list[Finding]:
        """Notices about what a plan uses and should not for long."""
        if self.selection is None:
            return deprecated_in(drafts, types)
        key = ("deprecated", id(self.selection))
        told = self._repository.shared(key, lambda: deprecated_in(self.drafts, types), lambda _: True)
        return [*told, *deprecated_in(self.own(drafts), types)]

    def asks_again(self, drafts: Sequence[Draft], tables: Tables, snapshot: RecordingSnapshot, memo: StepMemo) -> bool:
        """Asks all questions about files that the steps ask; False where nobody knows them all."""

        def ask(some: Sequence[Draft]) -> bool:
            return all(memo.ask_again(draft, tables, snapshot) for draft in some)

        if self.selection is None:
            return ask(drafts)
        key = ("files", id(self.selection), tables.environment_name)
        return self._repository.shared(key, lambda: ask(self.drafts), bool) and ask(self.own(drafts))

    def sibling(
        self,
        drafts: Sequence[Draft],
        about: tuple[str | None, Mapping[str, Any], PlanRequest],
        workload: "Typed[WorkloadDocument] | None",
        surroundings: "tuple[Callable[[], ApplicationData], Callable[[], Surroundings]]",
        is_right: Callable[[], bool],
    ) -> Sibling | None:
        """In what a deployment with these workflows is like others; None where it is unlike them all.

        `about` are its golden path, parameters and request; `is_right` looks at its application tier.
        """
        golden_path, parameters, request = about
        snapshot = self._repository.snapshot
        if self.selection is None or request.overrides is not None or workload is None or workload.model.workflows:
            return None
        if not isinstance(snapshot, RecordingSnapshot) or has_own_types(self._repository):
            return None
        own = self.own(drafts)
        has_resources = any(draft.name == RESOURCES for draft in own)
        files = {file for draft in own for part in draft.steps for file in part.files}
        return Sibling(
            repr((self._key, request.environment, golden_path, parameters, has_resources)),
            self._repository.organization,
            workload.model.metadata.name,
            snapshot.everything_asked,
            self.drafts,
            frozenset((workload.document.path, *files)),
            sum(len(draft.steps) for draft in own),
            *surroundings,
            is_right,
        )
