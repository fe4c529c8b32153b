"""Fixes that rules offer: applied, the finding is gone, nothing else came, and everything around them stays."""

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding, Fix

HEAD = "apiVersion: workflow.dev/v1\nkind: PlatformWorkflow\n"
META = "metadata: {name: w, description: d, owner: o, phase: deployment}\n"
STEP = "  - {name: a, type: script, config: {script: make}}\n"


def found(text: str) -> list[Finding]:
    loaded = load("w.yaml", text.encode())
    return [*loaded.findings, *(one for document in loaded.documents for one in check_document(document))]


def applied(text: str, fix: Fix) -> str:
    lines = text.split("\n")
    for edit in sorted(fix.edits, reverse=True):
        before, after = lines[edit.line - 1][: edit.column - 1], lines[edit.end_line - 1][edit.end_column - 1 :]
        lines[edit.line - 1 : edit.end_line] = (before + edit.text + after).split("\n")
    return "\n".join(lines)


def mended(text: str, code: str) -> str:
    """The text after the fix of its one finding of this code; nothing may be wrong with it then."""
    (finding,) = (one for one in found(text) if one.code.number == code)
    assert finding.fix is not None
    result = applied(text, finding.fix)
    assert [str(one.code.number) for one in found(result)] == []
    return result


def workflow(spec: str, head: str = HEAD + META) -> str:
    return f"{head}spec:\n{spec}"


GOOD = workflow(f"  triggers: [manual]\n  steps:\n{STEP}")


def changed(old: str, new: str) -> str:
    """The good workflow with one place of it written otherwise."""
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("code", "bad", "good"),
    [
        ("ORC-1033", changed("triggers", "trigers"), GOOD),
        ("ORC-1033", changed("owner: o", "owner: o, 'taggs': [x]"), changed("owner: o", 'owner: o, "tags": [x]')),
        ("ORC-1036", changed("phase: deployment", "phase: deploymnet"), GOOD),
        ("ORC-1036", changed("[manual]", "[manuel]  # by hand"), changed("[manual]", "[manual]  # by hand")),
        ("ORC-2002", changed("type: script", "type: scrpt"), GOOD),
        ("ORC-1021", changed("owner: o", "owner: 1_000"), changed("owner: o", 'owner: "1_000"')),
        ("ORC-2162", changed("[manual]", "[manual, manual]  # x"), changed("[manual]", "[manual]  # x")),
        ("ORC-2162", changed(" [manual]", "\n    - manual\n    - manual"), changed(" [manual]", "\n    - manual")),
        ("ORC-2139", changed("make}", "make}, retry: {attempts: 1}"), GOOD),
        ("ORC-2130", changed("make}", "make}, if: 1 < 2"), GOOD),
        ("ORC-2146", changed("make}", "make}, outputs: [x, y, x]"), changed("make}", "make}, outputs: [x, y]")),
    ],
)
def test_a_fix_mends_its_finding_and_nothing_else(code: str, bad: str, good: str) -> None:
    assert mended(bad, code) == good


def test_a_key_on_lines_of_its_own_goes_with_its_lines() -> None:
    step = "  - name: a\n    type: script\n    retry:\n      attempts: 1\n    # make it\n    config: {script: make}\n"
    bad = workflow(f"  triggers: [manual]\n  steps:\n{step}")
    assert mended(bad, "ORC-2139") == bad.replace("    retry:\n      attempts: 1\n", "")


def test_at_the_end_of_a_file_too() -> None:
    step = "  - name: a\n    type: script\n    config: {script: make}\n    retry:\n      attempts: 1"
    bad = workflow(f"  triggers: [manual]\n  steps:\n{step}")
    assert mended(bad, "ORC-2139") == bad.replace("\n    retry:\n      attempts: 1", "")


LINES = "  - {first}\n    name: a\n    type: script\n    {last}\n    config: {{script: make}}\n"


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("ORC-2139", changed(STEP, LINES.format(first="when: always", last="retry:  # once\n      attempts: 1"))),
        ("ORC-2139", changed(STEP, LINES.format(first="retry: {attempts: 1}", last="when: always"))),
        ("ORC-2162", changed(" [manual]", "\n    - manual\n    - manual  # again")),
        ("ORC-2162", changed("[manual]", "[manual,\n    manual]")),
        ("ORC-1033", changed("owner: o", "owner: o, tax: [x]")),
        ("ORC-1033", changed("owner: o", "owner: o, labls: 3")),
        ("ORC-1033", changed("owner: o", "owner: o, tags: [y], taggs: [x]")),
        ("ORC-1021", changed("owner: o", "owner: o, version: 0777")),
    ],
)
def test_nothing_is_offered_where_a_comment_would_be_lost_or_nobody_knows_what_was_meant(code: str, bad: str) -> None:
    assert [one.fix for one in found(bad) if one.code.number == code] == [None]


def test_a_policy_entry_that_stands_there_twice_is_taken_out() -> None:
    head = "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: w}\n"
    text = f"{head}spec:\n  allowedStepTypes: [script, policy, script]\n"
    assert mended(text, "ORC-2178") == text.replace(", policy, script", ", policy")
