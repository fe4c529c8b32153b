"""Writing a record: to its branch, else to a pending ref, else into the state folder."""

from collections.abc import Callable, Mapping
from typing import Final

from innominatus_cli.documents.run_record import RunRecord
from innominatus_cli.documents.words import undertaking
from innominatus_cli.findings.catalogue.ledger import RECORD_PENDING, STATE_NOT_WRITTEN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.landing import Change, Landing, Obstacle, why_not
from innominatus_cli.ledger.reading import PENDING, RECORD_TRAILER
from innominatus_cli.ledger.records import record_path
from innominatus_cli.ledger.store import Written
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.owned_files import replace_owned
from innominatus_cli.system.state_folder import StateFolder

_TROUBLE: Final = (Obstacle, GitFailed, OSError, CannotContinue)


class RecordWriter:
    """Writes one record with its files.

    For a base commit `tips_at` tells the parents, and `removed_by` the manifests that the record's run took away.
    """

    def __init__(
        self,
        git: Git,
        root: str,
        landing: Landing,
        state: StateFolder,
        tips_at: Callable[[str | None], list[str]],
        removed_by: Callable[[RunRecord, str | None], dict[str, None]],
    ) -> None:
        self._git = git
        self._root = root
        self._landing = landing
        self._state = state
        self._tips_at = tips_at
        self._removed_by = removed_by

    def commit(self, record: RunRecord, files: Mapping[str, bytes], head_at_start: Head) -> Written:
        """One commit, to the branch of `head_at_start` or to a pending ref; failing that, the files are kept."""
        path = record_path(self._root, record)
        written = [record]

        def change_on(base: str | None) -> Change:
            written[0] = record.model_copy(update={"parents": self._tips_at(base)})
            removed = self._removed_by(record, base)
            return Change({**removed, **files, path: written[0].canonical}, commit_message(written[0], path))

        try:
            reason = why_not(head_at_start, head_at_start.ref)
            if head_at_start.ref is not None:
                try:
                    commit = self._landing.on_branch(head_at_start.ref, change_on)
                    return Written(written[0], path, commit, head_at_start.ref)
                except _TROUBLE as problem:
                    reason = str(problem)
            ref = f"{PENDING}{record.run}"
            base = self._git.commit_of(head_at_start.ref or "HEAD") or head_at_start.commit
            commit = self._landing.on_ref(ref, base, change_on)
        except _TROUBLE as problem:
            return self.keep(written[0], files, str(problem))
        message = f"the record of run {record.run} is in '{ref}', because {reason}"
        finding = Finding(RECORD_PENDING, message, Place(path))
        return Written(written[0], path, commit, ref, pending=True, findings=(finding,))

    def leave_uncommitted(self, record: RunRecord, files: Mapping[str, bytes]) -> Written:
        """Writes the files into the working tree, without a commit; failing that, the files are kept."""
        path = record_path(self._root, record)
        final = record
        try:
            base = self._git.commit_of("HEAD")
            final = record.model_copy(update={"parents": self._tips_at(base)})
            everything = {**self._removed_by(record, base), **files, path: final.canonical}
            self._landing.in_working_tree(base, everything)
        except _TROUBLE as problem:
            return self.keep(final, files, str(problem))
        return Written(final, path)

    def keep(self, record: RunRecord, files: Mapping[str, bytes], reason: str) -> Written:
        """Keeps the files in the state folder, and says where."""
        path = record_path(self._root, record)
        folder = self._state.unwritten_dir / record.run
        try:
            self._state.ensure(folder)
            for name, data in {**files, path: record.canonical}.items():
                replace_owned(folder, name, data, 0o600)
        except OSError as problem:
            message = f"{reason}; the record of run {record.run} could not even be kept: {problem}"
            return Written(record, path, findings=(Finding(STATE_NOT_WRITTEN, message, Place(path)),))
        message = f"{reason}; the record of run {record.run} is kept in {folder}"
        finding = Finding(STATE_NOT_WRITTEN, message, Place(path))
        return Written(record, path, kept_at=folder, findings=(finding,))


def commit_message(record: RunRecord, path: str) -> str:
    """The message of a record's commit (Conventional Commits; a pipeline has nothing to do for it)."""
    what = undertaking(record.operation, record.application, record.environment)
    if record.operation == "undeploy":
        what = f"{record.operation} {record.application} from {record.environment}"
    lines = [
        f"chore(innominatus): {what}: {record.status.replace('_', ' ')} [skip ci]",
        "",
        f"Innominatus-Run: {record.run}",
    ]
    lines.append(f"{RECORD_TRAILER}{path}")
    if record.plan is not None:
        lines.append(f"Innominatus-Plan: {record.plan}")
    return "\n".join(lines) + "\n"
