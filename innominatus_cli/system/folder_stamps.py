"""Whether the names in a folder are what they were, without listing it: as git's untracked cache does.

A folder's change time moves when a name comes or goes, and nobody can set it. A folder that has changed in the last
seconds is not trusted: the clock of the file system is coarse, and another change may follow within one tick of it.
"""

import os
import stat
import time
from pathlib import Path
from typing import Final, NamedTuple

_COARSE_NS: Final = 2_000_000_000


class Stamped(NamedTuple):
    """A folder that is there. Names are only listed where it is not `unchanged`."""

    stamp: str
    """What it looks like now; empty where it has changed too lately to be trusted."""
    unchanged: bool
    files: list[str]
    folders: list[str]


def stamped_folder(root: Path, folder: str, known: str) -> Stamped | None:
    """A folder below `root`, held against the stamp that it had (empty: unknown); None where none is there.

    A link is no folder. The names are sorted; links and what is neither file nor folder are left out.
    """
    path = root / folder
    try:
        facts = path.lstat()
        if not stat.S_ISDIR(facts.st_mode):
            return None
        old = max(facts.st_mtime_ns, facts.st_ctime_ns) + _COARSE_NS < time.time_ns()
        stamp = f"{facts.st_dev}:{facts.st_ino}:{facts.st_mtime_ns}:{facts.st_ctime_ns}" if old else ""
        if stamp and stamp == known:
            return Stamped(stamp, unchanged=True, files=[], folders=[])
        with os.scandir(path) as entries:
            found = list(entries)
        files = sorted(one.name for one in found if one.is_file(follow_symlinks=False))
        folders = sorted(one.name for one in found if one.is_dir(follow_symlinks=False))
    except OSError:
        return None
    return Stamped(stamp, unchanged=False, files=files, folders=folders)
