"""`--since REV`: the findings of what changed, and those elsewhere that the change brought.

The old state is the last commit that REV and HEAD have in common, the new one the working tree as it is: committed,
staged, unstaged and untracked changes count alike. What is shown is exactly

- every finding of a file that changed, and of a document that takes in a changed file by its path (the sources and
  overrides of a Score workload, the workflow of a golden path or provider): it is a part of it;
- every finding of another file that the old state had not, with the same code, message and place;
- errors in the text or shape of admin-config.yaml, without which the rest is judged by half of it.

Files are compared by the contents that git would store (CRLF line ends as LF); no filter of the repository runs. Only
the changed files are parsed, and those that `dependents` says may be concerned.
"""

import posixpath
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from innominatus_cli.checks.placement import ADMIN_CONFIG
from innominatus_cli.documents.kinds import is_overrides_file
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.documents.snapshot import Snapshot, WorkingTreeSnapshot
from innominatus_cli.documents.vendored_names import LOCK_FILE, is_vendored
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.operations.dependents import ChangedFile, Everything, Index, State, parts_of, reach
from innominatus_cli.operations.repository_check import RepositoryCheck
from innominatus_cli.operations.repository_files import YAML
from innominatus_cli.operations.revisions import RepositoryHistory
from innominatus_cli.operations.validation import Opened, Validation

if TYPE_CHECKING:
    from innominatus_cli.operations.checking import CheckRequest
    from innominatus_cli.operations.judging import Judge


def check_since(check: Callable[[Opened], Validation], compare: Callable[[str], "Comparison"]) -> Validation:
    """The findings that count. `check` does what is asked, with the checks of repositories that it is given.

    `compare` is the comparison of a repository, by its resolved folder; it may raise CannotContinue.
    """
    comparisons: dict[str, Comparison] = {}

    def now(root: str, _edited: Mapping[str, bytes] | None) -> RepositoryCheck:
        comparisons[root] = compare(root)
        return comparisons[root].new_check()

    found = check(now)
    of_path = _Paths(found, comparisons)
    unsure = [one for one in _told(found) if not of_path.counts(one)]
    if not unsure:
        return found
    then = check(lambda root, _edited: comparisons[root].old_check(of_path.in_repository(root, unsure)))
    before = Counter(_key(one) for one in _told(then))

    def is_shown(finding: Finding) -> bool:
        if of_path.counts(finding):
            return True
        before[_key(finding)] -= 1
        return before[_key(finding)] < 0

    kept = tuple(one for one in found.findings if is_shown(one))
    return found._replace(findings=kept, suppressed=tuple(one for one in found.suppressed if is_shown(one.finding)))


def comparison_for(root: str, request: "CheckRequest") -> "Comparison":
    """What a folder is since the revision that is asked for.

    Raises CannotContinue for an unknown revision, one without a common commit, and where there is no git repository.
    """
    history = RepositoryHistory(root, "--since")
    revision = request.since or ""
    old = history.snapshot(history.common_commit(revision), revision)
    always = request.paths if request.overriding.wanted else ()
    return Comparison(root, old, history.git.blob_id, judge=_judge(root, request), always=always)


class Comparison:
    """One repository in the old and the new state."""

    def __init__(
        self,
        root: str,
        old: RevisionSnapshot,
        blob_id: Callable[[bytes], str],
        *,
        judge: "Judge | None" = None,
        always: Iterable[str] = (),
    ) -> None:
        """Compares the working tree at `root` (resolved) with `old`, whose object ids `blob_id` makes.

        `always` are files that are checked whatever has changed.
        """
        self._root = root
        self._old = old
        self._new = WorkingTreeSnapshot(root)
        self._blob_id = blob_id
        self._judge = judge
        self._before = RepositoryCheck(root, snapshot=old, judge=judge)
        self._after = RepositoryCheck(root, snapshot=self._new, judge=judge)
        self._always = frozenset(always)

    def new_check(self) -> RepositoryCheck:
        """The check of what is there now, of the files that may have something to show."""
        if self._concerned is not None:
            self._after.only(self._concerned, self._relatives())
        return self._after

    def old_check(self, paths: Iterable[str]) -> RepositoryCheck:
        """The check of some files as they were."""
        old, _ = self._paths
        self._old.fetch(path for path in old if path.endswith(YAML))
        check = RepositoryCheck(self._root, snapshot=self._old, judge=self._judge)
        check.only(frozenset(paths))
        return check

    @cached_property
    def counted(self) -> frozenset[str]:
        """The files that changed, and those of documents that a changed file is a part of."""
        return frozenset((*self._changed, *self._takers(), *self._always))

    @cached_property
    def _paths(self) -> tuple[frozenset[str], frozenset[str]]:
        return frozenset(self._old.paths()), frozenset(self._new.paths())

    @cached_property
    def _appeared(self) -> frozenset[str]:
        """The paths at which there is a file in one state, and none in the other."""
        old, new = self._paths
        in_doubt = (path for path in old & new if not (self._old.is_plain_file(path) and self._new.is_plain_file(path)))
        return (old ^ new) | {path for path in in_doubt if self._old.is_file(path) != self._new.is_file(path)}

    @cached_property
    def _changed(self) -> frozenset[str]:
        """The YAML files that are others now, and all paths that are new or gone."""
        old, new = self._paths
        both = (path for path in old & new if path.endswith(YAML))
        return self._appeared | {path for path in both if self._differs(path)}

    def _differs(self, path: str) -> bool:
        """Whether a file that both states have is another one now."""
        data, before = self._new.read(path), self._old.object_id(path)
        if isinstance(data, Finding):
            return before is not None
        return before not in {self._blob_id(data), self._blob_id(data.replace(b"\r\n", b"\n"))}

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The texts of the YAML files that did not change."""
        _, new = self._paths
        read = ((path, self._new.read(path)) for path in new if path.endswith(YAML) and path not in self._changed)
        return {path: data.decode("utf-8", "replace") for path, data in read if isinstance(data, bytes)}

    @cached_property
    def _index(self) -> Index:
        return Index(self._texts)

    @cached_property
    def _concerned(self) -> frozenset[str] | None:
        """The files that may have findings to show; None where all may."""
        changes = list(self._changes())
        try:
            reached = reach(changes, self._appeared, self._index, self._after.documents, self._after.workflows_root)
        except Everything:
            return None
        return self.counted | reached

    def _relatives(self) -> frozenset[str]:
        """The files that did not change, and may have a document that is called as one that changed."""
        documents = (one for path in self._changed if path.endswith(YAML) for one in self._after.documents(path))
        names = {text for one in documents if (text := one.mapping.mapping("metadata").text("name"))}
        return frozenset(path for name in names for path in self._index.with_name(name))

    def _changes(self) -> Iterator[ChangedFile]:
        paths = sorted(path for path in self._changed if path.endswith(YAML))
        old, new = self._paths
        self._old.fetch(path for path in paths if path in old)
        for path in paths:
            before = _state(path, self._old, self._before) if path in old else State()
            yield ChangedFile(path, before, _state(path, self._new, self._after) if path in new else State())

    def _takers(self) -> Iterator[str]:
        """The files that did not change, with documents that a changed file is a part of."""
        candidates = self._index.with_name("containers source")
        for path in self._changed:
            if path.endswith(YAML):
                candidates |= self._index.with_name(posixpath.basename(path))
            if is_overrides_file(path):
                folder = posixpath.dirname(path)
                yield from (one for one in self._index.workloads if posixpath.dirname(one) == folder)
        if self._differs(LOCK_FILE):
            candidates |= {path for path, text in self._texts.items() if "'@" in text or '"@' in text}
        for path in candidates:
            parts = {part for document in self._after.documents(path) for part in parts_of(document)}
            if any(self._part_differs(part) for part in parts):
                yield path

    def _part_differs(self, path: str) -> bool:
        if path in self._changed:
            return True
        if path == LOCK_FILE:
            return self._differs(path)
        is_other = not path.endswith(YAML) and self._old.is_file(path) and self._new.is_file(path)
        return is_other and self._differs(path)


class _Paths:
    """Which repository a finding is of, and whether it counts whatever was there before."""

    def __init__(self, found: Validation, comparisons: Mapping[str, Comparison]) -> None:
        self._comparisons = {prefix: comparisons[check.root] for prefix, check in found.repositories.items()}
        self._roots = {prefix: check.root for prefix, check in found.repositories.items()}

    def counts(self, finding: Finding) -> bool:
        """Whether a finding is of what changed, or says that the rest is judged by half of admin-config.yaml."""
        prefix, path = self._split(finding)
        if path == LOCK_FILE or is_vendored(path):  # what everybody may plan from is verified by every check
            return True
        if path == ADMIN_CONFIG and finding.severity is Severity.ERROR and finding.code.number.startswith("ORC-1"):
            return True
        return prefix in self._comparisons and path in self._comparisons[prefix].counted

    def in_repository(self, root: str, findings: Iterable[Finding]) -> frozenset[str]:
        """The paths, in one repository, of those among the findings that are of its files."""
        split = (self._split(finding) for finding in findings)
        return frozenset(path for prefix, path in split if self._roots.get(prefix) == root)

    def _split(self, finding: Finding) -> tuple[str, str]:
        path = finding.place.path
        prefix = max((one for one in self._roots if path.startswith(one)), key=len, default="")
        return prefix, path[len(prefix) :]


def _told(found: Validation) -> Iterator[Finding]:
    yield from found.findings
    yield from (one.finding for one in found.suppressed)


def _key(finding: Finding) -> tuple[str, str, Place]:
    return finding.code.number, finding.message, finding.place


def _state(path: str, snapshot: Snapshot, check: RepositoryCheck) -> State:
    data = snapshot.read(path)
    return State() if isinstance(data, Finding) else State(data.decode("utf-8", "replace"), check.documents(path))


def _judge(root: str, request: "CheckRequest") -> "Judge | None":
    if request.policies_from is None:
        return None
    from innominatus_cli.operations.judging import judge_at  # noqa: PLC0415 - few ask for both

    return judge_at(root, request.policies_from)
