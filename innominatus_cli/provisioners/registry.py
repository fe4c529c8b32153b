"""The provisioners that come with the product, by the type of resource that they make."""

from collections.abc import Mapping
from types import MappingProxyType

from innominatus_cli.provisioners.contract import Provisioner
from innominatus_cli.provisioners.local_files import SQLITE, VOLUME
from innominatus_cli.provisioners.route import ROUTE

PROVISIONERS: Mapping[str, Provisioner] = MappingProxyType({known.type: known for known in (ROUTE, SQLITE, VOLUME)})
"""Read only, sorted by type."""


def provisioner_for(resource_type: str) -> Provisioner | None:
    """The provisioner of a type of resource, or None."""
    return PROVISIONERS.get(resource_type)
