"""A code of the catalogue that no test shows is a promise that nobody checks."""

import re
from pathlib import Path

from innominatus_cli.findings.catalogue import every_code

TESTS = Path(__file__).resolve().parents[2]
READ = {".py", ".out", ".json", ".txt"}
"""Sources of tests, and what they expect."""
WITH_CASES = ("ORC-1", "ORC-2")
"""Blocks that tests/unit/checks/test_cases.py holds to a case for each code."""


def text_of_all_tests() -> str:
    paths = (path for path in TESTS.rglob("*") if path.suffix in READ and path.is_file())
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path != Path(__file__))


def test_every_code_outside_the_blocks_with_cases_is_shown_by_a_test() -> None:
    shown = set(re.findall(r"ORC-[0-9]{4}", text_of_all_tests()))
    wanted = {number for number in every_code() if not number.startswith(WITH_CASES)}
    assert len(wanted) > 50
    assert sorted(wanted - shown) == []
