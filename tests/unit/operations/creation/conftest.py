"""A repository as `init` makes it, and answers without anybody who asks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from innominatus_cli.operations.creation.files import Creation
from innominatus_cli.operations.creation.kinds import KINDS
from innominatus_cli.operations.creation.questions import Asked, with_defaults
from innominatus_cli.operations.creation.surroundings import Surroundings
from innominatus_cli.operations.init import init_repository
from innominatus_cli.operations.validation import validate

Make = Callable[..., Creation]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "web-shop"
    init_repository(folder, "web-shop")
    return folder


@pytest.fixture
def make(repository: Path) -> Make:
    """Makes a kind of thing from answers (one text or several, by name), defaults for the others."""

    def made(kind: str, **given: str | tuple[str, ...]) -> Creation:
        answers = {
            name.replace("_", "-"): value if isinstance(value, tuple) else (value,) for name, value in given.items()
        }
        asked = Asked(Surroundings.around(repository), answers)
        return KINDS[kind].make(with_defaults(KINDS[kind], asked))

    return made


@pytest.fixture
def strict(repository: Path) -> Callable[[], list[str]]:
    """What `validate --strict` finds in the repository: places, numbers and messages."""

    def found() -> list[str]:
        checked = validate((), str(repository)).findings
        return [f"{one.place} {one.code.number} {one.message}" for one in checked if one.severity != "info"]

    return found
