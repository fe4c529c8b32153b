"""Ledgers that grow on branches and are merged in any order: no conflict, always sound, nothing can be taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.operations.history import open_ledger
from innominatus_cli.operations.signing import SignOptions, sign_heads
from innominatus_cli.operations.verifying import verify
from tests.integration.ledger.test_action_records import make_action

if TYPE_CHECKING:
    from collections.abc import Callable

    from innominatus_cli.documents.run_record import RunRecord
    from tests.integration.ledger.conftest import Repository

BRANCHES = ("main", "left", "right")

steps = st.lists(
    st.one_of(
        st.tuples(st.just("run"), st.sampled_from(BRANCHES)),
        st.tuples(st.just("act"), st.sampled_from(BRANCHES)),
        st.tuples(st.just("merge"), st.sampled_from(BRANCHES), st.sampled_from(BRANCHES)),
    ),
    min_size=3,
    max_size=9,
)


def grow(repository: Repository, make: Callable[..., RunRecord], moves: list[Any]) -> None:
    """Writes records to branches and merges them, with git as anybody would, and all into main at the end."""
    for branch in BRANCHES[1:]:
        repository.git("branch", branch)
    for kind, branch, *others in [*moves, ("merge", "main", "left"), ("merge", "main", "right")]:
        repository.git("checkout", "-q", branch)
        store = repository.store()
        if kind == "run":
            store.write(make(plan=None), None, {}, store.git.head())
        elif kind == "act":
            store.write_action(make_action(), store.git.head())
        elif others[0] != branch:
            repository.git("merge", "-q", "-m", "merge", others[0])
    repository.git("checkout", "-q", "main")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(moves=steps, data=st.data())
def test_any_history_merges_without_conflict_verifies_and_misses_what_is_taken_out(
    tmp_path_factory: Any, git_identity: Any, make_record: Any, moves: list[Any], data: st.DataObject
) -> None:
    from tests.integration.ledger.conftest import Repository

    assert git_identity
    repository = Repository(tmp_path_factory.mktemp("histories"))
    repository.git("init", "-q", "-b", "main")
    repository.commit("README.md", "hello\n")
    grow(repository, make_record, moves)
    report = verify(open_ledger(repository.path)).report
    assert report.findings == []
    written = sum(kind != "merge" for kind, *_ in moves)
    assert report.counts.runs + report.counts.actions == written
    assert repository.store().tips() == report.tips
    if not written:
        return
    sign_heads(open_ledger(repository.path), SignOptions(unsigned=True))
    files = repository.git("ls-tree", "-r", "--name-only", "HEAD", ".innominatus/runs", ".innominatus/actions").split()
    path = data.draw(st.sampled_from(files))
    # A history that never held it, so that nothing but the chain and the anchors can tell.
    repository.git("checkout", "-q", "--orphan", "forged")
    repository.git("rm", "-q", "--cached", path)
    (repository.path / path).unlink()
    repository.git("commit", "-qm", "forged")
    repository.git("branch", "-qM", "forged", "main")
    (repository.path / ".git/innominatus/ledger/seen-heads.json").unlink()
    codes = {finding.code.number for finding in verify(open_ledger(repository.path)).findings}
    assert codes & {"ORC-6064", "ORC-6069"}
