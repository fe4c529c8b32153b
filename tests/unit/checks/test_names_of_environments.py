"""Names and patterns of environments in admin-config.yaml."""

import pytest

from innominatus_cli.checks.admin_config import check_environments
from innominatus_cli.checks.facts import Facts
from innominatus_cli.documents.yaml_reader import read_yaml


def told(text: str) -> list[tuple[str, int, int]]:
    (document,), _ = read_yaml("admin-config.yaml", text.encode())
    return [
        (one.code.number, one.place.line, one.place.column)
        for one in check_environments(document, Facts())
        if one.code.number == "ORC-3049"
    ]


@pytest.mark.parametrize("name", ["../prod", "a?", "preview-[0-9]", "-x", "", "a b"])
def test_a_name_that_no_environment_can_have_is_told_where_it_stands(name: str) -> None:
    text = f"policies:\n  allowedEnvironments: ['{name}', development]\nenvironments:\n  '{name}': {{}}\n"
    assert told(text) == [("ORC-3049", 2, 25), ("ORC-3049", 4, 3)]


def test_names_and_patterns_with_a_star_are_fine() -> None:
    assert told("policies: {allowedEnvironments: [staging, 'pr-*']}\nenvironments: {'*': {}, eu-1.staging: {}}\n") == []
