"""Which rules are asked of a document: those of its kind that its keys and its text give anything to say."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from innominatus_cli import checks
from innominatus_cli.checks import checking
from innominatus_cli.checks.checking import check_document, rules_for
from innominatus_cli.documents.loading import load

CASES = Path(__file__).resolve().parents[2] / "cases"
FILES = sorted(path for path in CASES.rglob("*.y*ml") if path.is_file() and path.stat().st_size < 100_000)


def every_rule() -> set[str]:
    found = set()
    for module in iter_modules(checks.__path__):
        for rule in getattr(import_module(f"innominatus_cli.checks.{module.name}"), "RULES", ()):
            found.add(f"{rule.__module__}.{rule.__name__}")
    return found


@pytest.mark.interpreted
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


@pytest.mark.interpreted
def test_asking_few_rules_loses_no_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [
        document for path in FILES for document in load(path.name, path.read_bytes()).documents if document.kind
    ]
    assert len(documents) > 250
    asked = [check_document(document) for document in documents]
    monkeypatch.setattr(checking, "rules_for", lambda kind, *_, **__: rules_for(kind))
    for document, found in zip(documents, asked, strict=True):
        assert check_document(document) == found, document.path


def test_a_plain_workflow_needs_few_modules() -> None:
    text = "spec:\n  steps:\n    - name: build\n      type: script\n      config:\n        script: make\n"
    plain = {rule.__module__ for rule in rules_for("ProductWorkflow", {"spec", "steps", "name", "type"}, text)}
    everything = {rule.__module__ for rule in rules_for("ProductWorkflow")}
    assert len(plain) * 2 < len(everything)
