"""What `__main__` does before the command line is read."""

import gc
import inspect
import os
import sys

import pytest

from innominatus_cli import __main__ as start
from innominatus_cli.__main__ import LateInspect
from innominatus_cli.cli import main


@pytest.mark.parametrize(
    "text", ["", "one line", "  indented", "two\n    lines\n      more\n", "\ttab", "\n  a\n  b\n\n"]
)
def test_texts_are_cleaned_as_the_standard_library_does(text: str) -> None:
    assert LateInspect("inspect").cleandoc(text) == inspect.cleandoc(text)


def test_it_becomes_the_standard_library_when_somebody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    late = LateInspect("inspect")
    monkeypatch.setitem(sys.modules, "inspect", late)
    assert late.signature is not None
    assert sys.modules["inspect"] is not late
    assert late.getsource is sys.modules["inspect"].getsource


def test_what_that_module_has_not_it_has_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    late = LateInspect("inspect")
    monkeypatch.setitem(sys.modules, "inspect", late)
    with pytest.raises(AttributeError):
        late.nothing_of_this_name  # noqa: B018


def test_ctrl_c_before_there_is_a_command_is_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "run", interrupted)
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setattr(gc, "disable", lambda: None)
    with pytest.raises(SystemExit) as ended:
        start.main()
    assert ended.value.code == 130
