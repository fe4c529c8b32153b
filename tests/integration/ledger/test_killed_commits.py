"""A process that is killed between any two git commands of a record's commit leaves nothing that hurts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from innominatus_cli.ledger.working_tree import WorkingTreeStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.run_record import RunRecord
    from innominatus_cli.system.commands import CommandOutcome, CommandRequest
    from tests.integration.ledger.conftest import Repository

PLAN = b'{"not":"a plan"}\n'
MANIFEST = ".innominatus/manifests/checkout-service/development/deployment.yaml"
_KILLED = 9
_DONE = 0


def killed_before(repository: Repository, record: RunRecord, number: int) -> int:
    """Writes a record in a child process that ends before its git command `number`; how it ended."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            git = repository.open()
            head = git.head()
            plain = git.command.run
            left = [number]

            def run(request: CommandRequest) -> CommandOutcome:
                left[0] -= 1
                if left[0] == 0:
                    os._exit(_KILLED)
                return plain(request)

            object.__setattr__(git.command, "run", run)
            WorkingTreeStore(git).write(record, PLAN, {MANIFEST: record.run.encode()}, head)
            status = _DONE
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_every_point_of_death_leaves_the_user_in_peace(
    repository: Repository, make_record: Callable[..., RunRecord]
) -> None:
    repository.write("README.md", "changed\n")
    repository.write("staged.txt", "staged\n")
    repository.git("add", "staged.txt")
    before = repository.users_state()
    points = 0
    for number in range(1, 60):
        ended = killed_before(repository, make_record(), number)
        assert ended in {_KILLED, _DONE}
        assert repository.users_state() == before
        assert repository.git("diff", "--cached", "--diff-filter=D", "--name-only") == ""
        assert not (repository.path / ".git" / "index.lock").exists()
        if ended == _DONE:
            break
        points += 1
    assert points > 8
    assert repository.is_sound()
    after = repository.store()
    assert after.findings == ()
    head = repository.open().head()
    written = after.write(make_record(), PLAN, {MANIFEST: b"last\n"}, head)
    assert (written.pending, written.commit) == (False, repository.git("rev-parse", "HEAD"))
    assert not list((repository.path / ".git" / "innominatus" / "ledger").glob("objects-*"))
