"""Where a clone keeps what is not committed: journals, full logs, locks and the state of tools.

Everything lives below `<git-common-dir>/innominatus`, so that `git clean` leaves it alone, all worktrees of a clone
share it and no commit ever holds it:

    runs/<run>/journal.jsonl
    runs/<run>/plan.json                                          the plan that it carries out
    runs/<run>/request.json                                       what was asked for, to plan it again
    runs/<run>/opening.json                                       its record as it was when it began, without results
    runs/<run>/logs/<step index>.stdout, <step index>.stderr      everything a step wrote, all attempts, mode 0600
    runs/<run>/results/<step index>.json                          a step's result, where no journal line can hold it
    runs/<run>/artifacts/<sha256>                                 files that steps want committed
    runs/<run>/scratch/                                           gone after the run
    open/<run>                                                    a run that has begun and has no record yet
    checkpoints/<run>/                                            the same files, fetched from where they were pushed
    locks/<application>/<environment>.lock, .holder.json
    state/<application>/<environment>/                            INNOMINATUS_STATE_DIR
    unwritten/<run>/<repository path>                             what could not be committed, for `ledger adopt`
    ledger/                                                       derived from records, and temporary files of commits

The step index is the position of the step in the plan's `steps`, from 0; a journal line names it beside the step's id.
Folders have mode 0700, files 0600, whatever the umask says.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

Stream = Literal["stdout", "stderr"]
_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_LONGEST: Final = 128
_PRIVATE: Final = 0o700


class StateFolder:
    """The folders below a git common directory; a path is only made, nothing is created until `ensure` says so."""

    __slots__ = ("root",)

    def __init__(self, common_dir: Path) -> None:
        self.root = common_dir / "innominatus"

    @property
    def runs_dir(self) -> Path:
        """The parent of all run folders."""
        return self.root / "runs"

    def run_dir(self, run: str) -> Path:
        """The folder of one run. Raises ValueError for what is no run id (a ULID)."""
        if not _ULID.fullmatch(run):
            raise ValueError(f"{run!r} is not a run id")
        return self.runs_dir / run

    def journal_path(self, run: str) -> Path:
        """The journal of a run."""
        return self.run_dir(run) / "journal.jsonl"

    def plan_path(self, run: str) -> Path:
        """The plan that a run carries out: the bytes of its canonical file."""
        return self.run_dir(run) / "plan.json"

    def opening_path(self, run: str) -> Path:
        """The record of a run as it was when it began: who, when, from which commit; no results."""
        return self.run_dir(run) / "opening.json"

    def logs_dir(self, run: str) -> Path:
        """The folder of a run's full logs."""
        return self.run_dir(run) / "logs"

    def log_path(self, run: str, step_index: int, stream: Stream) -> Path:
        """All that one step wrote to one stream; absent where it wrote nothing."""
        return self.logs_dir(run) / f"{step_index}.{stream}"

    def result_path(self, run: str, name: str | int) -> Path:
        """What a journal line only names by digest: the whole result of the step with this index, or another value."""
        return self.run_dir(run) / "results" / f"{name}.json"

    def artifact_path(self, run: str, sha256: str) -> Path:
        """A file that a step of this run wants committed, by the hex digest of its bytes."""
        return self.run_dir(run) / "artifacts" / sha256

    def cancel_path(self, run: str) -> Path:
        """A request to end the run, by somebody else than the run itself."""
        return self.run_dir(run) / "cancel.json"

    def checkpoint_dir(self, run: str) -> Path:
        """A run's folder as it was fetched from a remote. Raises ValueError for what is no run id."""
        return self.root / "checkpoints" / self.run_dir(run).name

    def checkpoint_note(self, run: str) -> Path:
        """Names the remote that has, or had, a checkpoint of this run. Raises ValueError for what is no run id."""
        return self.root / "checkpointed" / self.run_dir(run).name

    def scratch_dir(self, run: str) -> Path:
        """The parent of the scratch folders of a run's attempts; removed when the run ends."""
        return self.run_dir(run) / "scratch"

    @property
    def open_dir(self) -> Path:
        """The folder of the marks of runs without a record."""
        return self.root / "open"

    def open_path(self, run: str) -> Path:
        """The mark that a run has begun and has no record yet. Raises ValueError for what is no run id."""
        return self.open_dir / self.run_dir(run).name

    def open_runs(self) -> list[str]:
        """The ids of runs that have begun and have no record: they run now, or were killed. Oldest first."""
        return _ulids(self.open_dir)

    def lock_path(self, application: str, environment: str) -> Path:
        """The file that a run of this application and environment holds a lock on."""
        return self.root / "locks" / _segment(application) / f"{_segment(environment)}.lock"

    def tool_state_dir(self, application: str, environment: str) -> Path:
        """What tools keep between runs: databases, volumes, secrets of the local store, terraform state."""
        return self.root / "state" / _segment(application) / _segment(environment)

    @property
    def unwritten_dir(self) -> Path:
        """The parent of the folders, one a run, that keep what could not be committed."""
        return self.root / "unwritten"

    @property
    def ledger_dir(self) -> Path:
        """What the ledger derives from its records, and temporary files while it commits."""
        return self.root / "ledger"

    def runs(self) -> list[str]:
        """The ids of all runs that have a folder here, oldest first."""
        return _ulids(self.runs_dir)

    def ensure(self, folder: Path) -> Path:
        """Makes `folder` and its missing parents below the root, private to the user. Raises OSError."""
        if not folder.is_dir():
            missing = [folder, *folder.parents]
            for path in reversed(missing[: missing.index(self.root) + 1]):
                if not path.is_dir():
                    _make_private(path)
        return folder

    def remove_scratch(self, run: str) -> None:
        """Removes the scratch folders of a run; what cannot be removed stays."""
        shutil.rmtree(self.scratch_dir(run), ignore_errors=True)


def _ulids(folder: Path) -> list[str]:
    """The names in a folder that are run ids."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if _ULID.fullmatch(name))


def _make_private(path: Path) -> None:
    try:
        path.mkdir(mode=_PRIVATE)
    except FileExistsError:
        return
    path.chmod(_PRIVATE)


def _segment(name: str) -> str:
    """A name as one path component: plain names as they are, anything else percent-encoded."""
    if _PLAIN.fullmatch(name):
        return name
    encoded = quote(name, safe="")
    if len(encoded) > _LONGEST:
        encoded = f"{encoded[:_LONGEST]}+{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return encoded.replace(".", "%2E", 1) if encoded.startswith(".") else encoded or "%"
