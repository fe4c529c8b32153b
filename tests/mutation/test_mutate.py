"""The mutation score itself: what is changed, what is not, and what the table says."""

import ast

import pytest

from tests.mutation import mutate
from tests.mutation.mutate import Score, below_bound, main, mutants, table

SOURCE = '''"""Words."""
LIMIT: int = 3


def f(a: int, b: bool = True) -> int | None:
    """More words."""
    if a < LIMIT:
        g(a)
        return a + 1
    return None
'''


def test_each_mutant_is_one_change_and_neither_words_nor_annotations_are_changed() -> None:
    found = list(mutants(SOURCE))
    assert [(one.line, one.what) for one in found] == [
        (2, "number"),
        (5, "truth"),
        (7, "condition"),
        (7, "comparison"),
        (8, "statement"),
        (9, "returned value"),
        (9, "operator"),
        (9, "number"),
        (10, "returned value"),
    ]
    plain = ast.unparse(ast.parse(SOURCE)).splitlines()
    for one in found:
        text = one.text.splitlines()
        assert '"""Words."""' in text
        changed = [number for number, line in enumerate(plain) if line.replace(" -> int | None", "") != text[number]]
        assert len(changed) == 1, one


def test_the_table_has_a_line_a_module_and_one_for_all_together() -> None:
    scores = [Score("a.py", 100, 60, 51), Score("b.py", 40, 40, 40), Score("c.py", 0, 0, 0)]
    assert table(scores).splitlines() == [
        "| module | mutants | killed | score |",
        "| --- | --- | --- | --- |",
        "| a.py | 60 of 100 | 51 | 85.0% |",
        "| b.py | 40 of 40 | 40 | 100.0% |",
        "| c.py | 0 of 0 | 0 | 100.0% |",
        "| together | 100 of 140 | 91 | 91.0% |",
    ]


@pytest.mark.parametrize(("killed", "status"), [((51, 60), 0), ((50, 60), 1)])
def test_one_module_below_the_bound_is_enough_to_fail(
    killed: tuple[int, ...], status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = {f"{number}.py": Score(f"{number}.py", 60, 60, one) for number, one in enumerate(killed)}
    monkeypatch.setattr(mutate, "score", lambda module, *_: scores[module])
    monkeypatch.setattr(mutate, "TESTS", dict.fromkeys(scores, ()))
    assert main([], 0, 1, 1) == status
    assert below_bound(list(scores.values())) == ["0.py"] * status
    assert capsys.readouterr().out.splitlines()[-1] == f"below the bound of 85%: {'0.py' if status else 'none'}"
