"""Coverage-guided fuzzing of everything that reads what strangers wrote, with atheris (libFuzzer for Python).

    pip install 'innominatus-cli[fuzz]'
    python tests/fuzz/fuzz.py TARGET [-runs=10000000] [other options of libFuzzer] [CORPUS_FOLDER]

A target stops at the first input that breaks one of its promises, and writes it to a file `crash-…`. What was worth
keeping is in tests/cases/fuzz/<target>.json: base64, as few as reach every branch that is known. The test suite replays
it without atheris, and `--seeds FOLDER` writes it out as a corpus to go on from.
"""

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from innominatus_cli.expressions.references import Template

SEEDS = Path(__file__).resolve().parents[1] / "cases" / "fuzz"
_WHOLE_EVERY = 16
_SHORTEST_SECRET = 6
LONGEST = {"loader": 96, "references": 128, "overrides": 128, "redactor": 192}
"""Bytes of an input: what a parser does with more of the same is for the hostile files to show."""


def loader(data: bytes) -> None:
    """Any bytes are documents and findings, with places inside of the text; all readers and two readings agree.

    One input of sixteen also goes through everything that `validate` does with one document.
    """
    from innominatus_cli.documents.loading import load
    from innominatus_cli.documents.yaml_reader import read_yaml

    documents, findings = read_yaml("score.yaml", data)
    assert documents or findings
    _hold_line_reader(data)
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


def _hold_line_reader(data: bytes) -> None:
    """What is read by lines is what is read event by event."""
    from innominatus_cli.documents.event_reader import read_events
    from innominatus_cli.documents.line_reader import read_lines
    from innominatus_cli.documents.nodes import pointers
    from innominatus_cli.documents.yaml_text import text_of

    text, findings = text_of("score.yaml", data)
    by_lines = None if text is None or findings else read_lines("score.yaml", text)
    if text is not None and by_lines is not None:
        (by_events,), found = read_events("score.yaml", text, [])
        assert not found
        pairs = zip(pointers(by_lines.root), pointers(by_events.root), strict=True)
        for (one, pointer), (other, same) in pairs:
            assert pointer == same
            assert one.plain() == other.plain()
            assert type(one.plain()) is type(other.plain())
            assert (one.line, one.column, one.end_line, one.end_column) == (
                *(other.line, other.column),
                *(other.end_line, other.end_column),
            )


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
        if parsed.template is not None and not parsed.problems:
            assert all(text[one.offset : one.end] == one.written for one in parsed.references)
            _render(parsed.template, len(parsed.references))
    condition = parse_condition(text)
    assert (condition.tree is None) == (condition.problem is not None)
    assert condition.problem is None or 0 <= condition.problem.offset <= len(text)
    try:
        pattern = compile_pattern(text[:64])
    except PatternError:
        return
    pattern.search(text[-64:])


def _render(template: "Template", names: int) -> None:
    from innominatus_cli.expressions.template_filters import LONGEST_RESULT, UnusableTemplateError
    from innominatus_cli.expressions.templates import render

    try:
        text = render(template.parts, {f"v{number}": ["x", {"c": 1}] for number in range(names)})
    except UnusableTemplateError:
        return
    assert len(text) <= LONGEST_RESULT


_WORKLOAD = b"""apiVersion: score.dev/v1b1
metadata: {name: shop}
containers: {web: {image: "nginx:1.27", args: [a, b], variables: {A: x}}}
"""


def overrides(data: bytes) -> None:
    """Any text is an override of a property or says where it is none; one of sixteen is also applied."""
    from innominatus_cli.documents.override_paths import PropertyProblem, parse_property
    from innominatus_cli.documents.score_overrides import Overrides, apply_overrides
    from innominatus_cli.documents.yaml_reader import read_yaml

    text = data.decode("utf-8", "replace")
    parsed = parse_property(text)
    if isinstance(parsed, PropertyProblem):
        assert parsed.message
        assert 0 <= parsed.start <= parsed.end <= len(text), parsed
    if sum(data) % _WHOLE_EVERY == 0:
        (document,), _ = read_yaml("score.yaml", _WORKLOAD)
        found = apply_overrides(document, Overrides(properties=(text,)))
        assert all(finding.message and finding.place.path for finding in found)
        document.root.plain()


def redactor(data: bytes) -> None:
    """A secret and what is printed, in pieces of any sizes: the same as at once, and the secret is not in it.

    The first byte says how long the secret is, the second how long the pieces are; 0xff in what is printed is the
    secret, 0xfe its base64, 0xfd an escape sequence.
    """
    from innominatus_cli.execution.redaction import Redactor

    secret = data[2 : 2 + data[0] % 48] if data else b""
    if len(secret.strip()) < _SHORTEST_SECRET:
        return
    printed = data[2 + len(secret) :]
    for byte, stands_for in (
        (b"\xff", secret),
        (b"\xfe", base64.encodebytes(b"x" * 55 + secret)),
        (b"\xfd", b"\x1b[1m"),
    ):
        printed = printed.replace(byte, stands_for)
    known = Redactor([secret])
    stream = known.stream()
    size = data[1] % 23 + 1
    clean = b"".join(stream.feed(printed[at : at + size]) for at in range(0, len(printed), size)) + stream.flush()
    assert clean == known.redacted(printed)
    assert known.holds(printed) == (stream.count > 0)
    if b"*" not in secret:
        assert secret.strip() not in clean


TARGETS: dict[str, Callable[[bytes], None]] = {
    "loader": loader,
    "references": references,
    "overrides": overrides,
    "redactor": redactor,
}


def write_seeds(name: str, folder: Path) -> None:
    """Writes the inputs of a target as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(json.loads((SEEDS / f"{name}.json").read_text(encoding="utf-8"))):
        (folder / f"{number:05}").write_bytes(base64.b64decode(seed))


def main() -> None:
    """Hands over to libFuzzer, which ends the process."""
    name = sys.argv[1]
    if sys.argv[2:3] == ["--seeds"]:
        write_seeds(name, Path(sys.argv[3]))
        return
    import atheris

    with atheris.instrument_imports(include=["innominatus_cli"]):
        import innominatus_cli.documents.event_reader
        import innominatus_cli.documents.loading
        import innominatus_cli.documents.override_paths
        import innominatus_cli.documents.score_overrides
        import innominatus_cli.documents.score_shapes
        import innominatus_cli.documents.workflow_shapes
        import innominatus_cli.execution.redaction
        import innominatus_cli.expressions.conditions
        import innominatus_cli.expressions.patterns
        import innominatus_cli.expressions.references  # noqa: F401 - targets find them instrumented
    arguments = [sys.argv[0], f"-max_len={LONGEST[name]}", *sys.argv[2:]]
    atheris.Setup(arguments, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
