"""`new --list`: the templates, by tags and in every format."""

import json

from click.testing import CliRunner, Result

from innominatus_cli.cli.main import command_line


def run(*words: str) -> Result:
    return CliRunner().invoke(command_line, ["new", *words])


def test_every_template_and_kind_is_listed_with_what_to_type() -> None:
    found = json.loads(run("--list", "-o", "json").stdout)
    names = [entry["name"] for entry in found]
    assert {"api-with-database", "web-service", "workflow", "step-type", "policy"} <= set(names)
    assert len(names) == len(set(names))
    assert found[0]["command"] == f"innominatus-ctl new application NAME --template {names[0]}"


def test_tags_narrow_the_list_and_all_of_them_count() -> None:
    assert [entry["name"] for entry in json.loads(run("--list", "--tag", "database", "-o", "json").stdout)] == [
        "api-with-database"
    ]
    both = json.loads(run("--list", "--tag", "http", "--tag", "pages", "-o", "json").stdout)
    assert [entry["name"] for entry in both] == ["static-site"]


def test_a_tag_that_nothing_has_is_told_with_a_near_one() -> None:
    found = run("--list", "--tag", "databse")
    assert found.exit_code == 0
    assert found.stdout == "No template has the tag 'databse'. Did you mean 'database'?\n"
    assert run("--list", "--tag", "pages", "--tag", "cron").stdout == "No template has all of these tags.\n"


def test_a_list_is_asked_for_alone() -> None:
    assert run("--tag", "http").exit_code == 2
    assert run("--list", "workflow", "x").exit_code == 2
    assert run().exit_code in {0, 2}
