"""docs/reference/findings.md and the examples in the package say what catalogue and cases say."""

from pathlib import Path

from innominatus_cli.findings.blocks import block_of
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.reports.code_examples import KEPT, examples_of, kept_examples, kept_text
from innominatus_cli.reports.findings_page import findings_page

AGAIN = "run `python -m innominatus_cli.reports.findings_page`"


def test_the_page_is_the_catalogue(root: Path) -> None:
    page = (root / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    assert page == findings_page(examples_of(root / "tests" / "cases" / "err")), AGAIN


def test_the_examples_of_the_package_are_those_of_the_cases(root: Path) -> None:
    examples = examples_of(root / "tests" / "cases" / "err")
    assert KEPT.read_text(encoding="utf-8") == kept_text(examples), AGAIN
    assert kept_examples() == examples


def test_every_example_shows_its_code() -> None:
    assert len(kept_examples()) > 200
    assert [number for number, example in kept_examples().items() if f" {number}: " not in example.says] == []


def test_every_code_has_its_section_where_findings_link_to() -> None:
    page = findings_page(kept_examples())
    for code in every_code().values():
        assert f'<a id="{code.help_page.partition("#")[2]}"></a>' in page
        assert f"## ORC-{block_of(code).digit}xxx · {block_of(code).title}" in page
