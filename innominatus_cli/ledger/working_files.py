"""Records as files of the working tree, against the commit that is checked out: what somebody edits is seen at once."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from innominatus_cli.findings.catalogue.ledger import RECORD_CHANGED, RECORD_REMOVED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.ledger.earlier_commits import Comparison
from innominatus_cli.system.git import Git
from innominatus_cli.system.owned_files import read_folder


def check_working_files(git: Git, files: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with the working tree's files of these records (by path, with their object ids).

    A file that is not there is no finding in a sparse checkout. Line ends that git converted are no difference.
    """
    sparse = git.command.text("config", "--type=bool", "--get", "core.sparseCheckout", allowed=(0, 1, 128)) == "true"
    comparison = Comparison(git)
    for folder, paths in groupby(sorted(files), key=lambda path: path.rpartition("/")[0]):
        found = read_folder(git.root, folder, [path.rpartition("/")[2] for path in paths])
        for name, data in found.items():
            path = f"{folder}/{name}"
            if isinstance(data, OSError):
                message = f"the working tree has no regular file here: {data.strerror}"
                yield Finding(RECORD_CHANGED, message, Place(path))
            elif data is None:
                if not sparse:
                    yield Finding(RECORD_REMOVED, "the working tree lacks this record", Place(path))
            elif files[path] not in {git.blob_id(data), git.blob_id(data.replace(b"\r\n", b"\n"))}:
                yield comparison.finding(path, "in the working tree it is not what was committed", files[path], data)
