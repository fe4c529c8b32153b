"""Which run `latest`, an id or the start of one means; records of others are not read for that."""

import pytest

from innominatus_cli.documents.repository import Repository as Documents
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.logs import find_run
from innominatus_cli.operations.run_history import find_record
from innominatus_cli.system.clock import ulid
from tests.integration.ledger.conftest import Repository, Writer

BAD = ulid(1, b"\xff" * 10)


@pytest.fixture
def ledger(write: Writer, repository: Repository) -> OpenLedger:
    """A ledger with a damaged record of another application, the oldest one."""
    repository.commit(f".innominatus/runs/shop/development/2020-01/{BAD}.json", "{}\n")
    return OpenLedger(Documents(WorkingTreeSnapshot(repository.path)), write.store, write.store.state)


def test_the_start_of_an_id_and_latest_are_found_without_reading_the_others(ledger: OpenLedger, write: Writer) -> None:
    older, newer = write.run(3), write.run(4, application="web")
    assert find_run(ledger, older.run.lower()) == older.run
    assert find_run(ledger, newer.run[:-1]) == find_run(ledger, "latest") == newer.run
    found = [find_record(ledger.store, wanted) for wanted in (older.run, "latest", older.run[:2], "")]
    assert [one.record.run if one else None for one in found] == [older.run, newer.run, None, None]
    assert ledger.store.findings == ()


def test_a_run_that_has_only_begun_here_is_found_too(ledger: OpenLedger, write: Writer) -> None:
    recorded = write.run(3)
    begun = ulid(1_900_000_000_000, bytes(10))
    ledger.state.ensure(ledger.state.run_dir(begun))
    assert find_run(ledger, "latest") == find_run(ledger, begun[:12]) == begun
    assert find_run(ledger, recorded.run) == recorded.run


@pytest.mark.parametrize(
    ("wanted", "says"),
    [("0", "'0' is the start of 3 runs"), ("zz", "there is no run 'zz'"), ("", "there is no run ''"), (BAD, "no run")],
)
def test_what_names_no_run_or_several_is_an_error(ledger: OpenLedger, write: Writer, wanted: str, says: str) -> None:
    write.run(3)
    write.run(4)
    with pytest.raises(CannotContinue, match=says):
        find_run(ledger, wanted)


def test_an_application_in_the_place_of_a_run_is_told(ledger: OpenLedger, write: Writer) -> None:
    write.run(3, application="web")
    with pytest.raises(CannotContinue) as refused:
        find_run(ledger, "web")
    assert refused.value.findings[0].remedy == "It is an application: `innominatus-ctl history web` lists its runs."
