"""The one function of `doctor`."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.findings.finding import CannotContinue, Severity
from innominatus_cli.operations.doctor.looking import Diagnosis, looked_at
from innominatus_cli.operations.doctor.needs import needs_of, needs_of_everything
from innominatus_cli.operations.opening import open_repository, root_of
from innominatus_cli.operations.planning import DEFAULT_ENVIRONMENT


def diagnose(
    scores: Sequence[str] = (),
    environment: str | None = None,
    directory: Path | None = None,
    outside: Mapping[str, str] | None = None,
) -> Diagnosis:
    """What the whole repository needs, or the plans of these Score files, and whether it is here.

    Without `environment` the whole repository is looked at in all of its environments, a plan in the default one.
    Raises CannotContinue where admin-config.yaml cannot be read, or one of the Score files cannot be planned.
    """
    repository = open_repository(directory)
    admin_config = repository.admin_config()
    if admin_config is None and repository.has_admin_config:
        raise CannotContinue(*(one for one in repository.findings if one.severity is Severity.ERROR))
    admin = AdminConfigDocument() if admin_config is None else admin_config.model
    environments = [environment] if environment else []
    if scores:
        needs = needs_of(repository, scores, environment)
        environments = environments or [DEFAULT_ENVIRONMENT]
    else:
        needs = needs_of_everything(repository, environments)
        environments = environments or sorted(admin.environments)
    return looked_at(needs, admin, environments, root_of(repository), os.environ if outside is None else outside)
