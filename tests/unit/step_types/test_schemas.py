"""schemas/ is what the models say, and nothing else."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from innominatus_cli.documents.schemas import KIND_FILES, step_type_names
from innominatus_cli.step_types.catalogue import STEP_TYPES
from innominatus_cli.step_types.flow import WaitInputs
from innominatus_cli.step_types.schemas import every_schema, main, schema_text

AGAIN = "run `python -m innominatus_cli.step_types.schemas`"


def test_the_files_equal_the_models(root: Path) -> None:
    folder = root / "schemas"
    written = {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.json")}
    generated = {f"{file}.schema.json": schema_text(schema) for file, schema in every_schema().items()}
    assert sorted(written) == sorted(generated), AGAIN
    assert [file for file, text in generated.items() if written[file] != text] == [], AGAIN


def test_every_schema_is_one_of_draft_2020_12_with_its_name() -> None:
    for file, schema in every_schema().items():
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"].endswith(f"/{file}.schema.json")
        assert schema["title"]
        assert schema["description"]


def test_every_kind_and_every_step_type_has_a_schema() -> None:
    schemas = every_schema()
    assert set(KIND_FILES.values()) <= set(schemas)
    assert set(step_type_names()) == set(STEP_TYPES)


def test_writing_removes_the_schemas_of_types_that_are_gone(tmp_path: Path) -> None:
    old = tmp_path / "step-types" / "gone.schema.json"
    old.parent.mkdir()
    old.write_text("{}")
    main(tmp_path)
    assert not old.exists()
    assert (tmp_path / "workflow.schema.json").read_text() == schema_text(every_schema()["workflow"])


@pytest.mark.parametrize(
    "until",
    [
        "database",
        ["database"],
        {"name": "up", "type": "tcp", "host": "db", "port": 5432},
        [{"name": "up", "type": "tcp", "host": "db", "port": 5432}, "database"],
    ],
)
def test_what_a_wait_waits_for_is_one_check_or_a_list_for_model_and_schema(until: object) -> None:
    inputs = {"until": until}
    assert WaitInputs.model_validate(inputs).until
    assert not list(Draft202012Validator(every_schema()["step-types/wait"]).iter_errors(inputs))


def test_an_empty_check_is_none_for_either() -> None:
    with pytest.raises(ValidationError):
        WaitInputs.model_validate({"until": {}})
    assert list(Draft202012Validator(every_schema()["step-types/wait"]).iter_errors({"until": {}}))
