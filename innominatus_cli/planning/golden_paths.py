"""What `run` runs: a golden path by name, or a workflow as a task, with the parameters of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.golden_path import GoldenPathDocument
from innominatus_cli.documents.organizations import organization_of_path
from innominatus_cli.documents.repository import YAML, Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.documents.vendored_names import is_vendored, is_vendored_name, named_files, vendored_path
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.documents.workflow import WorkflowDocument
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.workflow import DUPLICATE_IDENTITY
from innominatus_cli.findings.finding import Finding, Place, has_errors
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.drafts import Draft, draft_of, phases_of
from innominatus_cli.planning.parameters import Parameter, parameter_of
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import PlanRequest
from innominatus_cli.planning.versions import deprecation_of, split_version, version_meant

BUILT_IN = {"deploy-app": Operation.DEPLOY, "undeploy-app": Operation.UNDEPLOY}
"""Golden paths that every repository has, without a file: the generated application tier, and its removal."""


@dataclass(slots=True)
class FoundPath:
    """What was asked for, and the parameters that it takes."""

    name: str | None = None
    golden_path: Typed[GoldenPathDocument] | None = None
    operation: Operation | None = None
    workflow: Draft | None = None
    parameters: dict[str, Parameter] = field(default_factory=dict)
    owner: str = "the deployment"


class GoldenPaths:
    """Looks golden paths and tasks up; `consulted` are the files that had a say."""

    def __init__(self, repository: Repository, config: AdminConfigDocument) -> None:
        self._repository = repository
        self._config = config
        self.consulted: list[str] = []
        self.is_known = False
        """Whether there is a golden path of the name that is wanted, in whatever version."""

    def find(self, request: PlanRequest, findings: list[Finding]) -> FoundPath:
        """What the request names: its task, its golden path, or the repository's default one."""
        if request.task is not None:
            return self._task(request.task, findings)
        wanted = request.golden_path or (
            "undeploy-app" if request.operation is Operation.UNDEPLOY else self._config.default_golden_path
        )
        written = self._written(wanted, findings)
        if written is None:
            return FoundPath(wanted) if self.is_known else self._built_in(wanted, findings)
        self.consulted.append(written.document.path)
        model = written.model
        findings += deprecation_of(model.metadata.deprecated, written.document, f"golden path '{wanted}'")
        found = FoundPath(model.metadata.name, written, model.spec.operation, owner=f"golden path '{wanted}'")
        if model.spec.workflow is not None:
            found.workflow = self._workflow_of(written, model.spec.workflow, findings)
        self._take_parameters(found)
        return found

    def _written(self, wanted: str, findings: list[Finding]) -> Typed[GoldenPathDocument] | None:
        """The golden path of that name, of several versions the one that is meant."""
        name, version = split_version(wanted)
        found = self._repository.golden_paths_named(name)
        self.is_known = bool(found)
        meant = version_meant(
            found,
            lambda path: path.model.metadata.version,
            version,
            f"golden path '{name}'",
            Place("GOLDENPATH"),
            findings,
        )
        same = [path for path in found if meant and path.model.metadata.version == meant.model.metadata.version]
        if meant is not None and len(same) > 1:
            message = (
                f"GoldenPath '{name}@{meant.model.metadata.version}' is already defined in {same[0].document.path}"
            )
            place = Spot(same[1].document).at("metadata", "name").place
            findings.append(Finding(DUPLICATE_IDENTITY, message, place))
        return meant

    def _built_in(self, wanted: str, findings: list[Finding]) -> FoundPath:
        operation = BUILT_IN.get(wanted)
        if operation is None:
            known = {path.model.metadata.name for path in self._repository.golden_paths()} | BUILT_IN.keys()
            workflows = self._identities()
            meant = [f"'{identity}'" for identity in workflows if identity.rpartition("/")[2] == wanted]
            near = f"Workflows are run by their identity: {' or '.join(meant)}." if meant else ""
            near = (
                near
                or did_you_mean(split_version(wanted)[0], [*known, *workflows])
                or f"Known: {', '.join(sorted(known))}."
            )
            self.consulted += [*self._files(), *self._broken_workflows(split_version(wanted)[0])]
            message = f"there is no golden path or workflow '{wanted}'"
            findings.append(Finding(codes.UNKNOWN_GOLDEN_PATH, message, Place("GOLDENPATH"), near))
        else:
            self.consulted += filter(self._has_errors, self._files())
        return FoundPath(wanted, operation=operation, owner=f"golden path '{wanted}'")

    def _has_errors(self, path: str) -> bool:
        return self._repository.snapshot.is_file(path) and has_errors(self._repository.loaded(path).findings)

    def _files(self) -> list[str]:
        """Files of golden paths: one with errors may be the one that is wanted, and a built-in one would not do."""
        root = self._repository.workflows_root
        return [
            "goldenpaths.yaml",
            f"{root}/goldenpaths.yaml",
            *self._repository.snapshot.paths(f"{root}/golden-paths", YAML),
        ]

    def _broken_workflows(self, wanted: str) -> list[str]:
        """Files that have the name of the workflow, and errors because of which it is unknown."""
        name = wanted.rpartition("/")[2]
        files = self._repository.snapshot.paths(self._repository.workflows_root, YAML)
        named = (path for path in files if path.rpartition("/")[2].rpartition(".")[0] == name)
        return list(filter(self._has_errors, named))

    def _workflow_of(self, path: Typed[GoldenPathDocument], written: str, findings: list[Finding]) -> Draft | None:
        spot = Spot(path.document).at("spec", "workflow")
        for candidate in named_files(written, path.document.path):
            if is_vendored(candidate) and (problem := self._repository.vendored.problem(candidate)) is not None:
                findings.append(problem._replace(place=spot.place))
                return None
            if self._repository.snapshot.is_file(candidate):
                self.consulted.append(candidate)
                workflow = self._repository.workflow(candidate)
                return self._draft(workflow, f"golden path {path.model.metadata.name}") if workflow else None
        findings.append(Finding(codes.MISSING_PATH, f"the workflow '{written}' does not exist", spot.place))
        return None

    def _draft(self, workflow: Typed[WorkflowDocument], trigger: str) -> Draft:
        phase = next(iter(phases_of(workflow.model)), Phase.DEPLOYMENT)
        product = _tier_of(workflow)[1]
        identity = None if product else workflow.document.path
        return draft_of(workflow, phase, Tier.APPLICATION, trigger, product=product, identity=identity)

    def _task(self, wanted: str, findings: list[Finding]) -> FoundPath:
        workflow, tier, product = self._named(wanted, findings)
        if workflow is None:
            if _file_of(wanted) not in self.consulted and not has_errors(findings):
                known = self._identities()
                remedy = did_you_mean(wanted, known)
                message = f"there is no workflow '{wanted}'"
                findings.append(Finding(codes.UNKNOWN_GOLDEN_PATH, message, Place("WORKFLOW"), remedy))
            return FoundPath(operation=Operation.TASK)
        self.consulted.append(workflow.document.path)
        if not self._repository.organization and tier is not Tier.APPLICATION:
            self._repository.organization = organization_of_path(workflow.document.path)  # whose policies judge it
        phase = next(iter(phases_of(workflow.model)), Phase.DEPLOYMENT)
        identity = workflow.document.path if tier is Tier.APPLICATION else None
        draft = draft_of(workflow, phase, tier, "manual", product=product, identity=identity)
        found = FoundPath(operation=Operation.TASK, workflow=draft, owner=f"workflow '{draft.identity}'")
        self._take_parameters(found)
        return found

    def _named(self, wanted: str, findings: list[Finding]) -> tuple[Typed[WorkflowDocument] | None, Tier, str | None]:
        """A platform workflow by name, a product's by `<product>/<name>`, or any by the path of its file.

        By its path it keeps tier and product, so that no policy is passed by naming a file.
        """
        identity, version = split_version(wanted)
        tier, product, name, workflows = self._repository_workflows(identity)
        several = [workflow for workflow in workflows if workflow.model.metadata.name == name]
        if several:
            what, place = f"workflow '{identity}'", Place("WORKFLOW")
            meant = version_meant(several, lambda one: one.model.metadata.version or "", version, what, place, findings)
            return meant, tier, product
        path = _file_of(wanted)
        if is_vendored(path) or self._repository.snapshot.is_file(path):
            self.consulted.append(path)
            found = self._repository.workflow(path)
            return found, *(_tier_of(found) if found else (Tier.APPLICATION, None))
        return None, Tier.APPLICATION, None

    def _repository_workflows(self, identity: str) -> tuple[Tier, str | None, str, Sequence[Typed[WorkflowDocument]]]:
        """Tier, product and name that an identity says, and the workflows among which it is looked for."""
        repository = self._repository
        first, slash, rest = identity.partition("/")
        organization = first if slash and first in repository.organizations() else ""
        product, slash, name = (rest if organization else identity).rpartition("/")
        if not slash:
            own = repository.folder("platform", organization)
            found = repository.platform_workflows(organization)
            return Tier.PLATFORM, None, name, [one for one in found if one.document.path.startswith(f"{own}/")]
        known = product in repository.products(organization)
        workflows = repository.product_workflows(product, organization) if known else []
        return Tier.PRODUCT, product, name, workflows

    def _identities(self) -> list[str]:
        platform = [workflow.model.metadata.name for workflow in self._repository.platform_workflows()]
        return platform + [
            f"{product}/{workflow.model.metadata.name}"
            for product in self._repository.products()
            for workflow in self._repository.product_workflows(product)
        ]

    @staticmethod
    def _take_parameters(found: FoundPath) -> None:
        """The golden path's own parameters, then those of its workflow that it says nothing of."""
        if found.golden_path is not None:
            spot = Spot(found.golden_path.document).at("spec", "parameters")
            for name, written in found.golden_path.model.spec.parameters.items():
                found.parameters[name] = parameter_of(name, written, spot.key(name).place, found.owner)
        if found.workflow is not None:
            spec = found.workflow.spec.at("parameters")
            for index, definition in enumerate(found.workflow.parameters):
                place = spec.at(index).place
                found.parameters.setdefault(
                    definition.name, parameter_of(definition.name, definition, place, found.owner)
                )


def _file_of(wanted: str) -> str:
    """The repository path that a workflow may be named by."""
    return (vendored_path(wanted) or "") if is_vendored_name(wanted) else wanted


def _tier_of(workflow: Typed[WorkflowDocument]) -> tuple[Tier, str | None]:
    """The tier that a workflow's kind says, and the product of a product workflow."""
    match workflow.model.kind:
        case "PlatformWorkflow":
            return Tier.PLATFORM, None
        case "ProductWorkflow":
            return Tier.PRODUCT, workflow.model.metadata.product
        case "Workflow":
            return Tier.APPLICATION, None
