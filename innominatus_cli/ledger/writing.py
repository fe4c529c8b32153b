"""Writing a record: to its branch, else to a pending ref, else into the state folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic

from innominatus_cli.findings.catalogue.ledger import RECORD_PENDING, STATE_NOT_WRITTEN
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.ledger.landing import Change, ChangeOn, Landing, Obstacle, why_not
from innominatus_cli.ledger.reading import PENDING
from innominatus_cli.ledger.store import Entry, Landed
from innominatus_cli.system.git import Git, Head
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.owned_files import replace_owned
from innominatus_cli.system.state_folder import StateFolder

_TROUBLE: Final = (Obstacle, GitFailed, OSError, CannotContinue)


@dataclass(frozen=True)
class Draft(Generic[Entry]):
    """A record that is to be written, at `path`, with the files that come with it; `name` is `run <id>`, for messages.

    For a base commit `removed_on` tells the files that go away.
    """

    record: Entry
    id: str
    name: str
    path: str
    message: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    removed_on: Callable[[str | None], dict[str, None]] = lambda _: {}


class RecordWriter:
    """Writes one record with its files. For a base commit `tips_at` tells the parents."""

    def __init__(
        self, git: Git, landing: Landing, state: StateFolder, tips_at: Callable[[str | None], list[str]]
    ) -> None:
        self._git = git
        self._landing = landing
        self._state = state
        self._tips_at = tips_at

    def commit(self, draft: Draft[Entry], head_at_start: Head) -> Landed[Entry]:
        """One commit, to the branch of `head_at_start` or to a pending ref; failing that, the files are kept."""

        def land(change_on: ChangeOn) -> tuple[str, str]:
            if head_at_start.ref is None:
                raise Obstacle(why_not(head_at_start, None))
            return self._landing.on_branch(head_at_start.ref, change_on), head_at_start.ref

        def base() -> str | None:
            return self._git.commit_of(head_at_start.ref or "HEAD") or head_at_start.commit

        return self.commit_with(land, base, draft)

    def commit_with(
        self, land: Callable[[ChangeOn], tuple[str, str]], base: Callable[[], str | None], draft: Draft[Entry]
    ) -> Landed[Entry]:
        """One commit, by `land`, which tells the commit and its ref; else to a pending ref, on top of `base()`.

        Failing that, the files are kept.
        """
        written = [draft.record]

        def change_on(base: str | None) -> Change:
            written[0] = self._following(draft.record, base)
            files = {**draft.removed_on(base), **draft.files, draft.path: written[0].canonical}
            return Change(files, draft.message)

        try:
            try:
                commit, ref = land(change_on)
                return Landed(written[0], draft.path, commit, ref)
            except _TROUBLE as problem:
                reason = str(problem)
            ref = f"{PENDING}{draft.id}"
            commit = self._landing.on_ref(ref, base(), change_on)
        except _TROUBLE as problem:
            return self._keep(draft, written[0], str(problem))
        message = f"the record of {draft.name} is in '{ref}', because {reason}"
        finding = Finding(RECORD_PENDING, message, Place(draft.path))
        return Landed(written[0], draft.path, commit, ref, pending=True, findings=(finding,))

    def leave_uncommitted(self, draft: Draft[Entry]) -> Landed[Entry]:
        """Writes the files into the working tree, without a commit; failing that, the files are kept."""
        final = draft.record
        try:
            base = self._git.commit_of("HEAD")
            final = self._following(draft.record, base)
            everything = {**draft.removed_on(base), **draft.files, draft.path: final.canonical}
            self._landing.in_working_tree(base, everything)
        except _TROUBLE as problem:
            return self._keep(draft, final, str(problem))
        return Landed(final, draft.path)

    def _following(self, record: Entry, base: str | None) -> Entry:
        return record.model_copy(update={"parents": self._tips_at(base)})

    def _keep(self, draft: Draft[Entry], record: Entry, reason: str) -> Landed[Entry]:
        """Keeps the files in the state folder, and says where."""
        folder = self._state.unwritten_dir / draft.id
        try:
            self._state.ensure(folder)
            for name, data in {**draft.files, draft.path: record.canonical}.items():
                replace_owned(folder, name, data, 0o600)
        except OSError as problem:
            message = f"{reason}; the record of {draft.name} could not even be kept: {problem}"
            return Landed(record, draft.path, findings=(Finding(STATE_NOT_WRITTEN, message, Place(draft.path)),))
        message = f"{reason}; the record of {draft.name} is kept in {folder}"
        finding = Finding(STATE_NOT_WRITTEN, message, Place(draft.path))
        return Landed(record, draft.path, kept_at=folder, findings=(finding,))
