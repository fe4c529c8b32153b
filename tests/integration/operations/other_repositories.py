"""A repository of a platform team, and one that uses its workflows."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

WHO = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@shop.example",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@shop.example",
}


def workflow(script: str = "true") -> str:
    """A workflow of one step."""
    return (
        "apiVersion: workflow.dev/v1\nkind: Workflow\n"
        "metadata:\n  name: look\n  description: Looks\n  owner: platform\n"
        f"spec:\n  steps:\n    - name: look\n      type: script\n      config:\n        script: '{script}'\n"
    )


SCRIPT = "type: script\n      config:\n        script: 'true'\n"


def calling(written: str) -> str:
    """A workflow of one step, which calls another one."""
    return workflow().replace(SCRIPT, f"type: workflow\n      workflow: '{written}'\n")


class Other:
    """A git repository in a folder."""

    def __init__(self, folder: Path, object_format: str = "sha1") -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main", f"--object-format={object_format}")

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        """stdout of a git command, which must succeed."""
        env = {**os.environ, **WHO}
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=env, input=stdin, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Writes files."""
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    def commit(self, files: Mapping[str, str] | None = None, *removed: str) -> str:
        """Writes and removes files, and commits everything; the commit's id."""
        self.write(files or {})
        for path in removed:
            (self.folder / path).unlink()
        self.git("add", "--all", "--force")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")
        return self.git("rev-parse", "HEAD")

    def commit_tree(self, *entries: tuple[str, str, bytes]) -> str:
        """Commits a tree that no working tree could have: mode, name and bytes of each entry below `workflows`."""
        lines = b""
        for mode, name, data in entries:
            made = self.git("hash-object", "-w", "--stdin", stdin=data) if mode != "160000" else "1" * 40
            lines += f"{mode} {'commit' if mode == '160000' else 'blob'} {made}\t{name}".encode() + b"\0"
        below = self.git("mktree", "-z", "--missing", stdin=lines)
        top = self.git("mktree", stdin=f"040000 tree {below}\tworkflows\n".encode())
        commit = self.git("commit-tree", top, "-m", "A tree")
        self.git("update-ref", "refs/heads/main", commit)
        return commit


def config(repository: str = "../shared", ref: str = "main", path: str = "workflows", name: str = "shared") -> str:
    """admin-config.yaml with one source."""
    return f"workflowSources:\n  - name: {name}\n    repository: '{repository}'\n    ref: '{ref}'\n    path: '{path}'\n"


GOLDEN_PATH = (
    "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata:\n  name: look\n  version: 1.0.0\n  description: Looks\n"
    "spec:\n  operation: task\n  workflow: '@shared/look.yaml'\n"
)


def files_below(folder: Path) -> dict[str, bytes]:
    """Every file of a working tree but those of git, with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
