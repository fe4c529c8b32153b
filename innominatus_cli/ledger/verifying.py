"""Whether the ledger of a commit is what it says: every file, the chain, its past, its anchors.

Nothing is fetched, nothing is executed but git's plumbing (and ssh-keygen where signatures count).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from innominatus_cli.documents.canonical import digest_of_bytes
from innominatus_cli.documents.ledger_verification import LastRun, LedgerCounts, LedgerVerification
from innominatus_cli.documents.verdict import ReportedFinding
from innominatus_cli.documents.words import counted
from innominatus_cli.findings.catalogue.ledger import COMMIT_MISSING, HISTORY_SHALLOW, PLAN_MISSING
from innominatus_cli.findings.finding import Finding, Place, Severity
from innominatus_cli.ledger.anchoring import Anchors, Named, Trust
from innominatus_cli.ledger.batches import LARGEST, batches_of
from innominatus_cli.ledger.chain import Link, check_approvals, check_chain, tips
from innominatus_cli.ledger.earlier_commits import look_back, losses_told
from innominatus_cli.ledger.graves import Graves, check_tombstones
from innominatus_cli.ledger.inspecting import Inspection, inspect
from innominatus_cli.ledger.proofs import check_signatures
from innominatus_cli.ledger.records import actions_folder, plan_path, runs_folder
from innominatus_cli.ledger.seen_heads import Seen, SeenHeads
from innominatus_cli.ledger.store import Standing, StoredAction, StoredRecord
from innominatus_cli.ledger.working_files import check_working_files
from innominatus_cli.system.clock import Clock, timestamp
from innominatus_cli.system.git import Git
from innominatus_cli.system.state_folder import StateFolder

_OBJECT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT: Final = 12
_FETCH_IT: Final = (
    'Where the remote has it: `git fetch origin "+refs/heads/{branch}:refs/remotes/origin/{branch}"`; else the first '
    "run makes it."
)


class VerifiableStore(Protocol):
    """What verifying needs of a store: a commit whose tree holds the ledger below `root`, and what stands outside."""

    git: Git
    root: str
    state: StateFolder

    @property
    def in_working_tree(self) -> bool:
        """Whether the records are files of the working tree too."""

    @property
    def findings(self) -> Sequence[Finding]:
        """What was wrong with records that were read so far."""

    def commit(self) -> str | None:
        """The commit whose tree holds the ledger; None before the first one."""

    def outside(self, committed: Mapping[str, str]) -> Sequence[StoredRecord | StoredAction]:
        """The records in no such commit."""


class Verified(NamedTuple):
    """The report, and its findings as such."""

    report: LedgerVerification
    findings: tuple[Finding, ...]


def verify_ledger(
    store: VerifiableStore,
    clock: Clock,
    trust: Trust,
    *,
    branch: str | None = None,
    signatures: bool = False,
    named: Named | None = None,
) -> Verified:
    """Everything that is wrong with the ledger. `branch` is the one whose tip the commit is, as far as one knows.

    What was seen is remembered where nothing is wrong. Raises GitFailed, CannotContinue.
    """
    git = store.git
    commit = store.commit()
    inspection = inspect(git, store.root, commit) if commit else Inspection([], {}, [])
    links = sorted(inspection.links)
    graves = Graves(git, links)
    findings = [*inspection.findings, *check_chain(links), *check_tombstones(store.root, links)]
    seen_heads = SeenHeads(store.state)
    commits = proofs = 0
    if commit:
        commits, told = _look_into_git(store, commit, inspection.files, links, graves)
        findings += told
    elif not store.in_working_tree:
        message = f"this clone has no branch '{branch}': there is nothing to look at"
        findings.append(Finding(HISTORY_SHALLOW, message, Place("git"), _FETCH_IT.format(branch=branch)))
    digests = graves.digests.union(link.digest for link in links)
    anchors = Anchors(git, commit, branch, digests, inspection.files, graves)
    anchoring = anchors.check(trust, clock.now(), seen_heads.of(branch) if branch else None, named)
    findings += anchoring.findings
    if commit and signatures:
        proofs, told = check_signatures(git, commit, store.root, links, trust.allowed_signers + trust.approvers)
        findings += told
    waiting = store.outside(inspection.files)
    findings += [*store.findings, *check_approvals(links, {stored.digest for stored in waiting})]
    sound = not any(finding.severity is Severity.ERROR for finding in findings)
    if sound and branch:
        seen_heads.remember(
            branch, Seen(tuple(tips(links)), len(digests), timestamp(clock.now()), anchoring.statement_at)
        )
    findings.sort(key=lambda finding: finding.sort_key)
    report = LedgerVerification(
        root=store.root,
        branch=branch,
        commit=commit,
        sound=sound,
        tips=tips(links),
        counts=LedgerCounts(
            runs=sum(not link.action for link in links),
            actions=sum(bool(link.action) for link in links),
            removed=len(digests) - len(links),
            plans=len({link.plan for link in links if link.plan}),
            commits=commits,
            waiting=sum(stored.standing is not Standing.COMMITTED for stored in waiting),
            signatures=anchoring.signatures + proofs,
        ),
        anchors=anchoring.anchors,
        last_runs=_last_runs(links),
        findings=[ReportedFinding.of(finding) for finding in findings],
    )
    return Verified(report, tuple(findings))


def _look_into_git(
    store: VerifiableStore, commit: str, files: Mapping[str, str], links: Sequence[Link], graves: Graves
) -> tuple[int, list[Finding]]:
    """How many commits were walked, and what is wrong with the past, the working tree, plans and commits."""
    git = store.git
    earlier = look_back(git, commit, (runs_folder(store.root), actions_folder(store.root)), files)
    losses, untrue = graves.unexplained(earlier.losses, files)
    findings = [*untrue, *losses_told(git, losses, files), *_shallow(git)]
    if store.in_working_tree:
        findings += check_working_files(git, files)
    return earlier.commits, [*findings, *_check_plans(git, store.root, commit, links), *_check_commits(git, links)]


def _shallow(git: Git) -> Iterator[Finding]:
    if git.is_shallow():
        yield Finding(HISTORY_SHALLOW, "this clone is shallow: older commits cannot be looked at", Place("git"))


def _check_plans(git: Git, root: str, commit: str, links: Sequence[Link]) -> Iterator[Finding]:
    """Every plan that a record names is there, byte for byte."""
    first: dict[str, Link] = {}
    for link in links:
        if link.plan and not link.action:
            first.setdefault(link.plan, link)
    standing = {entry.path: entry.object_id for entry in git.tree(commit, f"{root}/plans")}
    sizes = git.blob_sizes(standing.values())
    wanted: dict[str, tuple[str, Link]] = {}
    for digest, link in first.items():
        try:
            path = plan_path(root, digest)
        except ValueError:
            yield Finding(PLAN_MISSING, f"'{digest}' is no digest of a plan", Place(link.path))
            continue
        if sizes.get(standing.get(path, ""), LARGEST + 1) > LARGEST:
            yield Finding(PLAN_MISSING, f"the plan of record {link.id} is missing", Place(path))
        else:
            wanted[path] = (digest, link)
    yield from _check_contents(git, standing, wanted)


def _check_contents(git: Git, standing: Mapping[str, str], wanted: Mapping[str, tuple[str, Link]]) -> Iterator[Finding]:
    for batch in batches_of(git, {path: standing[path] for path in wanted}).batches:
        contents = git.read_blobs(standing[path] for path in batch)
        for path in batch:
            data = contents[standing[path]]
            digest, link = wanted[path]
            if not data.endswith(b"\n") or digest_of_bytes(data[:-1]) != digest:
                message = f"it is not the plan that record {link.id} names: its digest differs"
                yield Finding(PLAN_MISSING, message, Place(path))


def _check_commits(git: Git, links: Sequence[Link]) -> Iterator[Finding]:
    named = {link.commit for link in links if _OBJECT.fullmatch(link.commit)}
    there = git.blob_sizes(sorted(named))
    lacking = [link for link in links if link.commit and link.commit not in there]
    if lacking:
        others = f", nor are those of {counted(len(lacking) - 1, 'other record')}" if len(lacking) > 1 else ""
        message = f"commit {lacking[0].commit[:_SHORT]} is not in this clone{others}"
        yield Finding(COMMIT_MISSING, message, Place(lacking[0].path))


def _last_runs(links: Sequence[Link]) -> list[LastRun]:
    last: dict[tuple[str, str], Link] = {}
    for link in sorted((link for link in links if not link.action), key=lambda link: link.id):
        last[link.application, link.environment] = link
    return [
        LastRun(
            application=link.application,
            environment=link.environment,
            run=link.id,
            operation=link.operation,
            status=link.status,
            at=link.started,
            by=link.name,
            email=link.email,
            commit=link.commit or None,
            plan=link.plan or None,
            approvals=list(dict.fromkeys(link.approvals)),
        )
        for _, link in sorted(last.items())
    ]
