"""The pages of step types: made parts equal the models, examples are valid, promises are kept."""

import re
from pathlib import Path

import pytest
import yaml

from innominatus_cli.provisioners.registry import PROVISIONERS
from innominatus_cli.reports.step_type_pages import BEGIN, END, FOLDER, main, pages, with_made_part
from innominatus_cli.step_types.catalogue import STEP_TYPES

FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_equals_the_models(root: Path, name: str) -> None:
    text = (root / FOLDER / name).read_text(encoding="utf-8")
    assert with_made_part(text, pages()[name]) == text, "run: python -m innominatus_cli.reports.step_type_pages"


def test_there_is_no_page_of_a_type_that_is_gone(root: Path) -> None:
    assert {path.name for path in (root / FOLDER).iterdir()} == set(pages())


@pytest.mark.parametrize("name", sorted(set(STEP_TYPES) - {"workflow"}))
def test_every_example_is_valid(root: Path, name: str) -> None:
    text = (root / FOLDER / f"{name}.md").read_text(encoding="utf-8")
    steps = [step for block in FENCE.findall(text) for step in yaml.safe_load(block)]
    assert steps
    for step in steps:
        assert step["type"] == name
        STEP_TYPES[name].inputs.model_validate(step["config"])


def test_every_type_of_resource_is_on_its_page() -> None:
    made = pages()["resource-provisioning.md"]
    for name, provisioner in PROVISIONERS.items():
        assert f"### {name}\n" in made
        assert all(f"| `{word}` |" in made for word in (*provisioner.outputs, *provisioner.params))


def test_prose_stays_and_only_the_made_part_is_replaced() -> None:
    once = with_made_part("# Title\n\nProse.\n", "made\n")
    assert once == f"# Title\n\nProse.\n\n{BEGIN}\n\nmade\n\n{END}\n"
    assert with_made_part(once + "\nMore prose.\n", "other\n") == (
        f"# Title\n\nProse.\n\n{BEGIN}\n\nother\n\n{END}\n\nMore prose.\n"
    )


def test_a_missing_page_is_begun(tmp_path: Path) -> None:
    main(tmp_path)
    text = (tmp_path / FOLDER / "helm.md").read_text(encoding="utf-8")
    assert text.startswith("# helm\n\nInstalls, upgrades and removes Helm releases, or renders a chart.\n")
    assert "| runs | yes |" in text
