"""Score provisioner files."""

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.typed import Typed
from innominatus_cli.findings.finding import Finding
from innominatus_cli.provisioners.choice import Choice


def score_choices(repository: Repository, admin: Typed[AdminConfigDocument]) -> tuple[list[Choice], list[Finding]]:
    """X."""
    raise NotImplementedError
