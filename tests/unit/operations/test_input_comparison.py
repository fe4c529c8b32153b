"""Right before a step starts, its files are still those that the plan was made from."""

from pathlib import Path

import pytest

from innominatus_cli.documents.plan import PlannedStep, Provenance
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.input_comparison import InputComparison


@pytest.fixture
def step() -> PlannedStep:
    where = Provenance(path="w.yaml", line=7, column=5, tier=Tier.PLATFORM, workflow="w", trigger="all_deployments")
    return PlannedStep(
        id="pre-deployment/platform/-/w/s", name="s", type="script", phase=Phase.PRE_DEPLOYMENT, tier=Tier.PLATFORM,
        workflow_id="pre-deployment/platform/-/w", input_files=["a.sh", "data/b.sql"], provenance=where,
    )  # fmt: skip


@pytest.fixture
def comparison(tmp_path: Path, step: PlannedStep) -> InputComparison:
    (tmp_path / "data").mkdir()
    for path in step.input_files:
        (tmp_path / path).write_text("as planned\n")
    planned = WorkingTreeSnapshot(tmp_path)
    return InputComparison(tmp_path, {path: str(planned.object_id(path)) for path in step.input_files})


def test_files_that_are_as_they_were_let_the_step_start(comparison: InputComparison, step: PlannedStep) -> None:
    assert comparison(step) is None


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_a_file_that_was_edited_or_is_gone_stops_the_step(
    comparison: InputComparison, step: PlannedStep, change: str
) -> None:
    path = comparison.root / "data" / "b.sql"
    if change == "edited":
        path.write_text("something else\n")
    else:
        path.unlink()
    found = comparison(step)
    assert isinstance(found, Finding)
    assert found.code.number == "ORC-5010"
    assert "'data/b.sql'" in found.message
    assert str(found.place) == "w.yaml:7:5"
