"""What `init` prints: the files that it wrote, and the commands that come next."""

import shlex
from collections.abc import Sequence
from pathlib import Path


def new_repository_text(folder: Path, name: str, written: Sequence[Path], *, has_git: bool) -> str:
    """The files below `folder`, and the way from there to a first run of the application `name`."""
    commands = [] if folder == Path() else [f"cd {shlex.quote(str(folder))}"]
    commands += [] if has_git else ["git init"]
    commands += [
        "git add . && git commit -m 'A workflow repository'",
        "innominatus-ctl validate",
        f"innominatus-ctl run deploy-app apps/{name}/score.yaml --env development",
    ]
    lines = [f"Wrote {len(written)} files:", *(f"  {path}" for path in written), ""]
    lines += ["Next:", *(f"  {command}" for command in commands)]
    return "".join(f"{line}\n" for line in lines)
