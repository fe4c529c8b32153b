"""Where a position is, told from the lines of a text that is being typed. `‸` marks the position."""

import pytest

from innominatus_cli.language_server.cursor import Cursor, cursor_at, kind_written, siblings

TEXT = """\
kind: ProductWorkflow
metadata:
  phase: {phase}
spec:
  triggers:
    - {trigger}
  steps:
    - name: a
      type: script
      config:
        {key}
        script: |
          echo {text}
          x: y
      dependsOn: [b{listed}
      {step_key}
  - name: q
    {other_step}
{top}
"""
NAMES = ("phase", "trigger", "key", "text", "listed", "step_key", "other_step", "top")


def cursor_in(place: str) -> tuple[Cursor, list[str]]:
    lines = TEXT.format(**{name: "‸" if name == place else "" for name in NAMES}).split("\n")
    line = next(number for number, text in enumerate(lines) if "‸" in text)
    column = lines[line].index("‸")
    lines[line] = lines[line].replace("‸", "")
    return cursor_at(lines, line, column), lines


@pytest.mark.parametrize(
    ("place", "path", "key", "in_value"),
    [
        ("phase", ("metadata",), "phase", True),
        ("trigger", ("spec", "triggers", "-"), "", False),
        ("key", ("spec", "steps", "-", "config"), "", False),
        ("text", ("spec", "steps", "-", "config"), "script", True),
        ("listed", ("spec", "steps", "-"), "dependsOn", True),
        ("step_key", ("spec", "steps", "-"), "", False),
        ("other_step", ("spec", "steps", "-"), "", False),
        ("top", (), "", False),
    ],
)
def test_a_position_has_the_path_of_what_holds_it(place: str, path: tuple[str, ...], key: str, in_value: bool) -> None:
    cursor, _ = cursor_in(place)
    assert (cursor.path, cursor.key, cursor.in_value) == (path, key, in_value)
    assert cursor.in_text is (place == "text")


def test_siblings_are_the_keys_of_one_item_and_of_no_other() -> None:
    cursor, lines = cursor_in("step_key")
    assert siblings(lines, cursor.levels[0]).keys() == {"name", "type", "config", "dependsOn"}
    cursor, lines = cursor_in("other_step")
    assert siblings(lines, cursor.levels[0]) == {"name": "q"}


def test_a_later_document_has_its_own_kind() -> None:
    lines = ["kind: Workflow", "---", "apiVersion: score.dev/v1b1", "---", "a: 1"]
    assert [kind_written(lines, number) for number in (0, 2, 4)] == ["Workflow", "Workload", ""]
