"""No record is lost and no lock has two holders, however many clones write at once."""

from pathlib import Path

from tests.faults.concurrent_writers import play


def test_four_clones_lose_no_record_and_share_no_lock(tmp_path: Path) -> None:
    came = play(tmp_path, writers=4, rounds=5)
    assert came["records"] == 20
    assert [came[name] for name in ("lost", "damaged", "two_holders", "push_failed", "locks_left")] == [0, 0, 0, 0, 0]
