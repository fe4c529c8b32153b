"""Fixes of old documents in any layout: comments stay, the meaning stays, and a second round finds nothing."""

import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.edits import apart, apply
from innominatus_cli.documents.loading import load
from innominatus_cli.documents.meaning import meaning_of
from innominatus_cli.findings.finding import Finding, Fix, Severity
from tests.unit.documents.old_texts import Writer, old_golden_path, old_score, old_workflow

MAKERS: dict[str, Callable[[random.Random], dict[str, Any]]] = {
    "old.yaml": old_workflow,
    "score.yaml": old_score,
    "goldenpaths.yaml": old_golden_path,
}
ROUNDS = 20


def fixes_in(path: str, text: str) -> list[Fix]:
    found = load(path, text.encode(), with_fixes=True).findings
    return list(dict.fromkeys(one.fix for one in found if one.fix is not None))


def errors_in(findings: tuple[Finding, ...]) -> Counter[str]:
    return Counter(one.code.number for one in findings if one.severity is Severity.ERROR)


def comments_of(text: str) -> Counter[str]:
    """The comments that `Writer` made: each has a number of its own."""
    return Counter(re.findall(r"# \d+ [^\r\n]*", text))


def assert_harmless(path: str, text: str, new: str) -> None:
    before, after = load(path, text.encode()), load(path, new.encode())
    assert meaning_of(after.documents) == meaning_of(before.documents)
    assert not errors_in(after.findings) - errors_in(before.findings)
    assert comments_of(new) == comments_of(text)
    assert "\t" not in new
    assert new.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in new) == ("\r\n" in text)
    assert new.count("\r") in {0, new.count("\n")}


@pytest.mark.parametrize("path", MAKERS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_fix_does_harm_alone_or_with_others(path: str, seed: int) -> None:
    rnd = random.Random(seed)  # noqa: S311 - texts for a test
    text = Writer(rnd).document(MAKERS[path](rnd))
    for _ in range(ROUNDS):
        fixes = fixes_in(path, text)
        if not fixes:
            return
        for fix in fixes:
            new = apply(text, fix.edits)
            assert new != text
            assert_harmless(path, text, new)
        together = apply(text, [edit for fix in apart(fixes) for edit in fix.edits])
        assert_harmless(path, text, together)
        text = together
    pytest.fail("there is always something left to mend")


@given(seed=st.integers(0, 2**32))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_workflows_without_brackets_are_mended_whole(seed: int) -> None:
    rnd = random.Random(seed)  # noqa: S311
    writer = Writer(rnd)
    writer.brackets = 0.0
    text = writer.document(old_workflow(rnd))
    twice = "means the same as"
    if "|" in text and ("+" in text or not text.endswith("\n")):
        return  # a text that keeps the blank lines behind it, or has no line end of its own: nothing moves
    for _ in range(ROUNDS):
        if not (fixes := fixes_in("old.yaml", text)):
            break
        text = apply(text, [edit for fix in apart(fixes) for edit in fix.edits])
    left = load("old.yaml", text.encode()).findings
    if not any(twice in one.message for one in left):
        assert [one.message for one in left if one.code.number in {"ORC-1050", "ORC-1051"}] == []
