"""Nothing that is started here is measured: what is killed half-way would leave half a file of coverage behind."""

import pytest


@pytest.fixture(autouse=True)
def nothing_measured(unmeasured: None) -> None:
    """Coverage stays out of the processes of each test."""
