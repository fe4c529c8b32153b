"""`vendor update` killed at every write: afterwards the old is there or the new, and no plan is made of a mixture."""

import errno
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from innominatus_cli.documents.vendor_lock import read_lock
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.vendoring import writing
from innominatus_cli.operations.vendoring.looking import verify
from innominatus_cli.operations.vendoring.update import update
from innominatus_cli.system.locks import try_lock
from innominatus_cli.system.owned_files import replace_owned
from tests.integration.operations.other_repositories import Other, config, files_below, workflow

MOST_WRITES = 60


@pytest.fixture
def other(tmp_path: Path) -> Other:
    made = Other(tmp_path / "shared")
    made.commit({"workflows/a.yaml": workflow("1"), "workflows/b.yaml": workflow("1"), "workflows/old/c": "1"})
    return made


@pytest.fixture
def shop(tmp_path: Path) -> Other:
    made = Other(tmp_path / "shop")
    made.write({"admin-config.yaml": config()})
    return made


def vendored(folder: Path) -> dict[str, bytes]:
    return {path: data for path, data in files_below(folder).items() if "vendor-update" not in path}


def carry_out_killed(folder: Path, intent: writing.Intent, number: int) -> bool:
    """Carries an update out in a process that kills itself before its n-th write or removal; whether it was killed."""
    process = os.fork()
    if process == 0:
        left = [number]

        def counted(real: Callable[..., None]) -> Callable[..., None]:
            def call(*arguments: object) -> None:
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                real(*arguments)

            return call

        with pytest.MonkeyPatch.context() as killing:
            for name in ("replace_owned", "remove_owned"):
                killing.setattr(writing, name, counted(getattr(writing, name)))
            writing.carry_out(folder, intent)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) in {0, -9}
    return status != 0


def restore(folder: Path, files: Mapping[str, bytes]) -> None:
    for path in files_below(folder).keys() - files.keys():
        (folder / path).unlink()
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_a_killed_update_leaves_the_old_or_is_finished_by_the_next(
    other: Other, shop: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(shop.folder)
    old = vendored(shop.folder)
    other.commit({"workflows/a.yaml": workflow("2"), "workflows/new/d": "2"}, "workflows/old/c")
    intents: list[writing.Intent] = []
    with monkeypatch.context() as watching:
        watching.setattr(
            "innominatus_cli.operations.vendoring.update.carry_out", lambda _root, one: intents.append(one)
        )
        update(shop.folder)
    writing.carry_out(shop.folder, intents[0])
    new = vendored(shop.folder)
    assert new != old
    assert verify(shop.folder)[0] == []
    seen = set()
    for number in range(MOST_WRITES):
        restore(shop.folder, old)
        killed = carry_out_killed(shop.folder, intents[0], number)
        intended = (shop.folder / ".innominatus/vendor-update/intent.json").exists()
        assert intended or vendored(shop.folder) in (old, new)
        found = {finding.code.number for finding in verify(shop.folder)[0]}
        assert found <= {"ORC-8008", "ORC-8011", "ORC-8017"}
        assert ("ORC-8017" in found) is intended
        assert writing.finish_interrupted(shop.folder) is intended
        if intended:
            assert vendored(shop.folder) == new
        assert not (shop.folder / ".innominatus/vendor-update").exists()
        assert verify(shop.folder)[0] == []
        seen.add(intended)
        if not killed:
            break
    else:
        pytest.fail("the update never came to its end")
    assert seen == {True, False}
    assert vendored(shop.folder) == new


def test_an_interrupted_update_is_finished_before_anything_is_fetched(
    other: Other, shop: Other, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(shop.folder)
    other.commit({"workflows/a.yaml": workflow("2"), "workflows/b.yaml": workflow("2")})
    with monkeypatch.context() as full:
        full.setattr(writing, "replace_owned", _full_after(4, replace_owned))
        with pytest.raises(CannotContinue) as caught:
            update(shop.folder)
    assert caught.value.exit_status == 73
    assert "ORC-8017" in {finding.code.number for finding in verify(shop.folder)[0]}
    shutil.rmtree(other.folder)
    with pytest.raises(CannotContinue) as caught:
        update(shop.folder)
    assert [finding.code.number for finding in caught.value.findings] == ["ORC-8013"]
    assert (shop.folder / ".innominatus/vendor/shared/b.yaml").read_text() == workflow("2")
    assert verify(shop.folder)[0] == []


@pytest.mark.parametrize("failing", range(3))
def test_a_disk_that_is_full_before_the_intent_leaves_the_old(
    other: Other, shop: Other, failing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    update(shop.folder)
    old = files_below(shop.folder)
    other.commit({"workflows/a.yaml": workflow("2"), "workflows/b.yaml": workflow("2")})
    monkeypatch.setattr(writing, "replace_owned", _full_after(failing, replace_owned))
    with pytest.raises(CannotContinue) as caught:
        update(shop.folder)
    assert caught.value.exit_status == 73
    assert files_below(shop.folder) == old


def _full_after(count: int, real: Callable[..., None]) -> Callable[..., None]:
    asked: list[int] = []

    def write(*arguments: object) -> None:
        asked.append(1)
        if len(asked) > count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(*arguments)

    return write


def test_two_updates_do_not_work_at_the_same_time(other: Other, shop: Other) -> None:
    update(shop.folder)
    other.commit({"workflows/a.yaml": workflow("2")})
    lock = try_lock(shop.folder / ".git/innominatus/locks/vendor-update.lock")
    assert lock is not None
    before = files_below(shop.folder)
    with pytest.raises(CannotContinue) as caught:
        update(shop.folder)
    assert caught.value.exit_status == 75
    assert files_below(shop.folder) == before
    assert update(shop.folder, dry=True).is_change
    lock.release()
    assert update(shop.folder).is_change


INTENT = ".innominatus/vendor-update/intent.json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 1, "files": {}, "removed": ["../precious"], "lock": "sha256:x"}',
        '{"version": 1, "files": {"../precious": "sha256:x"}, "removed": [], "lock": "x"}',
        '{"version": 1, "files": 1, "removed": 1, "lock": 1}',
    ],
)
def test_an_intent_that_somebody_has_committed_does_nothing(other: Other, shop: Other, text: str) -> None:
    update(shop.folder)
    expected = files_below(shop.folder)
    (shop.folder.parent / "precious").write_text("mine")
    shop.write({INTENT: text})
    update(shop.folder)
    assert files_below(shop.folder) == expected
    assert (shop.folder.parent / "precious").read_text() == "mine"
    assert other.git("status", "--porcelain") == ""


def test_an_intent_removes_nothing_that_the_lock_does_not_know(other: Other, shop: Other) -> None:
    """With everything else in it right: a lock that is staged, and no file."""
    update(shop.folder)
    lock = (shop.folder / "innominatus.lock").read_bytes()
    staged = writing._staged(lock)
    sha = f"sha256:{staged.rpartition('/')[2]}"
    shop.write({"mine.yaml": "mine\n", ".innominatus/vendor/shared/mine.yaml": "mine\n", staged: lock.decode()})
    removed = '["mine.yaml", "../shared/workflows/a.yaml", ".innominatus/vendor/shared/mine.yaml"]'
    shop.write({INTENT: f'{{"version": 1, "files": {{}}, "removed": {removed}, "lock": "{sha}"}}'})
    assert update(shop.folder).finished
    assert (shop.folder / "mine.yaml").exists()
    assert (shop.folder / ".innominatus/vendor/shared/mine.yaml").exists()
    assert (other.folder / "workflows/a.yaml").exists()
    assert read_lock((shop.folder / "innominatus.lock").read_bytes())
