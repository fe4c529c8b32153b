"""Names of vendored workflows: `@<source>/<path>` is the file `.innominatus/vendor/<source>/<path>`, there or not."""

import posixpath
from typing import Final

from innominatus_cli.system.files import parts_of

VENDOR_FOLDER: Final = ".innominatus/vendor"
LOCK_FILE: Final = "innominatus.lock"
STAGING_FOLDER: Final = ".innominatus/vendor-update"
"""Where `vendor update` keeps everything new until all of it is in its place."""
_PREFIX: Final = f"{VENDOR_FOLDER}/"


def is_vendored_name(written: str) -> bool:
    """Whether a workflow is named as one of another repository."""
    return written.startswith("@")


def vendored_path(written: str) -> str | None:
    """The file that `@<source>/<path>` names; None where it can name none."""
    parts = parts_of(written[1:])
    if parts is None or len(parts) == 1 or written[1:].startswith("."):
        return None
    return f"{_PREFIX}{'/'.join(parts)}"


def named_files(written: str, beside: str) -> tuple[str, ...]:
    """Where a workflow that the file `beside` names by its path may be, the first choice first.

    `@<source>/<path>` is a vendored one; anything else is looked for beside that file, then from the root. What leaves
    the repository is left out.
    """
    if is_vendored_name(written):
        path = vendored_path(written)
        return () if path is None else (path,)
    here = posixpath.normpath(posixpath.join(posixpath.dirname(beside), written))
    found = dict.fromkeys((here, posixpath.normpath(written)))
    return tuple(path for path in found if not path.startswith(("../", "/")) and path != "..")


def is_vendored(path: str) -> bool:
    """Whether a repository path is of a vendored file."""
    return path.startswith(_PREFIX)
