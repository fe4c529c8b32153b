"""Bare repositories as remotes, and clones of them."""

import os
import subprocess
from pathlib import Path

from innominatus_cli.system.git import Git

NOBODY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@b.c",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@b.c",
}


def sh(folder: Path, *argv: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(argv, cwd=folder, capture_output=True, check=True, env={**os.environ, **NOBODY})
    return done.stdout.decode().strip()


def new_bare(folder: Path) -> Path:
    """An empty bare repository in a folder."""
    sh(folder, "git", "init", "-q", "--bare", "-b", "main", "remote.git")
    return folder / "remote.git"


def clone_of(bare: Path, name: str, address: str = "") -> Git:
    """A repository beside `bare` with one commit of its own, whose `origin` is `bare` or another address."""
    folder = bare.parent / name
    sh(bare.parent, "git", "init", "-q", name)
    sh(folder, "git", "remote", "add", "origin", address or f"file://{bare}")
    sh(folder, "git", "commit", "-q", "--allow-empty", "-m", "start")
    git = Git.open(folder)
    assert git is not None
    return git
