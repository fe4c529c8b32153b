"""How git is started: one program, one clean environment, nothing that a repository's configuration could run.

Plumbing sees neither the user's nor the system's configuration, no `GIT_*` variable of ours, no hooks, no fsmonitor,
no replaced objects and no remote; `git_dir` and `work_tree` are pinned, so that a repository inside the repository
is never mistaken for it (git(1), SECURITY).
"""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from innominatus_cli.findings.catalogue.ledger import GIT_MISSING
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.system.commands import CommandOutcome, CommandRequest
from innominatus_cli.system.programs import find_program, repository_around, trusted_path

Run = Callable[[CommandRequest], CommandOutcome]

_TIMEOUT_SECONDS: Final = 120
_QUIET: Final = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_ALLOW_PROTOCOL": "",
}
_NO_CONFIGURATION: Final = {"HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_OPERATORS: Final = (
    "HOME",
    "XDG_CONFIG_HOME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CEILING_DIRECTORIES",
    "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)
_SETTINGS: Final = (
    "safe.bareRepository=explicit",
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.pager=cat",
    "core.editor=true",
    "core.askPass=",
    "core.sshCommand=false",
    "core.fsync=all",
    "core.quotePath=false",
    "commit.gpgSign=false",
    "credential.helper=",
    "diff.external=",
    "gc.auto=0",
    "i18n.commitEncoding=UTF-8",
    "maintenance.auto=false",
    "submodule.recurse=false",
)

_OF_ANOTHER_REPOSITORY: Final = re.compile(
    r"GIT_(?:DIR|WORK_TREE|INDEX_FILE|COMMON_DIR|NAMESPACE|PREFIX|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES"
    r"|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|IMPLICIT_WORK_TREE|QUARANTINE_PATH|TEMPLATE_DIR|TRACE.*"
    r"|.*PATHSPECS)$|SSH_ASKPASS$"
)
"""Variables that lead git to other objects than ours (git rev-parse --local-env-vars), print, or ask a person."""
_FETCHING: Final = {
    "GIT_ALLOW_PROTOCOL": "file:https:ssh",
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS_REQUIRE": "never",
}
_OVER_A_NETWORK: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "fetch.bundleURI=",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "transfer.bundleURI=false",
)
"""For every command that speaks with another repository: no hooks, no monitor, no housekeeping, no submodules."""
_FETCHING_SETTINGS: Final = (
    *_OVER_A_NETWORK,
    "advice.detachedHead=false",
    "core.askPass=",
    f"core.attributesFile={os.devnull}",
    "http.followRedirects=initial",
)
_REMOTE: Final = {
    "GCM_INTERACTIVE": "never",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "SSH_ASKPASS_REQUIRE": "never",
}
_REMOTE_SETTINGS: Final = (
    *_OVER_A_NETWORK,
    "push.followTags=false",
    "push.gpgSign=false",
    "push.negotiate=false",
    "push.recurseSubmodules=no",
)
_PARTIAL: Final = "this clone is partial and lacks what is asked for: `git fetch --refetch --no-filter` brings it"
"""Objects are never fetched behind the user's back (GIT_NO_LAZY_FETCH)."""


class GitFailed(Exception):  # noqa: N818 - the name says what happened, as that of CannotContinue
    """A git command that did not succeed. Stays behind the git door and the ledger: findings are made from it."""

    def __init__(self, command: str, exit_code: int | None, message: str) -> None:
        super().__init__(f"git {command}: {message or f'exit status {exit_code}'}")
        self.command = command
        self.exit_code = exit_code
        self.message = message


@dataclass(frozen=True, slots=True)
class GitCommand:
    """Starts git for one repository; `settings` are options before the subcommand."""

    program: str
    cwd: Path
    env: Mapping[str, str] = field(repr=False)
    options: tuple[str, ...]
    run: Run = field(repr=False)
    timeout_seconds: float | None = None
    """How long a command may take; None: two minutes."""

    def outcome(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> CommandOutcome:
        """Runs `git <options> <arguments>` to its end; a failure is a value."""
        request = CommandRequest(
            argv=(self.program, *self.options, *arguments),
            cwd=self.cwd,
            env={**self.env, **(env or {})},
            timeout_seconds=self.timeout_seconds or _TIMEOUT_SECONDS,
            stdin=stdin,
        )
        return self.run(request)

    def output(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        allowed: Sequence[int] = (0,),
    ) -> bytes:
        """What the command wrote to stdout. Raises GitFailed where its exit status is none of `allowed`."""
        outcome = self.outcome(*arguments, stdin=stdin, env=env)
        if outcome.exit_code is None or outcome.exit_code not in allowed:
            message = outcome.stderr.head.decode("utf-8", "replace").strip() or outcome.problem
            if "promisor remote" in message:
                message = f"{_PARTIAL} ({message.splitlines()[-1]})"
            raise GitFailed(arguments[0], outcome.exit_code, message)
        if outcome.stdout.truncated:
            raise GitFailed(arguments[0], outcome.exit_code, "more output than we read")
        return outcome.stdout.head

    def text(self, *arguments: str, allowed: Sequence[int] = (0,)) -> str:
        """The output as text, without the newline at its end. Raises GitFailed."""
        return self.output(*arguments, allowed=allowed).decode("utf-8", "surrogateescape").rstrip("\n")


def git_program(cwd: Path) -> str:
    """The absolute path of git, never one inside the repository around `cwd`. Raises CannotContinue without one."""
    found = find_program("git", path=_path(), cwd=cwd, untrusted=repository_around(cwd))
    if found is None:
        raise CannotContinue(Finding(GIT_MISSING, "there is no 'git' on PATH", Place("git")))
    return found


def operators_command(cwd: Path, run: Run, *options: str) -> GitCommand:
    """Git under the operator's own configuration: only for what asks it (discovery, identity)."""
    mine = {name: os.environ[name] for name in _OPERATORS if name in os.environ}
    env = {"PATH": _path(), **_QUIET, **mine}
    return GitCommand(git_program(cwd), cwd, env, _options(*options), run)


def plumbing_command(git_dir: Path, work_tree: Path, run: Run) -> GitCommand:
    """Git for plumbing in one pinned repository, without any configuration but the repository's own."""
    env = {"PATH": _path(), **_QUIET, **_NO_CONFIGURATION}
    options = _options(f"--git-dir={git_dir}", f"--work-tree={work_tree}")
    return GitCommand(git_program(work_tree), work_tree, env, options, run)


def bare_command(git_dir: Path, run: Run) -> GitCommand:
    """The same for a bare repository of ours."""
    env = {"PATH": _path(), **_QUIET, **_NO_CONFIGURATION}
    return GitCommand(git_program(git_dir), git_dir, env, _options(f"--git-dir={git_dir}"), run)


def fetching_command(git_dir: Path, run: Run) -> GitCommand:
    """Git as the operator's own `git fetch` would run, in a bare repository of ours, with what they may read.

    The whole environment is theirs but for what points to another repository or asks a person; only `https`, `ssh` and
    files are fetched from, by no hook, filter or submodule.
    """
    mine = {name: value for name, value in os.environ.items() if not _OF_ANOTHER_REPOSITORY.match(name)}
    env = {**mine, "PATH": _path(), **_QUIET, **_FETCHING}
    settings = [part for setting in _FETCHING_SETTINGS for part in ("-c", setting)]
    options = ("--no-pager", f"--git-dir={git_dir}", *settings)
    return GitCommand(git_program(git_dir), git_dir, env, options, run)


def remote_command(git_dir: Path, work_tree: Path, run: Run, timeout_seconds: float) -> GitCommand:
    """Git as the operator's own `git push` and `git fetch` would run in their repository, for refs that are only ours.

    The environment, the configuration and the credentials are theirs but for what points to another repository or asks
    a person. No hook of this side runs, and no remote helper is started.
    """
    mine = {name: value for name, value in os.environ.items() if not _OF_ANOTHER_REPOSITORY.match(name)}
    env = {**mine, "PATH": _path(), **_QUIET, **_REMOTE}
    env["GIT_ALLOW_PROTOCOL"] = os.environ.get("GIT_ALLOW_PROTOCOL", _REMOTE["GIT_ALLOW_PROTOCOL"])
    settings = [part for setting in _REMOTE_SETTINGS for part in ("-c", setting)]
    options = ("--no-pager", f"--git-dir={git_dir}", f"--work-tree={work_tree}", *settings)
    return GitCommand(git_program(work_tree), work_tree, env, options, run, timeout_seconds)


def _path() -> str:
    return trusted_path(os.environ.get("PATH", os.defpath))


def _options(*options: str) -> tuple[str, ...]:
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return ("--no-pager", "--literal-pathspecs", *options, *settings)
