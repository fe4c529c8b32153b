"""Everything that `new` makes, in the order in which help shows it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from innominatus_cli.operations.creation.application import APPLICATION
from innominatus_cli.operations.creation.golden_path import GOLDEN_PATH
from innominatus_cli.operations.creation.policy import POLICY
from innominatus_cli.operations.creation.provider import PROVIDER
from innominatus_cli.operations.creation.questions import Kind
from innominatus_cli.operations.creation.step_type import STEP_TYPE
from innominatus_cli.operations.creation.workflow import PRODUCT, WORKFLOW
from innominatus_cli.operations.creation.workflow_test import WORKFLOW_TEST

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (APPLICATION, WORKFLOW, PRODUCT, WORKFLOW_TEST, GOLDEN_PATH, STEP_TYPE, PROVIDER, POLICY)
    }
)
