"""Rules over tests of workflows: where they stand, what they are called, and whether what they speak of exists.

Only what is known without planning is held against anything: steps of platform and product workflows, codes, and
allow-listed variables. Steps that a plan makes (of a Score file, of loops, of sub-workflows) are left to `test`.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache

from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.said import said_by
from innominatus_cli.documents.kinds import is_test_file
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.documents.step_patterns import StepNames, is_pattern, names_step
from innominatus_cli.documents.vocabulary import Tier
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import workflow_tests as codes
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean

_LISTS = ("runs", "runsOnly", "succeeds", "fails", "skipped", "absent", "order", "steps")
_OF_A_PLAN = (".", "[")
"""What stands in the names of steps that loops and sub-workflows make."""


def check_place(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1090: the file is in a folder `tests`."""
    if not is_test_file(document.path):
        place = document.place(document.mapping.get("kind"))
        yield Finding(codes.TEST_ELSEWHERE, "no folder `tests` holds this file of tests", place)


def check_names(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1092: each test of a document has a name of its own."""
    first: dict[str, Node] = {}
    for test in tests_of(document):
        name, node = test.text("name"), test.get("name")
        if name is None or node is None:
            continue
        earlier = first.setdefault(name, node)
        if earlier is not node:
            related = (Related("the other one", document.place(earlier)),)
            message = f"there is already a test '{name}' in this document"
            yield Finding(codes.TEST_TWICE, message, document.place(node), related=related)


def check_expectations(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1091: a test expects something."""
    for test in tests_of(document):
        snapshot = test.get("snapshot")
        wants_snapshot = isinstance(snapshot, ScalarNode) and snapshot.value is True
        if not test.mapping("expect").values and not wants_snapshot:
            message = f"test '{test.text('name') or ''}' expects nothing"
            yield Finding(codes.TEST_WITHOUT_EXPECTATION, message, document.place(test.get("name")))


def check_steps(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-1093: steps of platform and product workflows are there."""
    if facts.workflows is None:
        return
    workflows = facts.workflows()
    known = _known_steps(tuple(workflows.items()))
    for node in named_steps(document):
        message, remedy = _wrong_step(str(node.value), workflows, known)
        if message:
            yield Finding(codes.UNKNOWN_IN_TEST, message, document.place(node), remedy)


def check_codes(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-1093: codes that are expected are in the catalogue."""
    for test in tests_of(document):
        expect = test.mapping("expect")
        policies = expect.mapping("policies")
        named = [*policies.sequence("refused"), *policies.sequence("warned"), *expect.sequence("findings")]
        for item in named:
            node = item.get("code") if isinstance(item, MappingNode) else item
            if isinstance(node, ScalarNode) and isinstance(node.value, str) and node.value not in every_code():
                remedy = did_you_mean(node.value, every_code())
                yield Finding(codes.UNKNOWN_IN_TEST, f"there is no code '{node.value}'", document.place(node), remedy)


def check_variables(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-1093: variables of the environment are those that plans may read."""
    if facts.admin_config is None:
        return
    allowed = [node.text for node in facts.admin_config.mapping.sequence("env") if isinstance(node, ScalarNode)]
    for holder in (document.mapping.mapping("spec"), *tests_of(document)):
        env = holder.mapping("given").mapping("env")
        for name in env.values:
            if name not in allowed:
                message = f"'{name}' is not under `env` in admin-config.yaml, so that no plan reads it"
                remedy = did_you_mean(name, allowed)
                yield Finding(codes.UNKNOWN_IN_TEST, message, document.place(env.key(name)), remedy)


def tests_of(document: Document) -> Iterator[MappingNode]:
    """The nodes of the tests of a document."""
    return document.mapping.mapping("spec").mappings("tests")


def named_steps(document: Document) -> Iterator[ScalarNode]:
    """Every text of a document that names steps."""
    spec = document.mapping.mapping("spec")
    for fake in spec.mappings("fakes"):
        yield from _texts(fake.get("step"))
    for test in tests_of(document):
        for fake in test.mappings("fakes"):
            yield from _texts(fake.get("step"))
        for key in _LISTS:
            for item in test.mapping("expect").sequence(key):
                if not isinstance(item, MappingNode):
                    yield from _texts(item)
                    continue
                for inner in ("step", "before", "after"):
                    yield from _texts(item.get(inner))


def _texts(node: Node | None) -> Iterator[ScalarNode]:
    for item in node.items if isinstance(node, SequenceNode) else [node]:
        if isinstance(item, ScalarNode) and isinstance(item.value, str):
            yield item


@lru_cache(maxsize=2)
def _known_steps(workflows: tuple[tuple[str, Document], ...]) -> tuple[StepNames, ...]:
    """The steps of all platform and product workflows, once for each phase."""
    found = []
    for identity, document in workflows:
        said = said_by(document)
        tier = Tier.PLATFORM if document.kind == "PlatformWorkflow" else Tier.PRODUCT
        spec = document.mapping.mapping("spec")
        names = [step.text("name") for key in ("steps", "finally") for step in spec.mappings(key)]
        for phase in said.phases:
            base = f"{phase}/{tier}/{said.product or '-'}/{said.name}"
            found += [StepNames(f"{base}/{name}", identity, name) for name in names if name]
    return tuple(found)


def _wrong_step(written: str, workflows: Mapping[str, Document], known: tuple[StepNames, ...]) -> tuple[str, str]:
    """What is wrong with the name of a step, and near names; empty where nobody can say."""
    workflow, slash, name = written.rpartition("/")
    if any(mark in name for mark in _OF_A_PLAN) or any(names_step(written, step) for step in known):
        return "", ""
    tier = next((part for part in written.split("/")[1:2] if part in {Tier.PLATFORM, Tier.PRODUCT}), "")
    if tier and not is_pattern(workflow):
        return f"no {tier} workflow has a step '{written}'", did_you_mean(written, [step.id for step in known])
    if slash and workflow in workflows:
        own = [step.name for step in known if step.workflow == workflow]
        return f"workflow '{workflow}' has no step '{name}'", did_you_mean(name, own)
    return "", ""


RULES = (check_place, check_names, check_expectations, check_steps, check_codes, check_variables)
