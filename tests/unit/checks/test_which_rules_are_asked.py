"""Which rules there are, and which of them are asked of a document (see also test_needs.py)."""

from importlib import import_module
from pkgutil import iter_modules

from innominatus_cli import checks
from innominatus_cli.checks import checking
from innominatus_cli.checks.checking import rules_for


def every_rule() -> set[str]:
    found = set()
    for module in iter_modules(checks.__path__):
        for rule in getattr(import_module(f"innominatus_cli.checks.{module.name}"), "RULES", ()):
            found.add(f"{rule.__module__}.{rule.__name__}")
    return found


def test_there_are_more_than_a_hundred_rules_each_with_a_name_and_a_sentence() -> None:
    rules = every_rule()
    assert len(rules) > 100
    for name in rules:
        module, _, function = name.rpartition(".")
        assert function.startswith("check_"), name
        assert (getattr(import_module(module), function).__doc__ or "").startswith(("ORC-", "The rules")), name


def test_every_module_of_rules_is_asked_for_some_kind() -> None:
    asked = {name for names in checking._MODULES.values() for name in names} | {"placement", "repository", "tree"}
    with_rules = {name.rpartition(".")[0].rpartition(".")[2] for name in every_rule()}
    assert sorted(with_rules - asked) == []


def test_a_plain_workflow_needs_few_modules() -> None:
    text = "spec:\n  steps:\n    - name: build\n      type: script\n      config:\n        script: make\n"
    keys = {"spec", "steps", "name", "type", "config", "script"}
    plain = {rule.__module__ for rule in rules_for("ProductWorkflow", keys, text)}
    everything = {rule.__module__ for rule in rules_for("ProductWorkflow")}
    assert len(plain) * 2 < len(everything)
