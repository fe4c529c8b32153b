"""What a finding is recognised by."""

from innominatus_cli.findings.catalogue.workflow import DUPLICATE_STEP_NAME, MISSING_OWNER, PLAINTEXT_SECRET
from innominatus_cli.findings.finding import Code, Finding, Place
from innominatus_cli.findings.fingerprints import fingerprint, fingerprints
from innominatus_cli.findings.source_lines import SourceLines


def found(
    pointer: str = "/spec/steps/3/name", *, code: Code = MISSING_OWNER, path: str = "a.yaml", line: int = 4
) -> Finding:
    return Finding(code, "it says line 4", Place(path, line, 7, line, 9, pointer))


def test_a_fingerprint_stays_where_lines_and_items_move_and_messages_change() -> None:
    moved = found("/spec/steps/12/name", line=40)._replace(message="it says line 40")
    assert fingerprint(moved, "  - name:   build ") == fingerprint(found(), "- name: build")


def test_a_fingerprint_differs_by_code_file_key_and_line_text() -> None:
    others = [
        fingerprint(found(), "- name: build"),
        fingerprint(found(), "- name: test"),
        fingerprint(found(), None),
        fingerprint(found("/spec/steps/3/type"), "- name: build"),
        fingerprint(found(code=DUPLICATE_STEP_NAME), "- name: build"),
        fingerprint(found(path="b.yaml"), "- name: build"),
    ]
    assert len(set(others)) == len(others)
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in others)


def test_a_line_that_may_hold_a_secret_is_left_out() -> None:
    secret = found("/vault/token", code=PLAINTEXT_SECRET)
    assert fingerprint(secret, "token: one") == fingerprint(secret, "token: two")


def test_a_key_that_only_looks_like_an_index_counts() -> None:
    assert fingerprint(found("/env/10x"), "") != fingerprint(found("/env/11x"), "")


def test_findings_that_share_a_fingerprint_are_told_apart() -> None:
    text = "- a\n- b\n- a\n- a\n"
    marks = [mark for _, mark in fingerprints([found(line=line) for line in (1, 2, 3, 4)], {"a.yaml": text})]
    assert len(set(marks)) == len(marks)
    assert marks[:2] == [fingerprint(found(), "- a"), fingerprint(found(), "- b")]
    assert all(len(mark) == len(marks[0]) for mark in marks)


def test_a_fingerprint_does_not_change_between_releases() -> None:
    """Baselines that people have committed are made of them."""
    assert fingerprint(found(), "- name: build") == "3009c620c7c60553c5a8515a3037d384"


def test_a_source_line_is_found_whatever_ends_lines() -> None:
    lines = SourceLines({"a.yaml": "\ufeffone\r\ntwo\rthree\nfour"})
    assert [lines.line(Place("a.yaml", number)) for number in range(6)] == [None, "one", "two", "three", "four", None]
    assert lines.line(Place("b.yaml", 1)) is None
