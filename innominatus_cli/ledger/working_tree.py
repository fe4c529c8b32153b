"""The ledger in the branch that is checked out: records are files of the repository, in one commit each."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from innominatus_cli.documents.action_record import ActionRecord
from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.findings.finding import CannotContinue, Finding
from innominatus_cli.ledger.landing import ChangeOn, Landing, Obstacle, clear_scratch, why_not
from innominatus_cli.ledger.lookups import Lookups
from innominatus_cli.ledger.messages import action_message, commit_message
from innominatus_cli.ledger.records import action_path, plan_path, record_path
from innominatus_cli.ledger.store import Entry, Landed, Written, WrittenAction
from innominatus_cli.ledger.writing import Draft, RecordWriter
from innominatus_cli.system.clock import Clock, SystemClock
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import Identity, identity
from innominatus_cli.system.locks import try_lock

_PATIENCE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.02
_NO_BYTES: Final = digest_of_bytes(b"")


class WorkingTreeStore(Lookups):
    """Records of one repository (see `Store`). `root` is the ledger's folder, a path below the repository's root."""

    def __init__(
        self, git: Git, root: str = ".innominatus", *, clock: Clock | None = None, who: Identity | None = None
    ) -> None:
        super().__init__(git, root)
        self._clock = clock or SystemClock()
        self._who = who

    @property
    def in_working_tree(self) -> bool:
        """Whether its records are files of the working tree too."""
        return True

    def branch(self) -> str | None:
        """The branch whose tip `commit` is; None with a detached head. Raises GitFailed."""
        return self.git.head().branch

    @property
    def who(self) -> Identity:
        """The operator, read once."""
        if self._who is None:
            self._who = identity(self.git)
        return self._who

    def write(
        self,
        record: RunRecord,
        plan: bytes | None,
        artifacts: Mapping[str, bytes],
        head_at_start: Head,
        *,
        commit: bool = True,
    ) -> Written:
        """Adds a record (its parents are set here), its plan and, after a success, the files that steps made.

        One commit to the branch of `head_at_start`, or to a pending ref (see `landing`). What fails is told in the
        findings, and the files are kept in the state folder. Raises ValueError for files that are not the ledger's.
        """
        path = record_path(self.root, record)
        draft = Draft(
            record,
            id=record.run,
            name=f"run {record.run}",
            path=path,
            message=commit_message(record, path),
            files=self._files(record, plan, artifacts),
            removed_on=partial(self.removed_by, record),
        )
        return self._write(draft, head_at_start, commit=commit)

    def write_action(self, action: ActionRecord, head: Head, *, commit: bool = True) -> WrittenAction:
        """Adds the record of an action (its parents are set here), to the branch of `head`, as `write` does."""
        path = action_path(self.root, action)
        draft = Draft(action, action.id, f"action {action.id}", path, action_message(action, path))
        return self._write(draft, head, commit=commit)

    def push(self, written: Landed[Entry]) -> tuple[Landed[Entry], tuple[Finding, ...]]:
        """Pushes the ref that a record was written to (see `pushing`); the record as it is then, and warnings."""
        from innominatus_cli.ledger.pushing import push_records  # noqa: PLC0415 - few push; it needs this module

        return written, push_records(self, written.ref, self._clock) if written.ref is not None else ()

    def take_in(self, head: Head, change_on: ChangeOn) -> tuple[str, str]:
        """Takes the files of a waiting record into the ledger; the commit and its ref.

        Raises Obstacle (nothing is changed then), GitFailed, OSError.
        """
        reason = why_not(head, head.ref)
        if reason or head.ref is None:
            raise Obstacle(reason)
        return self.landing().on_branch(head.ref, change_on), head.ref

    def land(self, head: Head, change_on: ChangeOn) -> str:
        """One commit of files of the ledger, to the branch that holds it; the commit.

        Raises Obstacle (nothing is changed then), GitFailed, OSError, and what `change_on` raises.
        """
        reason = why_not(head, head.ref)
        if reason or head.ref is None:
            raise Obstacle(reason)
        return self.landing().on_branch(head.ref, change_on)

    def pushed(self) -> str | None:
        """The commit that the remote's branch was seen at last; None where nothing says which one that is."""
        ref = self.git.checked_out()
        if ref is None:
            return None
        form = "--format=%(upstream)"
        upstream = self.git.command.text("for-each-ref", form, "--end-of-options", ref)
        return self.git.commit_of(upstream) if upstream.startswith("refs/") else None

    def _write(self, draft: Draft[Entry], head: Head, *, commit: bool) -> Landed[Entry]:
        writer = RecordWriter(self.git, self.landing(), self.state, self._tips.at)
        with self.turn():
            written = self._commit(writer, draft, head) if commit else writer.leave_uncommitted(draft)
            if written.commit is not None and not written.pending:
                self.remember(written.commit, written.record)
            return written

    def _commit(self, writer: RecordWriter, draft: Draft[Entry], head: Head) -> Landed[Entry]:
        return writer.commit(draft, head)

    def remember(self, commit: str, record: RunRecord | ActionRecord) -> None:
        """A record that was written follows all tips: it is the only one now."""
        with suppress(GitFailed):
            self._tips.remember(commit, [record.digest])

    def removed_by(self, record: RunRecord, base: str | None) -> dict[str, None]:
        """The manifests of a base commit that a successful removal takes away: all of its application there.

        Of other runs those that a step gave without a byte, as the steps of a rollback do.

        Whoever follows the branch (GitOps) removes what is no longer in it.
        """
        if base is None or record.status != "succeeded" or record.kind == "refusal":
            return {}
        if record.operation != "undeploy":
            return self._taken_out(record, base)
        folder = f"{self.root}/manifests/{record.application}/{record.environment}"
        return {entry.path: None for entry in self.git.tree(base, folder)}

    def _taken_out(self, record: RunRecord, base: str) -> dict[str, None]:
        given = {path: digest for result in record.steps for path, digest in result.artifacts.items()}
        gone = [path for path, digest in given.items() if digest == _NO_BYTES]
        return dict.fromkeys(self.git.entries_at(base, gone)) if gone else {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until no other process of ours commits to this clone.

        That spares retries, and nothing rests on it: whoever waited too long or has no lock goes on, because branches
        move by compare-and-swap.
        """
        lock = None
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        with suppress(OSError, CannotContinue):
            path = self.state.ensure(self.state.ledger_dir) / "commit.lock"
            while (lock := try_lock(path)) is None and self._clock.monotonic() < until:
                self._clock.sleep(_PAUSE_SECONDS)
            if lock is not None:
                clear_scratch(self.state)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def landing(self) -> Landing:
        """What commits files to this repository as its operator."""
        return Landing(self.git, self._clock, self.who, self.state)

    def _files(self, record: RunRecord, plan: bytes | None, artifacts: Mapping[str, bytes]) -> dict[str, bytes]:
        files = {path: data for path, data in artifacts.items() if data} if record.status == "succeeded" else {}
        for path in files:
            if not path.startswith(f"{self.root}/manifests/") or {"", ".", ".."}.intersection(path.split("/")):
                raise ValueError(f"{path!r} is no path below {self.root}/manifests")
        if plan is not None and record.plan is not None:
            files[plan_path(self.root, record.plan)] = plan
        return files
