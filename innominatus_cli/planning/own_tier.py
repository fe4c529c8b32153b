"""The application's own tier of a plan: what makes its resources and workload, or what removes them."""

from typing import TYPE_CHECKING

from innominatus_cli.documents.repository import Repository
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.finding import Finding
from innominatus_cli.planning.application_tier import application_tier, removal
from innominatus_cli.planning.drafts import Draft
from innominatus_cli.planning.files import InputFiles
from innominatus_cli.planning.own_documents import OwnDocuments
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.provisioning import ResourceSteps, services_of
from innominatus_cli.planning.removal import TakenBack, taken_back_by_removal
from innominatus_cli.planning.request import Facts
from innominatus_cli.provisioners.own_folder import KEY_SECRET, KEY_VARIABLE

if TYPE_CHECKING:
    from innominatus_cli.documents.plan import PlanInput


class OwnTier:
    """Makes the drafts; `findings`, `offering` and `from_records` gather what is to be said about them."""

    def __init__(
        self, repository: Repository, environment: str, facts: Facts, own: OwnDocuments, files: InputFiles
    ) -> None:
        self._repository = repository
        self._environment = environment
        self._facts = facts
        self._own = own
        self._files = files
        self.findings: list[Finding] = []
        self.offering: list[str] = []
        """Documents that provisioners stand in; what is wrong with those that make nothing here stops nobody."""
        self.from_records: list[PlanInput] = []
        """What the records say of resources."""
        self.back: TakenBack | None = None
        """What a removal takes back beside the application's own, once `removal` was asked."""

    def deployment(self, replicas: int | None) -> list[Draft]:
        """What deploys the application, with so many `replicas` where a golden path's parameter says it."""
        own = self._own
        if own.workload is None or own.folded is None:
            return []
        files: list[str] = []
        for written, spot in own.folded.source_files:
            found = self._files.resolve(written, spot)
            if isinstance(found, Finding):
                self.findings.append(found)
            else:
                files += found.files
        makers = self.makers()
        drafts = application_tier(own.workload, own.folded, tuple(sorted(set(files))), makers, self.findings, replicas)
        self._take(makers)
        return drafts

    def removal(self) -> list[Draft]:
        """What removes what the records say exists of the application."""
        workload = self._own.workload
        if workload is None:
            return []
        if self._facts.standing is not None:
            self.back = taken_back_by_removal(self._facts.standing)
            self.findings += self.back.findings
        spot = Spot(workload.document).at("metadata", "name")
        name = workload.model.metadata.name
        makers = self.makers()
        drafts = removal(name, self._facts.deployed, spot, makers) if self._facts.deployed else []
        self._take(makers)
        if not drafts and not (self.back and self.back.steps):
            message = f"the records say that nothing of '{name}' exists in {self._environment}"
            self.findings.append(Finding(codes.NOTHING_DEPLOYED, message, spot.place))
        return drafts

    def makers(self) -> ResourceSteps:
        """What makes steps of resources; who uses it beside us reads its findings too."""
        own, environment = self._own, self._environment
        name = own.workload.model.metadata.name if own.workload else "task"
        services = services_of(name, own.folded.data.get("service")) if own.folded else {}
        here = own.config.environment(environment) if own.config else None
        return ResourceSteps(
            self._repository,
            self._files,
            name,
            environment,
            own.product,
            services,
            own.settings.resource_definitions if own.config else {},
            key={KEY_VARIABLE: f"${{secrets.{KEY_SECRET}}}"} if KEY_SECRET in own.settings.secrets else {},
            cluster=here.kubernetes.model_dump(by_alias=True, exclude_defaults=True) if here else {},
            made=self._facts.made,
        )

    def _take(self, makers: ResourceSteps) -> None:
        self.findings += makers.findings
        self.offering += makers.consulted
        self.from_records += makers.outside
