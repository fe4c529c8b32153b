"""`git-commit-manifests`: files into another repository, as one commit that is pushed."""

import base64
import re
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from innominatus_cli.documents.words import counted
from innominatus_cli.drivers.contract import DriverResult, DriverSteps, StepContext, inside
from innominatus_cli.drivers.tools import tool
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.catalogue.delivery import FORGE_DIFFERS
from innominatus_cli.findings.catalogue.infrastructure import REMOTE_REFUSES
from innominatus_cli.findings.finding import Finding
from innominatus_cli.step_types.delivery import GitCommitManifestsInputs
from innominatus_cli.system.commands import CommandOutcome, CommandRequest, Ending

_BRANCH: Final = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)))[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}(?<![/.])")
_SCHEMES: Final = frozenset({"https", "http", "ssh", "file"})
_SCP: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[^\s:-][^\s]*")
_TRIES: Final = 3
_MARK: Final = "Innominatus-Step"
_TALKING: Final = frozenset({"clone", "fetch", "push"})
_SAYS: Final = (
    (re.compile(rb"Host key verification failed"), "its host key is not known"),
    (
        re.compile(
            rb"Authentication failed|could not read (Username|Password)|Permission denied|returned error: 40[13]"
        ),
        "it does not accept the credentials, or there are none",
    ),
    (
        re.compile(rb"[Rr]epository \S* ?not found|does not appear to be a git repository|returned error: 404"),
        "nothing is there, or the credentials do not show it",
    ),
    (
        re.compile(rb"Could not resolve host|Failed to connect|unable to access|timed out"),
        "nobody answers at its address",
    ),
)
"""What stands in git's messages of an address (LC_ALL=C); the first that fits."""

Git = Generator[CommandRequest, CommandOutcome, str | Finding]


def driver(ctx: StepContext) -> DriverSteps:
    """Clones the branch, puts the files in place, commits what differs and pushes; again where others were first."""
    inputs = ctx.inputs_of(GitCommitManifestsInputs)
    for need in ctx.step.tools:
        found = yield from tool(ctx, need)
        if isinstance(found, Finding):
            return DriverResult(failure=found)
    files = _files(ctx, inputs)
    if isinstance(files, Finding):
        return DriverResult(failure=files)
    clone = yield from _cloned(ctx, inputs)
    if isinstance(clone, Finding):
        return DriverResult(failure=clone)
    return (yield from clone.delivered(files))


def undo(ctx: StepContext) -> DriverSteps:
    """Reverts the run's commit with another one; one on top of it that changed the same lines stands in the way."""
    clone = yield from _cloned(ctx, ctx.inputs_of(GitCommitManifestsInputs))
    if isinstance(clone, Finding):
        return DriverResult(failure=clone)
    return (yield from clone.reverted())


def probe(ctx: StepContext) -> DriverSteps:
    """Whether the branch holds the files as they are here."""
    changed = yield from _changed(ctx)
    return DriverResult(changed) if isinstance(changed, Finding) else DriverResult(outputs={"done": not changed})


def drift(ctx: StepContext) -> DriverSteps:
    """The files that differ on the branch."""
    changed = yield from _changed(ctx)
    if isinstance(changed, Finding):
        return DriverResult(failure=changed)
    return DriverResult(outputs={"drift": [{"object": path, "what": "differs on the branch"} for path in changed]})


def _changed(ctx: StepContext) -> Generator[CommandRequest, CommandOutcome, list[str] | Finding]:
    """The files that a delivery would change; nothing is pushed."""
    inputs = ctx.inputs_of(GitCommitManifestsInputs)
    files = _files(ctx, inputs)
    if isinstance(files, Finding):
        return files
    clone = yield from _cloned(ctx, inputs)
    return clone if isinstance(clone, Finding) else clone.written(files)


def _files(ctx: StepContext, inputs: GitCommitManifestsInputs) -> Mapping[str, bytes] | Finding:
    """What is delivered, by its path below the target folder."""
    if inputs.source_path is None:
        folder = f"{ctx.manifests_dir}/"
        rendered = {path[len(folder) :]: data for path, data in ctx.manifests.items() if path.startswith(folder)}
        return rendered or ctx.finding(codes.NOTHING_TO_CHECK, "no step before this one rendered manifests")
    source = ctx.repository_path(inputs.source_path)
    if isinstance(source, Finding):
        return source
    if source.is_file():
        return {source.name: source.read_bytes()}
    found: dict[str, bytes] = {}
    for path in sorted(source.rglob("*")):
        below = path.relative_to(source)
        if ".git" in below.parts:
            continue
        if path.is_symlink():
            return ctx.finding(codes.PATH_OUTSIDE, f"'{inputs.source_path}/{below}' is a symbolic link")
        if path.is_file():
            found[below.as_posix()] = path.read_bytes()
    return found or ctx.finding(codes.PATH_MISSING, f"'{inputs.source_path}' holds no file")


def _cloned(
    ctx: StepContext, inputs: GitCommitManifestsInputs
) -> Generator[CommandRequest, CommandOutcome, "_Clone | Finding"]:
    address = _address(ctx, inputs)
    if isinstance(address, Finding):
        return address
    if not _BRANCH.fullmatch(inputs.branch):
        return ctx.finding(codes.INPUTS_UNUSABLE, f"'{inputs.branch}' is no name of a branch")
    settings = _settings(ctx, inputs, address)
    if isinstance(settings, Finding):
        return settings
    clone = _Clone(ctx, inputs, address, settings)
    failed = yield from clone.fetched()
    if isinstance(failed, Finding):
        return failed
    yield from clone.named()
    return clone


def _address(ctx: StepContext, inputs: GitCommitManifestsInputs) -> str | Finding:
    if inputs.url is not None:
        wrong = _address_problem(inputs.url)
        return ctx.finding(codes.INPUTS_UNUSABLE, wrong) if wrong else inputs.url
    server = ctx.variable("GITEA_URL")
    if isinstance(server, Finding):
        return server
    owner, name = quote(inputs.owner or "", safe=""), quote(inputs.repo_name or "", safe="")
    return f"{server.rstrip('/')}/{owner}/{name}.git"


def _address_problem(url: str) -> str:
    """What is wrong with a repository's address; an empty text where nothing is."""
    if _SCP.fullmatch(url):
        return ""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or any(c.isspace() or not c.isprintable() for c in url):
        return "a repository's address begins with https://, ssh:// or file://"
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        return "the address holds credentials: give them with `tokenFrom`"
    return "the address has no host" if (parts.netloc.rpartition("@")[2]).startswith("-") else ""


def _settings(ctx: StepContext, inputs: GitCommitManifestsInputs, address: str) -> dict[str, str] | Finding:
    """Settings as variables: git asks nothing, runs nothing of the clone, and has credentials for this host alone."""
    settings = {"core.hooksPath": "/dev/null", "core.fsmonitor": "false", "protocol.ext.allow": "never"}
    settings |= {"core.autocrlf": "false", "core.attributesFile": "/dev/null", "commit.gpgSign": "false"}
    settings |= {"gc.auto": "0", "maintenance.auto": "false", "http.followRedirects": "false"}
    if inputs.token_from is not None:
        token = ctx.variable(inputs.token_from)
        user = ctx.variable(inputs.username_from) if inputs.username_from else "git"
        for value in (token, user):
            if isinstance(value, Finding):
                return value
        parts = urlsplit(address)
        if parts.scheme not in {"https", "http"}:
            return ctx.finding(codes.INPUTS_UNUSABLE, "`tokenFrom` is for addresses that begin with https://")
        basic = base64.b64encode(f"{user}:{token}".encode()).decode()
        settings[f"http.{parts.scheme}://{parts.netloc}/.extraHeader"] = f"Authorization: Basic {basic}"
    env = {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_COUNT": str(len(settings)), "GIT_ASKPASS": "true", "LC_ALL": "C"}
    env["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
    for number, (key, value) in enumerate(settings.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return env


class _Clone:
    """A clone of the branch in the attempt's own folder."""

    def __init__(
        self, ctx: StepContext, inputs: GitCommitManifestsInputs, address: str, settings: Mapping[str, str]
    ) -> None:
        self._ctx = ctx
        self._inputs = inputs
        self._address = address
        self._env = dict(settings)
        self._folder = ctx.scratch_dir / "repository"
        self._branch = inputs.branch

    def fetched(self) -> Git:
        """Makes the clone, on the branch; a branch that is new begins at the default one, or with nothing."""
        options = ("--quiet", "--no-tags", "--no-recurse-submodules")
        done = yield from self._git("clone", *options, "--", self._address, str(self._folder), here=False)
        if isinstance(done, Finding):
            return done
        there = yield from self._remote_head()
        if isinstance(there, Finding):
            return there
        if there:
            start = f"refs/remotes/origin/{self._branch}"
            return (yield from self._git("checkout", "--quiet", "--no-track", "-B", self._branch, start))
        if (yield from self._is_empty()):
            return (yield from self._git("symbolic-ref", "HEAD", f"refs/heads/{self._branch}"))
        return (yield from self._git("checkout", "--quiet", "--no-track", "-B", self._branch))

    def _is_empty(self) -> Generator[CommandRequest, CommandOutcome, bool]:
        return not (yield self._command("rev-parse", "--quiet", "--verify", "HEAD")).succeeded

    def named(self) -> Generator[CommandRequest, CommandOutcome, None]:
        """Commits are by whoever git says; where it knows nobody, as on a runner, by this program."""
        known = yield self._command("var", "GIT_COMMITTER_IDENT")
        if not known.succeeded:
            for who in ("AUTHOR", "COMMITTER"):
                self._env |= {f"GIT_{who}_NAME": "innominatus-ctl", f"GIT_{who}_EMAIL": "innominatus-ctl@localhost"}

    def _remote_head(self) -> Git:
        return (yield from self._git("for-each-ref", "--format=%(objectname)", f"refs/remotes/origin/{self._branch}"))

    def written(self, files: Mapping[str, bytes]) -> list[str] | Finding:
        """Puts the files in place and says which changed; with `prune` those that are not among them go."""
        target = self._path(self._folder, self._inputs.target_path)
        if isinstance(target, Finding):
            return target
        changed, kept = [], set()
        for below, data in sorted(files.items()):
            path = self._path(target, below)
            if isinstance(path, Finding):
                return path
            kept.add(path)
            try:
                if path.is_file() and path.read_bytes() == data:
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except OSError as problem:
                return self._ctx.finding(codes.PATH_OUTSIDE, f"'{below}' cannot be written: {problem.strerror}")
            changed.append(path)
        if self._inputs.prune and target.is_dir():
            for path in sorted(target.rglob("*")):
                if path.is_file() and path.resolve() not in kept and ".git" not in path.relative_to(target).parts:
                    path.unlink()
                    changed.append(path)
        return [path.relative_to(self._folder.resolve()).as_posix() for path in changed]

    def _path(self, folder: Path, below: str) -> Path | Finding:
        found = None if ".git" in Path(below).parts else inside(folder, below)
        return found or self._ctx.finding(codes.PATH_OUTSIDE, f"'{below}' leads out of the other repository's folder")

    def delivered(self, files: Mapping[str, bytes]) -> DriverSteps:
        """Commits and pushes; where somebody pushed meanwhile, the same on top of theirs."""
        for _ in range(_TRIES):
            done = yield from self._once(files)
            if done is not None:
                return done if isinstance(done, DriverResult) else DriverResult(failure=done)
        message = f"others pushed to '{self._branch}' before each of {_TRIES} tries"
        return self._ctx.failed(codes.PROGRAM_FAILED, message)

    def _once(
        self, files: Mapping[str, bytes]
    ) -> Generator[CommandRequest, CommandOutcome, DriverResult | Finding | None]:
        """One commit and its push; None where somebody was first, and the clone stands on theirs now."""
        changed = self.written(files)
        if isinstance(changed, Finding):
            return changed
        head = yield from self._committed(self._message()) if changed else self._git("rev-parse", "--verify", "HEAD")
        if isinstance(head, Finding):
            return head
        if not changed:
            return self._result(head, 0, "nothing differs")
        outcome = yield self._command("push", "--quiet", "origin", f"HEAD:refs/heads/{self._branch}")
        if outcome.succeeded:
            return self._result(head, len(changed), f"{counted(len(changed), 'file')} to {self._branch}")
        return self._refused("push", outcome) or (yield from self._on_top())

    def _on_top(self) -> Generator[CommandRequest, CommandOutcome, Finding | None]:
        """The clone as the branch is now; a finding where the push was refused for another reason than its age."""
        before = yield from self._remote_head()
        fetched = yield from self._git("fetch", "--quiet", "--no-tags", "origin")
        after = yield from self._remote_head()
        for wrong in (before, fetched, after):
            if isinstance(wrong, Finding):
                return wrong
        if before == after:
            return self._ctx.finding(codes.PROGRAM_FAILED, f"the push to '{self._branch}' was refused")
        reset = yield from self._git("reset", "--quiet", "--hard", f"{after}")
        return reset if isinstance(reset, Finding) else None

    def reverted(self) -> DriverSteps:
        marks = self._ctx.undone_marks
        log = yield from self._git(
            "log", "--format=%H %(trailers:key=" + _MARK + ",valueonly,separator=%x20)", "-n5000"
        )
        if isinstance(log, Finding):
            return DriverResult(failure=log)
        commits = [commit for commit, _, mark in (line.partition(" ") for line in log.splitlines()) if mark in marks]
        if not commits:
            return DriverResult(message=f"{self._branch} has no commit of the run")
        for commit in commits:
            done = yield from self._git("revert", "--no-edit", "--no-gpg-sign", commit)
            if isinstance(done, Finding):
                message = f"commit {commit[:12]} cannot be reverted: others changed the same files since"
                return self._ctx.failed(FORGE_DIFFERS, message)
        pushed = yield from self._git("push", "--quiet", "origin", f"HEAD:refs/heads/{self._branch}")
        if isinstance(pushed, Finding):
            return DriverResult(failure=pushed)
        return DriverResult(message=f"{counted(len(commits), 'commit')} of {self._branch} reverted")

    def _message(self) -> str:
        ctx = self._ctx
        first = " ".join(self._inputs.commit_message.split()) or f"{ctx.application} in {ctx.environment}: manifests"
        return f"{first}\n\n{_MARK}: {ctx.mark}\n"

    def _committed(self, message: str) -> Git:
        for arguments in (("add", "--all", "--force", "--", "."), ("commit", "--quiet", "--no-verify", "--file=-")):
            stdin = message.encode() if arguments[0] == "commit" else None
            done = yield from self._git(*arguments, stdin=stdin)
            if isinstance(done, Finding):
                return done
        return (yield from self._git("rev-parse", "--verify", "HEAD"))

    def _result(self, commit: str, changed: int, message: str) -> DriverResult:
        outputs = {"commit": commit, "changed": changed, "branch": self._branch}
        return DriverResult(outputs=outputs, public=tuple(outputs), message=message)

    def _git(self, *arguments: str, stdin: bytes | None = None, here: bool = True) -> Git:
        outcome = yield self._command(*arguments, stdin=stdin, here=here)
        if not outcome.succeeded:
            return self._refused(arguments[0], outcome) or self._ctx.program_failed(f"git {arguments[0]}", outcome)
        return outcome.stdout.head.decode("utf-8", "replace").strip()

    def _refused(self, command: str, outcome: CommandOutcome) -> Finding | None:
        """Why the other repository cannot be used, where that is what git says; its words may hold the address."""
        if command not in _TALKING or outcome.ending is not Ending.EXITED:
            return None
        why = next((told for pattern, told in _SAYS if pattern.search(outcome.stderr.head)), None)
        return None if why is None else self._ctx.finding(REMOTE_REFUSES, f"'git {command}': {why}")

    def _command(self, *arguments: str, stdin: bytes | None = None, here: bool = True) -> CommandRequest:
        place = self._folder if here else self._ctx.scratch_dir
        return self._ctx.command("git", *arguments, stdin=stdin, cwd=place, env=self._env)
