"""Files of a commit in batches: few enough bytes to hold at once, few files first for whoever stops early.

What no record can be as large as is left out and told, so that a hostile file costs nobody their memory.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from innominatus_cli.findings.catalogue.ledger import RECORD_CORRUPT
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.git import Git

LARGEST: Final = 64 * 1024 * 1024
"""Bytes; no record has more."""
_AT_ONCE: Final = 8 * 1024 * 1024
_FIRST: Final = 64
_MOST: Final = 1024


class Batches(NamedTuple):
    """Paths in batches, in the order of the files; and what is wrong with those that are in none."""

    batches: list[list[str]]
    findings: list[Finding]


def batches_of(git: Git, files: Mapping[str, str]) -> Batches:
    """The batches of these files (by path, with their object ids). Raises GitFailed."""
    sizes = git.blob_sizes(dict.fromkeys(files.values()))
    too_large = {path: size for path, blob in files.items() if (size := sizes.get(blob, 0)) > LARGEST}
    wanted = {path: sizes.get(blob, 0) for path, blob in files.items() if path not in too_large}
    findings = [
        Finding(RECORD_CORRUPT, f"the record cannot be trusted: it has {size:,} bytes", Place(path))
        for path, size in too_large.items()
    ]
    return Batches(list(_batches(wanted)), findings)


def _batches(sizes: Mapping[str, int]) -> Iterator[list[str]]:
    batch: list[str] = []
    total, most = 0, _FIRST
    for path, size in sizes.items():
        if batch and (total + size > _AT_ONCE or len(batch) == most):
            yield batch
            batch, total, most = [], 0, min(most * 4, _MOST)
        batch.append(path)
        total += size
    if batch:
        yield batch
