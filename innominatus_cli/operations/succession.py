"""Who goes on with a run that has a checkpoint: of several clones one, and the others are told.

Whoever goes on puts the name of the new run into the checkpoint, by compare-and-swap and before anything runs. So two
clones that go on at the same time cannot both, and one that was away sees that its run is not the newest any more.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.execution.journal import lost
from innominatus_cli.findings.catalogue.resuming import TAKEN_OVER
from innominatus_cli.findings.finding import CannotContinue, Finding, Place, Severity
from innominatus_cli.operations.checkpoints import NEXT, checkpoint_ref, remote_with_checkpoint
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed
from innominatus_cli.system.git_identity import identity
from innominatus_cli.system.git_refs import RemoteRefs, write_blob
from innominatus_cli.system.git_writing import commit_tree, write_tree
from innominatus_cli.system.state_folder import StateFolder

_MOST_BYTES: Final = 4096
_TAKEN: Final = "It was said that nobody else goes on with it (--take-over)."
_ULID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclass(frozen=True, slots=True)
class Successor:
    """The run that goes on with another one, and the address of who started it."""

    run: str
    who: str


Claim: TypeAlias = Callable[[Successor], None]
"""Says that this run goes on, and nobody else may. Raises CannotContinue (exit 76) where somebody was faster."""


class Succession:
    """Who goes on with one run of which a remote has, or had, a checkpoint.

    Every method raises CannotContinue: exit 76 where another clone does, exit 69 where the remote cannot be asked.
    """

    def __init__(self, git: Git, state: StateFolder, run: str, remote: str, clock: Clock) -> None:
        self._git = git
        self._scratch = state.root
        self._run = run
        self._clock = clock
        self._ref = checkpoint_ref(run)
        self._refs = RemoteRefs.open(git, remote, clock=clock)

    def standing(self) -> str | None:
        """The id of the run's checkpoint, whoever goes on with it; None where it has gone."""
        return self._refs.fetch(self._ref).get(self._ref)

    def check(self) -> str:
        """Makes sure that nobody else has gone on with the run; the id of its checkpoint."""
        standing = self.standing()
        refusal = self.refusal(standing)
        if refusal is not None:
            raise refusal
        return standing or ""

    def refusal(self, standing: str | None) -> CannotContinue | None:
        """Why this clone may not go on where this stands."""
        if standing is None:
            return self._taken_over(
                f"its checkpoint is gone from '{self._refs.remote}': another clone has gone on with it to the end, "
                "or somebody has removed it"
            )
        successor = self._successor(standing)
        if successor is None:
            return None
        return self._taken_over(f"{successor.who or 'somebody'} goes on with it in run {successor.run or '?'}")

    def claim(self, standing: str, successor: Successor) -> None:
        """Says that this run goes on and nobody else may, where the checkpoint is still what it was.

        Raises CannotContinue (exit 73) too, where the disk refuses.
        """
        message = f"chore(innominatus): run {successor.run} goes on with run {self._run}\n"
        try:
            blob = write_blob(self._git, canonical_json({"run": successor.run, "who": successor.who}))
            tree = write_tree(self._git, standing, {NEXT: blob}, self._scratch)
            commit = commit_tree(self._git, tree, [], message, identity(self._git), self._clock.now())
        except (GitFailed, OSError) as problem:
            raise CannotContinue(lost(self._scratch, str(problem))) from problem
        if not self._refs.set(self._ref, commit, standing):
            self.check()  # says who was faster
            raise self._taken_over("somebody else changes its checkpoint just now")

    def _successor(self, commit: str) -> Successor | None:
        """Whom the checkpoint names; without names where that cannot be read."""
        found = [entry.object_id for entry in self._git.tree(commit) if entry.path == NEXT]
        if not found:
            return None
        size = self._git.blob_sizes(found).get(found[0], _MOST_BYTES + 1)
        data = self._git.objects(found)[found[0]][1] if size <= _MOST_BYTES else b""
        try:
            said = json.loads(data)
            run, who = str(said["run"]), str(said["who"])
        except (ValueError, KeyError, TypeError):
            return Successor("", "")
        return Successor(run if _ULID.fullmatch(run) else "", who)

    def _taken_over(self, why: str) -> CannotContinue:
        message = f"run {self._run} is not the newest any more: {why}"
        return CannotContinue(Finding(TAKEN_OVER, message, Place(self._run)))


def may_go_on(
    git: Git, state: StateFolder, run: str, clock: Clock, *, take_over: bool
) -> tuple[Claim | None, tuple[Finding, ...]]:
    """Makes sure that no other clone has gone on with a run; what says there that this one does, None for nothing.

    Raises CannotContinue (exit 76, or 69 where nobody can be asked). With `take_over` that is a warning.
    """
    remote = remote_with_checkpoint(state, run)
    if remote is None:
        return None, ()
    try:
        succession = Succession(git, state, run, remote, clock)
        if not take_over:
            return partial(succession.claim, succession.check()), ()
        standing = succession.standing()
        refusal = succession.refusal(standing)
    except CannotContinue as refused:
        if not take_over:
            raise
        return None, _warnings(refused)
    return (partial(succession.claim, standing) if standing is not None else None), _warnings(refusal)


def _warnings(refusal: CannotContinue | None) -> tuple[Finding, ...]:
    found = refusal.findings if refusal is not None else ()
    return tuple(finding._replace(severity_override=Severity.WARNING, remedy=_TAKEN) for finding in found)
