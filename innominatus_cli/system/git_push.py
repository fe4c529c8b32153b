"""Pushing, the one place where GitPython works: as the operator's own `git push` would, with a typed answer per ref.

Everything else is plumbing that we start ourselves, because GitPython starts git in the whole inherited environment
and with every configured hook (docs/adr/0008). For a push that is what the operator asked for.
"""

import signal
from logging import CRITICAL, getLogger

from innominatus_cli.findings.catalogue.ledger import PUSH_FAILED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed, operators_command

_SECONDS = 120.0
_PINNED = {"GIT_TERMINAL_PROMPT": "0"}


def push(git: Git, ref: str) -> Finding | None:
    """Pushes a ref to the remote that its branch names (else `origin`), where its name is the same.

    A push refspec of the remote may say another name. A warning where it fails; nothing is ever forced.
    """
    remote, target = destination(git, ref)
    problem = push_to(git, remote, f"{ref}:{target}")
    if not problem:
        return None
    return Finding(PUSH_FAILED, f"'{ref}' was not pushed to '{remote}': {problem}", Place(ref))


def destination(git: Git, ref: str) -> tuple[str, str]:
    """The remote that a ref is pushed to, and what it is called there."""
    command = operators_command(git.root, git.run, f"--git-dir={git.git_dir}")
    form = "--format=%(push:remotename)%00%(push:remoteref)"
    try:
        answer = command.text("for-each-ref", form, "--end-of-options", ref)
    except GitFailed:
        answer = ""
    remote, _, target = answer.partition("\0")
    return remote or "origin", target or ref


def push_to(git: Git, remote: str, refspec: str) -> str:
    """Pushes one refspec to a remote of the clone; why that did not work, empty where it did."""
    from git import GitError, Repo  # noqa: PLC0415 - 80 ms, for those who push

    getLogger("git").setLevel(CRITICAL)
    try:
        with Repo(git.root) as repository:
            repository.git.update_environment(GIT_DIR=str(git.git_dir), GIT_WORK_TREE=str(git.root), **_PINNED)
            if remote not in [known.name for known in repository.remotes]:
                return "there is no such remote"
            answers = repository.remote(remote).push(refspec, kill_after_timeout=_SECONDS)
            refused = [answer.summary.strip() for answer in answers if answer.flags & answer.ERROR]
            if refused:
                return refused[0]
            answers.raise_if_error()
            return "" if answers else "the remote did not answer"
    except (GitError, ValueError, OSError) as problem:
        return _reason(problem)


def _reason(problem: Exception) -> str:
    said, status = str(getattr(problem, "stderr", "")), getattr(problem, "status", None)
    lines = [line.strip() for line in said.replace("stderr:", "").splitlines() if line.strip(" '")]
    if lines:
        return lines[-1].strip("' ")
    if not isinstance(status, int):
        return str(problem) or type(problem).__name__
    return f"git was ended by {signal.Signals(-status).name}" if status < 0 else f"git ended with exit status {status}"
