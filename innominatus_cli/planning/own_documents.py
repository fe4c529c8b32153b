"""What an application's plan begins with: the platform's settings and its Score file, read and folded."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.environment_names import is_among
from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.findings.catalogue import plan as codes
from innominatus_cli.findings.catalogue.structure import UNKNOWN_ORGANIZATION
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.planning.places import Spot
from innominatus_cli.planning.request import PlanRequest
from innominatus_cli.planning.selection import organization_of, product_of
from innominatus_cli.planning.surroundings import environment_values
from innominatus_cli.planning.workload import FoldedWorkload, fold_workload

if TYPE_CHECKING:
    from innominatus_cli.documents.score import WorkloadDocument
    from innominatus_cli.documents.typed import Typed


@dataclass(slots=True)
class OwnDocuments:
    """The documents, None where there is none or it is wrong, and what is to be said about them."""

    config: AdminConfigDocument | None = None
    workload: "Typed[WorkloadDocument] | None" = None
    folded: FoldedWorkload | None = None
    product: str | None = None
    """The product that the application belongs to."""
    findings: list[Finding] = field(default_factory=list)
    consulted: list[str] = field(default_factory=list)
    """Paths of the files that had a say."""
    settings: AdminConfigDocument = field(default_factory=AdminConfigDocument)
    """`config`, or what holds where there is none."""


def read_own_documents(repository: Repository, request: PlanRequest) -> OwnDocuments:
    """Reads what `request` speaks of, and lets `repository` be read for the application's organisation."""
    own = OwnDocuments()
    repository.organization = ""
    _read_config(repository, request, own)
    if request.score_path is not None:
        own.consulted.append(request.score_path)
        own.workload = repository.workload(request.score_path)
    if own.workload is not None:
        _enter_organization(repository, own, own.workload)
        own.folded = fold_workload(Spot(own.workload.document), environment_values(request, own.settings, own.workload))
        own.findings += own.folded.findings
        own.product = product_of(own.workload.model, own.settings, repository.has_product if own.config else None)
    return own


def _read_config(repository: Repository, request: PlanRequest, own: OwnDocuments) -> None:
    """Reads admin-config.yaml; where it defines environments, one that it does not define gets a warning."""
    if not repository.has_admin_config:
        message = "there is no admin-config.yaml, so platform and product workflows are off"
        own.findings.append(Finding(codes.NO_ADMIN_CONFIG, message, Place(ADMIN_CONFIG)))
        return
    own.consulted.append(ADMIN_CONFIG)
    config = repository.admin_config()
    if config is None:
        return
    own.config = own.settings = config.model
    known = config.model.environments
    if known and not is_among(request.environment, known):
        message = f"environment '{request.environment}' is not defined in admin-config.yaml"
        place = Spot(config.document).key("environments").place
        remedy = did_you_mean(request.environment, known)
        own.findings.append(Finding(codes.ENVIRONMENT_UNDEFINED, message, place, remedy))


def _enter_organization(repository: Repository, own: OwnDocuments, workload: "Typed[WorkloadDocument]") -> None:
    """Lets the repository be read for the application's organisation; without its policies nothing is planned."""
    name = organization_of(workload.model)
    known = repository.organizations() if name and own.config else []
    if name and own.config and name not in known:
        spot = Spot(workload.document).at("metadata")
        place = (spot.at("organization") if spot.has("organization") else spot).place
        message = f"there is no organisation '{name}' below {repository.workflows_root}"
        own.findings.append(Finding(UNKNOWN_ORGANIZATION, message, place, did_you_mean(name, known)))
    repository.organization = name if name in known else ""
