"""Pushing, the one place where GitPython works: as the operator's own `git push` would, with a typed answer per ref.

Everything else is plumbing that we start ourselves, because GitPython starts git in the whole inherited environment
and with every configured hook (docs/adr/0008). For a push that is what the operator asked for.
"""

from innominatus_cli.findings.catalogue.ledger import PUSH_FAILED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.git import Git

_SECONDS = 120.0
_PINNED = {"GIT_TERMINAL_PROMPT": "0"}


def push(git: Git, ref: str) -> Finding | None:
    """Pushes a ref to where the operator's configuration says (else `origin`, same name); a warning where it fails."""
    remote, target = _destination(git, ref)
    problem = _pushed(git, remote, f"{ref}:{target}")
    if not problem:
        return None
    return Finding(PUSH_FAILED, f"'{ref}' was not pushed to '{remote}': {problem}", Place(ref))


def _destination(git: Git, ref: str) -> tuple[str, str]:
    form = "--format=%(push:remotename)%00%(push:remoteref)"
    answer = git.command.text("for-each-ref", form, "--end-of-options", ref)
    remote, _, target = answer.partition("\0")
    return remote or "origin", target or ref


def _pushed(git: Git, remote: str, refspec: str) -> str:
    from git import GitError, Repo  # noqa: PLC0415 - 80 ms, for those who push

    try:
        with Repo(git.root) as repository:
            repository.git.update_environment(GIT_DIR=str(git.git_dir), GIT_WORK_TREE=str(git.root), **_PINNED)
            if remote not in [known.name for known in repository.remotes]:
                return "there is no such remote"
            answers = repository.remote(remote).push(refspec, kill_after_timeout=_SECONDS)
            answers.raise_if_error()
            return "" if answers else "the remote did not answer"
    except (GitError, ValueError, OSError) as problem:
        return _reason(problem)


def _reason(problem: Exception) -> str:
    said = str(getattr(problem, "stderr", "") or problem)
    lines = [line.strip() for line in said.replace("stderr:", "").splitlines() if line.strip(" '")]
    return lines[-1].strip("' ") if lines else type(problem).__name__
