"""Coverage-guided fuzzing of everything that reads what strangers wrote, with atheris (libFuzzer for Python).

    pip install 'innominatus-cli[fuzz]'
    python tests/fuzz/fuzz.py TARGET [-runs=10000000] [other options of libFuzzer] [CORPUS_FOLDER]

A target stops at the first input that breaks one of its promises, and writes it to a file `crash-…`. Inputs that were
worth keeping are tests/fuzz/seeds/<target>/, which the test suite replays without atheris.
"""

import sys
from collections.abc import Callable
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"
_WHOLE_EVERY = 16
LONGEST = {"loader": 96, "references": 128, "overrides": 128}
"""Bytes of an input: what a parser does with more of the same is for the hostile files to show."""


def loader(data: bytes) -> None:
    """Any bytes are documents and findings, with places inside of the text; reading twice gives the same.

    One input of sixteen also goes through everything that `validate` does with one document.
    """
    from innominatus_cli.documents.loading import load
    from innominatus_cli.documents.yaml_reader import read_yaml

    documents, findings = read_yaml("score.yaml", data)
    assert documents or findings
    if sum(data) % _WHOLE_EVERY == 0:
        loaded = load("score.yaml", data)
        findings = [*findings, *loaded.findings]
        again = load("score.yaml", data)
        assert again.findings == loaded.findings
        plain = [document.root.plain() for document in loaded.documents]
        assert [document.root.plain() for document in again.documents] == plain
    for finding in findings:
        assert finding.place.path == "score.yaml"
        assert 0 <= finding.place.line <= data.count(b"\n") + data.count(b"\r") + 1, finding
        assert finding.message
        assert not finding.place.pointer or finding.place.pointer.startswith("/"), finding


def references(data: bytes) -> None:
    """Any text has parts that make up the text, and problems at its offsets; a condition parses or says where not."""
    from innominatus_cli.expressions.conditions import parse_condition
    from innominatus_cli.expressions.patterns import PatternError, compile_pattern
    from innominatus_cli.expressions.references import Reference, parse, parse_script

    text = data.decode("utf-8", "replace")
    for parser in (parse, parse_script):
        parsed = parser(text)
        for part in parsed.parts:
            if isinstance(part, Reference):
                assert text[part.offset : part.end] == part.written
        assert all(0 <= problem.offset <= len(text) for problem in parsed.problems)
    condition = parse_condition(text)
    assert (condition.tree is None) == (condition.problem is not None)
    assert condition.problem is None or 0 <= condition.problem.offset <= len(text)
    try:
        pattern = compile_pattern(text[:64])
    except PatternError:
        return
    pattern.search(text[-64:])


TARGETS: dict[str, Callable[[bytes], None]] = {"loader": loader, "references": references}


def main() -> None:
    """Hands over to libFuzzer, which ends the process."""
    import atheris

    name = sys.argv[1]
    with atheris.instrument_imports(include=["innominatus_cli"]):
        import innominatus_cli.documents.event_reader
        import innominatus_cli.documents.loading
        import innominatus_cli.documents.score_shapes
        import innominatus_cli.documents.workflow_shapes
        import innominatus_cli.expressions.conditions
        import innominatus_cli.expressions.patterns
        import innominatus_cli.expressions.references  # noqa: F401 - targets find them instrumented
    arguments = [sys.argv[0], f"-max_len={LONGEST[name]}", *sys.argv[2:]]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
