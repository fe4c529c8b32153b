"""`vendor list` and `vendor verify`: what is vendored, and everything that is wrong with it. Nothing is fetched."""

from pathlib import Path
from typing import Any

from innominatus_cli.documents.repository import ADMIN_CONFIG, Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vendored import sources_of
from innominatus_cli.documents.vendored_names import VENDOR_FOLDER
from innominatus_cli.findings.finding import CannotContinue, Finding


def vendored_sources(root: Path) -> list[dict[str, Any]]:
    """The sources of admin-config.yaml and of the lock, by name, as plain data.

    `state` is `locked`, `not fetched`, `changed` (admin-config.yaml asks for something else) or `removed`.
    Raises CannotContinue for a lock that cannot be read.
    """
    repository = Repository(WorkingTreeSnapshot(root))
    vendored = repository.vendored
    lock = vendored.lock
    if isinstance(lock, Finding):
        raise CannotContinue(lock)
    locked = {} if lock is None else lock
    documents = repository.loaded(ADMIN_CONFIG).documents if repository.has_admin_config else ()
    written = sources_of(next((one for one in documents if one.kind == "AdminConfig"), None))
    found = []
    for name in sorted({*written, *locked}):
        asked, there = written.get(name), locked.get(name)
        if there is None:
            state = "not fetched"
        elif asked is None:
            state = "removed"
        else:
            state = "locked" if asked.is_as(there) else "changed"
        shown = asked or there
        found.append(
            {
                "name": name,
                "repository": shown.repository if shown else None,
                "ref": shown.ref if shown else None,
                "path": shown.path if shown else None,
                "commit": there.commit if there else None,
                "state": state,
                "folder": f"{VENDOR_FOLDER}/{name}",
                "files": sorted(there.files) if there else [],
            }
        )
    return found


def verify(root: Path) -> tuple[list[Finding], dict[str, str]]:
    """Everything that is wrong with lock and vendored files, by place, and the texts that the findings point into.

    Errors of admin-config.yaml are among it: half of it would say too little of its sources.
    """
    repository = Repository(WorkingTreeSnapshot(root))
    found = [*repository.vendored.all_problems(), *repository.findings]
    return sorted(dict.fromkeys(found), key=lambda finding: finding.sort_key), repository.sources()
