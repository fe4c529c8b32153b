"""The list of modules that can be compiled."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_every_module_that_can_be_compiled_is_there() -> None:
    hooks = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]
    listed = hooks["mypyc"]["include"]
    assert listed == sorted(set(listed))
    assert [path for path in listed if not (ROOT / path).is_file()] == []
