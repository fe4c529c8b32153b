"""Organisations: namespaces below the workflows root, `orgs/<organisation>/`, each with the folders of a root."""

import re
from functools import lru_cache
from typing import Final

ORGANIZATIONS: Final = "orgs"
ORGANIZATION_KEY: Final = "innominatus.dev/org"
"""The annotation or label of a Score file that names its organisation, where `metadata.organization` does not."""
_NAME: Final = r"[a-z0-9][a-z0-9._-]{0,62}"
_PATH: Final = re.compile(rf"(?:^|/){ORGANIZATIONS}/({_NAME})/(?:platform|products|policies|golden-paths|step-types)/")


def organization_of_path(path: str) -> str:
    """The organisation in whose folders a file is; empty for the platform's own."""
    found = _PATH.search(path) if f"{ORGANIZATIONS}/" in path else None
    return found[1] if found else ""


def folder_of(workflows_root: str, organization: str) -> str:
    """The folder that holds `platform`, `products` and the others of an organisation, or of the platform itself."""
    return f"{workflows_root}/{ORGANIZATIONS}/{organization}" if organization else workflows_root


@lru_cache(maxsize=1024)  # several ask of each file, and many files share a folder
def below_root(folder: str, workflows_root: str) -> str | None:
    """What is left of a folder below the workflows root, or below that of an organisation; None for one elsewhere."""
    base = "" if workflows_root in {"", "."} else f"{workflows_root}/"
    if not folder.startswith(base):
        return None
    first, _, rest = folder[len(base) :].partition("/")
    if first == ORGANIZATIONS and "/" in rest and re.fullmatch(_NAME, rest.partition("/")[0]):
        return rest.partition("/")[2]
    return folder[len(base) :]


def with_organization(organization: str, name: str) -> str:
    """The name in its namespace: `<organisation>/<name>`."""
    return f"{organization}/{name}" if organization and name else name
