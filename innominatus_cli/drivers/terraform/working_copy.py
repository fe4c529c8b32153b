"""A copy of a module that Terraform may write beside: the module's own files, and links to what stands around it.

Terraform writes its lock file into the module's folder, and modules write files of their own. The copy stays in the
state folder, so that what they wrote is there the next time. Its place below the copy's root is that of the module in
the repository, and everything around it is linked, so that `source = "../modules/db"` leads to the same module.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_NEVER: Final = frozenset({".git", ".innominatus", ".terraform"})
_STATE: Final = (".tfstate", ".tfstate.backup", ".tfstate.lock.info")
_OURS: Final = "innominatus-sources.json"
_MOST_FILES: Final = 20_000
MODULE_ENDINGS: Final = (".tf", ".tofu", ".tf.json", ".tofu.json")


class UnusableModule(Exception):  # noqa: N818 - it says what is the case; never leaves this package
    """The text says why a folder cannot be copied."""


def copied(folder: Path, repository: Path, root: Path) -> Path:
    """The copy of the module `folder` of `repository` below `root`, brought up to date. Raises UnusableModule.

    What Terraform or the module wrote there stays; what came from the repository and is gone there goes.
    """
    if not folder.is_dir():
        raise UnusableModule("is no folder")
    place = folder.resolve().relative_to(repository.resolve())
    above = root
    above.mkdir(parents=True, exist_ok=True, mode=0o700)
    source = repository.resolve()
    for part in place.parts:
        _link_others(source, above, part)
        source, above = source / part, above / part
        if above.is_symlink():
            above.unlink()
        above.mkdir(exist_ok=True)
    files = {str(path.relative_to(source)): path for path in _files(source, source, repository.resolve())}
    if not any(name.endswith(MODULE_ENDINGS) and "/" not in name for name in files):
        raise UnusableModule("holds no Terraform file")
    _forget(root, above, files)
    for name, path in files.items():
        _copy(path, above / name)
    return above


def written(files: Mapping[str, bytes], root: Path) -> Path:
    """The same of a module that an earlier step generated, by the names of its files. Raises UnusableModule."""
    if not any(name.endswith(MODULE_ENDINGS) and "/" not in name for name in files):
        raise UnusableModule("holds no Terraform file")
    if any(os.pardir in Path(name).parts for name in files):
        raise UnusableModule("has a file that leads out of it")
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    work = root / "module"
    work.mkdir(exist_ok=True)
    _forget(root, work, files)
    for name, data in files.items():
        target = work / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(data)
    return work


def _link_others(source: Path, target: Path, but: str) -> None:
    """Links to everything beside `but`; links to what is gone go."""
    wanted = {entry.name: entry for entry in source.iterdir() if entry.name != but and entry.name not in _NEVER}
    for entry in list(target.iterdir()):
        if entry.is_symlink() and entry.name not in wanted:
            entry.unlink()
    for name, entry in wanted.items():
        link = target / name
        if link.is_symlink():
            if link.readlink() == entry:
                continue
            link.unlink()
        elif link.is_dir():
            shutil.rmtree(link)
        elif link.exists():
            continue
        link.symlink_to(entry)


def _files(folder: Path, module: Path, repository: Path) -> Iterator[Path]:
    count = 0
    waiting = [folder]
    while waiting:
        for entry in sorted(waiting.pop().iterdir()):
            if entry.name in _NEVER or entry.name.endswith(_STATE):
                continue
            if entry.is_symlink() and not entry.resolve().is_relative_to(repository):
                raise UnusableModule(f"has a link that leads out of the repository: '{entry.relative_to(module)}'")
            if entry.is_dir() and not entry.is_symlink():
                waiting.append(entry)
                continue
            count += 1
            if count > _MOST_FILES:
                raise UnusableModule(f"has more than {_MOST_FILES:,} files")
            if entry.exists():
                yield entry


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        if not (target.is_symlink() and target.readlink() == path.resolve()):
            _remove(target)
            target.symlink_to(path.resolve())
        return
    if target.is_file() and not target.is_symlink() and _same(path, target):
        return
    _remove(target)
    shutil.copyfile(path, target)
    target.chmod((path.stat().st_mode & 0o777) | 0o600)


def _same(path: Path, target: Path) -> bool:
    one, other = path.stat(), target.stat()
    return one.st_size == other.st_size and path.read_bytes() == target.read_bytes()


def _remove(target: Path) -> None:
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _forget(root: Path, work: Path, files: Mapping[str, object]) -> None:
    """Takes out what came from the repository before and is gone there, and notes what comes now."""
    note = root / _OURS
    try:
        before = json.loads(note.read_bytes())
    except (OSError, ValueError):
        before = []
    for name in before if isinstance(before, list) else ():
        if isinstance(name, str) and name not in files and os.pardir not in Path(name).parts:
            _remove(work / name)
    note.write_text(json.dumps(sorted(files)), encoding="utf-8")
