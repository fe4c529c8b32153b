"""`resume latest` means the newest run that has begun, and finds it without reading those before it."""

import pytest

from innominatus_cli.findings.catalogue import resuming as codes
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.resuming import ResumeOperation, ResumeWish
from innominatus_cli.operations.running import RunOptions
from innominatus_cli.system.clock import SystemClock, ulid
from tests.integration.ledger.conftest import Repository, Writer


@pytest.fixture(autouse=True)
def _inside(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.path)


def meant() -> str:
    """The run that `resume latest` goes on with; these have no plan, so that each is refused by its id."""
    with pytest.raises(CannotContinue) as refused:
        ResumeOperation(".", SystemClock()).resume(ResumeWish("latest"), RunOptions())
    (finding,) = refused.value.findings
    assert finding.code is codes.NOT_RESUMABLE
    return finding.place.path


def test_the_newest_record_is_meant_whatever_its_application(write: Writer) -> None:
    write.run(3, status="failed")
    web = write.run(4, status="failed", application="web")
    write.run(2, status="failed")
    assert meant() == web.run
    loose = write.run(5, status="failed", commit=False)
    assert meant() == loose.run


def test_the_run_that_went_on_with_it_is_meant_and_not_itself(write: Writer) -> None:
    """A clock that was put back gave the later run an id that is lower."""
    first = write.run(9, status="failed")
    later = write.run(3, status="failed", kind="resume", resumes=first.run)
    last = write.run(5, status="failed", kind="resume", resumes=later.run, commit=False)
    assert meant() == last.run


def test_a_run_that_was_killed_before_it_began_is_passed_over(write: Writer) -> None:
    only = write.run(1, status="failed")
    store = write.store
    store.state.ensure(store.state.run_dir(ulid(1_900_000_000_000, bytes(10))))
    assert meant() == only.run


def test_older_records_are_not_read(write: Writer) -> None:
    """One of another application that is damaged would be among the findings of whoever reads it."""
    bad = f".innominatus/runs/shop/development/2020-01/{ulid(1, bytes(10))}.json"
    write.repository.commit(bad, "{}\n")
    newest = write.run(9, status="failed")
    operation = ResumeOperation(".", SystemClock())
    with pytest.raises(CannotContinue, match=newest.run):
        operation.resume(ResumeWish("latest"), RunOptions())
    assert operation.store.findings == ()
