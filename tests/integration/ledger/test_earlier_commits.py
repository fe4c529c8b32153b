"""What earlier commits held, looked at commit by commit in a real repository."""

import pytest

from innominatus_cli.ledger.earlier_commits import Comparison, Loss, first_difference, look_back, losses_told
from innominatus_cli.system.git import Git
from tests.integration.ledger.conftest import Repository

FOLDER = ".innominatus/actions/2026-11"
LARGE = b"x" * 20_000


def path_of(number: int) -> str:
    return f"{FOLDER}/01JD0000000000000000000{number:03d}.json"


def written(repository: Repository, count: int, text: str) -> str:
    """Commits so many records; the commit."""
    for number in range(count):
        repository.write(path_of(number), f"{text} {number}")
    repository.git("add", ".")
    repository.git("commit", "-qm", text)
    return repository.git("rev-parse", "HEAD")


def looked(repository: Repository) -> tuple[Git, list[Loss], dict[str, str]]:
    git = repository.store().git
    head = repository.git("rev-parse", "HEAD")
    standing = {entry.path: entry.object_id for entry in git.tree(head) if entry.path.startswith(FOLDER)}
    return git, look_back(git, head, [FOLDER], standing).losses, standing


@pytest.mark.parametrize("index", [0, 1, 4_094, 4_095, 4_096, 4_097, 8_191, 8_192, 19_999])
def test_the_first_difference_is_found_wherever_it_stands(index: int) -> None:
    other = LARGE[:index] + b"y" + LARGE[index + 1 :]
    assert first_difference(LARGE, other) == first_difference(other, LARGE) == index
    assert first_difference(LARGE, other[:-1] + b"z") == min(index, len(LARGE) - 1)


@pytest.mark.parametrize("length", [0, 1, 4_095, 4_096, 4_097, 8_192, 19_999])
def test_where_one_goes_on_the_other_differs_behind_its_end(length: int) -> None:
    assert first_difference(LARGE, LARGE[:length]) == first_difference(LARGE[:length], LARGE) == length


def test_an_edit_is_told_with_its_place_and_the_commit_that_made_it(repository: Repository) -> None:
    written(repository, 1, "before")
    edit = written(repository, 1, "behind")
    git, losses, standing = looked(repository)
    (finding,) = losses_told(git, losses, standing)
    assert finding.message == f"it is not what it was before commit {edit[:12]}: byte 2 differs"
    assert (finding.place.path, finding.place.line, finding.place.column) == (path_of(0), 1, 3)


@pytest.mark.parametrize(("count", "told"), [(100, 0), (101, 101)])
def test_of_very_many_edits_nobody_asks_whether_they_were_taken_back(
    repository: Repository, count: int, told: int
) -> None:
    written(repository, count, "before")
    written(repository, count, "behind")
    written(repository, count, "before")
    _, losses, _ = looked(repository)
    assert len(losses) == told


@pytest.mark.parametrize(("earlier", "byte"), [(99, True), (100, False)])
def test_a_hundred_contents_are_compared_and_no_more(repository: Repository, earlier: int, byte: bool) -> None:
    git = repository.store().git
    repository.write("one", "one")
    before = repository.git("hash-object", "-w", "one")
    comparison = Comparison(git)
    for _ in range(earlier):
        comparison.finding("p", "changed", before, b"two")
    assert (comparison.finding("p", "changed", before, b"two").message == "changed: byte 0 differs") is byte
