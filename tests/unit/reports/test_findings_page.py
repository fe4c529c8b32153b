"""docs/reference/findings.md says what the catalogue says."""

from pathlib import Path

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.reports.findings_page import BLOCKS, findings_page


def test_the_page_is_the_catalogue(root: Path) -> None:
    page = (root / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
    assert page == findings_page(root / "tests" / "cases" / "err"), (
        "run `python -m innominatus_cli.reports.findings_page`"
    )


def test_every_code_has_its_section_where_findings_link_to(root: Path) -> None:
    page = findings_page(root / "tests" / "cases" / "err")
    for code in every_code().values():
        assert f'<a id="{code.help_page.partition("#")[2]}"></a>' in page
        assert code.number[4] in BLOCKS
