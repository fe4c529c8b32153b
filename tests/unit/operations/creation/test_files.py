"""What is written: files with modelines and their schemas, all of them or none."""

import json
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from innominatus_cli.documents.model import Name
from innominatus_cli.documents.schemas import KIND_FILES
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.creation.files import (
    Creation,
    NewFile,
    Written,
    findings_of,
    modeline,
    new_document,
    schema_files,
    write_creation,
)
from innominatus_cli.operations.creation.kinds import KINDS
from innominatus_cli.operations.creation.questions import LABEL, NAME
from innominatus_cli.operations.init import APPLICATION_NAME

Make = Callable[..., Creation]
NEEDED = {"provider": {"resource_type": "postgres"}, "product": {"name": "cards"}}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_names_are_those_of_the_documents() -> None:
    assert TypeAdapter(Name).json_schema()["pattern"] == NAME
    score = json.loads(schema_files(["Workload"]).popitem()[1])
    assert f"^{APPLICATION_NAME}$" == LABEL == score["$defs"]["Metadata"]["properties"]["name"]["pattern"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_defaults_make_is_written_and_validates_strictly(
    kind: str, make: Make, repository: Path, strict: Callable[[], list[str]]
) -> None:
    written = write_creation(repository, make(kind, **NEEDED.get(kind, {"name": "new-one"})))

    assert {file.how for file in written} == {"new"}
    assert [found for found in strict() if "ORC-4023" not in found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_document_begins_with_the_way_to_a_schema_that_it_fits(kind: str, make: Make, repository: Path) -> None:
    write_creation(repository, make(kind, **NEEDED.get(kind, {"name": "new-one"})))

    texts = {path: data.decode() for path, data in tree(repository).items() if path.endswith(".yaml")}
    documents = {path: text for path, text in texts.items() if re.match("workflows/|apps/|admin-config", path)}
    for path, text in documents.items():
        found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
        assert found, path
        schema = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[1]))
        jsonschema.validate(yaml.safe_load(text), json.loads((repository / schema).read_bytes()))


@pytest.mark.parametrize("kind", KIND_FILES)
def test_a_schema_that_a_modeline_names_is_one_that_is_written(kind: str) -> None:
    line = modeline("a/b/c.yaml", kind)

    target = posixpath.normpath(posixpath.join("a/b", line.partition("=")[2].strip()))
    assert target in schema_files([kind])


def test_one_file_in_the_way_means_that_nothing_is_written(make: Make, repository: Path) -> None:
    (repository / "apps/reports").mkdir()
    (repository / "apps/reports/server.js").write_text("mine")
    before = tree(repository)

    with pytest.raises(CannotContinue) as stopped:
        write_creation(repository, make("application", name="reports"))
    assert [str(one.place) for one in stopped.value.findings] == ["apps/reports/server.js"]
    assert stopped.value.findings[0].code.number == "ORC-2098"
    assert tree(repository) == before


def test_force_replaces_and_says_so(make: Make, repository: Path) -> None:
    (repository / "apps/reports").mkdir()
    (repository / "apps/reports/server.js").write_text("mine")

    written = write_creation(repository, make("application", name="reports"), force=True)
    assert written == [Written("apps/reports/score.yaml", "new"), Written("apps/reports/server.js", "replaced")]
    assert (repository / "apps/reports/server.js").read_text() != "mine"


def test_force_replaces_no_folder(make: Make, repository: Path) -> None:
    (repository / "apps/reports/score.yaml").mkdir(parents=True)

    with pytest.raises(CannotContinue, match="is a folder"):
        write_creation(repository, make("application", name="reports"), force=True)


def test_a_link_out_of_the_repository_is_never_written_through(make: Make, repository: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repository / "apps/reports").symlink_to(elsewhere)

    for force in (False, True):
        with pytest.raises(CannotContinue):
            write_creation(repository, make("application", name="reports"), force=force)
    assert list(elsewhere.iterdir()) == []


def test_a_dry_run_looks_at_everything_and_writes_nothing(make: Make, repository: Path) -> None:
    before = tree(repository)

    assert write_creation(repository, make("application", name="reports"), dry_run=True)
    assert tree(repository) == before
    with pytest.raises(CannotContinue):
        write_creation(repository, make("application", name="web-shop"), dry_run=True)


def test_a_schema_of_another_version_stays_until_it_is_forced(make: Make, repository: Path) -> None:
    schema = repository / ".innominatus/schemas/score.schema.json"
    schema.write_text("{}")

    written = write_creation(repository, make("application", name="reports"))
    assert (".innominatus/schemas/score.schema.json", "other version") in written
    assert schema.read_text() == "{}"

    schema.write_text(json.dumps(json.loads(schema_files(["Workload"]).popitem()[1]), indent=7))
    assert len(write_creation(repository, make("application", name="as-schema-prints"))) == 2
    schema.write_text("{}")

    write_creation(repository, make("application", name="forced"), force=True)
    assert schema.read_bytes() == schema_files(["Workload"])[".innominatus/schemas/score.schema.json"]


def test_what_would_not_validate_is_not_written(repository: Path) -> None:
    before = tree(repository)
    data = {"apiVersion": "workflow.dev/v1", "kind": "PlatformWorkflow", "metadata": {"name": "x"}, "spec": {}}

    with pytest.raises(CannotContinue) as stopped:
        write_creation(repository, Creation((new_document("workflows/platform/x.yaml", "PlatformWorkflow", data),)))
    assert stopped.value.exit_status is ExitStatus.FINDINGS
    assert tree(repository) == before


def test_what_files_get_wrong_together_is_found_before_they_are_there(repository: Path) -> None:
    text = (repository / "workflows/platform/security-scan.yaml").read_text()
    twin = Creation((NewFile("workflows/platform/twin.yaml", text, "PlatformWorkflow"),))

    assert "ORC-2008" not in [one.code.number for one in findings_of(repository, twin, alone=True)]
    assert "ORC-2008" in [one.code.number for one in findings_of(repository, twin)]
