"""Where no guard says that surroundings matter, rules find the same whatever surrounds a document."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.checks.checking import SILENT, modules_of, name_of, rules_for
from innominatus_cli.checks.details import details_of
from innominatus_cli.checks.facts import NO_FACTS, Facts
from innominatus_cli.checks.guards import GUARDS, MANY, Subject, surroundings_matter
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.nodes import Document
from innominatus_cli.operations.repository_check import RepositoryCheck

CASES = Path(__file__).resolve().parents[2] / "cases"


class Untouchable:
    """Surroundings that no rule may look at."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a rule without a guard reads {name}")


def documents_with_facts() -> Iterator[tuple[Document, Facts]]:
    """Every document of the cases that a repository has many of, with what surrounds it there."""
    for folder in sorted((*(CASES / "err").iterdir(), *(CASES / "ok").iterdir(), *(CASES / "repos").iterdir())):
        root, paths = folder, [folder]
        if folder.is_dir():
            paths = [path for path in sorted(folder.rglob("*.y*ml")) if path.is_file()]
        else:
            root = folder.parent
        if not paths or folder.suffix == ".out":
            continue
        check = RepositoryCheck(str(root))
        for path in paths:
            for document in check.documents(path.relative_to(root).as_posix()):
                if document.kind in MANY:
                    yield document, check.facts if folder.is_dir() else NO_FACTS


RICH = """
workflowPolicies:
  maxStepsPerWorkflow: 1
  maxWorkflowDuration: 1s
  allowedStepTypes: [script]
  allowedProductWorkflows: [a/b]
  requiredPlatformWorkflows: [security-scan]
secrets: {a: {}}
healthChecks: {}
alerts: {}
teams: {}
env: [HOME]
resourceDefinitions: {postgres: aws-rds}
"""
ADMIN = load("admin-config.yaml", RICH.encode()).documents[0]
STRICT = Facts(
    ADMIN,
    step_types=("own",),
    workflows=dict,
    is_file=lambda _path: False,
    provided_types=frozenset,
    golden_paths=tuple,
    documents_of=lambda _path: (),
)
LAX = Facts(load("admin-config.yaml", b"admin: {}\n").documents[0], is_file=lambda _path: True)


@pytest.fixture(scope="module")
def known() -> list[tuple[Document, Facts]]:
    return list(documents_with_facts())


@pytest.mark.interpreted
def test_rules_without_a_guard_read_nothing_but_their_document(known: list[tuple[Document, Facts]]) -> None:
    untouchable: Any = Untouchable()
    asked = set()
    for document, _ in known:
        for rule in rules_for(document.kind):
            if name_of(rule) not in GUARDS:
                asked.add(name_of(rule))
                list(rule(document, untouchable))
    assert len(asked) > 40


def test_every_guard_is_of_a_rule() -> None:
    rules = {name_of(rule) for kind in MANY for rule in rules_for(kind)}
    assert sorted((GUARDS.keys() | SILENT) - rules) == []
    assert GUARDS.keys() >= SILENT
    assert {name.partition(".")[0] for name in GUARDS} <= {name for kind in MANY for name in modules_of(kind)}


@pytest.mark.parametrize("facts", [None, STRICT, LAX], ids=["own", "strict", "lax"])
def test_surroundings_that_do_not_matter_change_nothing(
    known: list[tuple[Document, Facts]], facts: Facts | None
) -> None:
    answers = set()
    for document, own in known:
        there = own if facts is None else facts
        subject = Subject(document.path, document.kind, said_by(document), details_of(document, there))
        matter = surroundings_matter(subject, there)
        answers.add(matter)
        if matter:
            continue
        for rule in rules_for(document.kind):
            if name_of(rule) in GUARDS:
                found = list(rule(document, there))
                assert found == list(rule(document, NO_FACTS)), (document.path, name_of(rule))
                assert not found or name_of(rule) not in SILENT
    assert answers == {True, False}
