"""Repositories that mean harm, each made by a function: what git cannot keep, and git's own files.

Whatever runs inside of one by mistake leaves the file `OWNED` beside the repository.
"""

import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

SCORE = "apiVersion: score.dev/v1b1\nmetadata:\n  name: shop\ncontainers:\n  web:\n    image: nginx:1.27\n"
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata:
  name: scan
  description: Looks at everything
  owner: platform-team
  phase: pre-deployment
spec:
  triggers: [all_deployments]
  timeout: 1m
  steps:
    - name: scan
      type: script
      config:
        script: echo scan
"""
Maker = Callable[[Path], None]
MAKERS: dict[str, Maker] = {}


def hostile(make: Maker) -> Maker:
    """Adds a maker to the list, under its own name."""
    MAKERS[make.__name__.replace("_", "-")] = make
    return make


def git(folder: Path, *arguments: str) -> None:
    """Runs git in a folder, which must succeed."""
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def harmless(folder: Path) -> None:
    """A small repository with one commit, before somebody changes it."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Me")
    git(folder, "config", "user.email", "me@example.org")
    write(folder / "score.yaml", SCORE)
    write(folder / "admin-config.yaml", "limits:\n  maxParallel: 2\n")
    write(folder / "workflows/platform/scan.yaml", WORKFLOW)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "start")


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """Writes a file, with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def trap(folder: Path, name: str = "trap.sh") -> Path:
    """A program that leaves the mark."""
    path = folder / name
    write(path, f'#!/bin/sh\ntouch "{folder.parent}/OWNED"\nexit 0\n', 0o755)
    return path


@hostile
def nothing_wrong(folder: Path) -> None:
    """The same repository without harm, so that the others' verdicts mean something."""
    harmless(folder)


@hostile
def configured_fsmonitor(folder: Path) -> None:
    harmless(folder)
    git(folder, "config", "core.fsmonitor", str(trap(folder / ".git")))


@hostile
def configured_hooks_path(folder: Path) -> None:
    harmless(folder)
    for name in ("pre-commit", "post-checkout", "reference-transaction", "post-index-change", "post-commit"):
        trap(folder / "hooks", name)
    git(folder, "config", "core.hooksPath", "hooks")


@hostile
def hooks_in_the_git_folder(folder: Path) -> None:
    harmless(folder)
    for name in ("pre-commit", "post-checkout", "reference-transaction", "post-index-change", "prepare-commit-msg"):
        trap(folder / ".git/hooks", name)


@hostile
def configured_filters(folder: Path) -> None:
    harmless(folder)
    write(folder / ".gitattributes", "* filter=evil diff=evil merge=evil\n")
    program = str(trap(folder / ".git"))
    for key in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
                "diff.evil.command", "merge.evil.driver"):  # fmt: skip
        git(folder, "config", key, program)
    write(folder / "score.yaml", SCORE + "# changed\n")


@hostile
def configured_programs(folder: Path) -> None:
    harmless(folder)
    program = str(trap(folder / ".git"))
    for key in ("core.pager", "core.editor", "core.sshCommand", "core.askPass", "diff.external", "credential.helper",
                "gpg.program", "sequence.editor", "alias.status", "uploadpack.packObjectsHook"):  # fmt: skip
        git(folder, "config", key, program)
    git(folder, "config", "commit.gpgSign", "true")
    git(folder, "config", "log.showSignature", "true")


@hostile
def configured_include(folder: Path) -> None:
    harmless(folder)
    program = trap(folder / ".git")
    write(folder / "evil.config", f"[core]\n\tfsmonitor = {program}\n\tpager = {program}\n")
    git(folder, "config", "include.path", "../evil.config")


@hostile
def configured_worktree_elsewhere(folder: Path) -> None:
    harmless(folder)
    git(folder, "config", "core.worktree", "/etc")


@hostile
def configured_nonsense(folder: Path) -> None:
    harmless(folder)
    write(folder / ".git/config", "[core\n\tnot a config")


@hostile
def configured_future_format(folder: Path) -> None:
    harmless(folder)
    git(folder, "config", "core.repositoryFormatVersion", "99")


@hostile
def git_file_that_points_elsewhere(folder: Path) -> None:
    harmless(folder)
    (folder / ".git").rename(folder / "not-git")
    write(folder / ".git", "gitdir: /etc\n")


@hostile
def git_file_that_is_a_pipe(folder: Path) -> None:
    harmless(folder)
    (folder / ".git").rename(folder / "not-git")
    os.mkfifo(folder / ".git")


@hostile
def git_file_that_is_huge(folder: Path) -> None:
    harmless(folder)
    (folder / ".git").rename(folder / "not-git")
    write(folder / ".git", "gitdir: " + "a/" * 200_000)


@hostile
def git_folder_that_is_empty(folder: Path) -> None:
    harmless(folder)
    (folder / ".git").rename(folder / "not-git")
    (folder / ".git").mkdir()


@hostile
def git_link_that_leaves(folder: Path) -> None:
    harmless(folder)
    (folder / ".git").rename(folder.parent / "elsewhere.git")
    (folder / ".git").symlink_to("../elsewhere.git")


@hostile
def head_that_leaves(folder: Path) -> None:
    harmless(folder)
    write(folder / ".git/HEAD", "ref: refs/heads/../../../../etc/passwd\n")


@hostile
def head_that_is_garbage(folder: Path) -> None:
    harmless(folder)
    (folder / ".git/HEAD").write_bytes(bytes(range(256)))


@hostile
def damaged_index(folder: Path) -> None:
    harmless(folder)
    (folder / ".git/index").write_bytes(b"DIRC" + bytes(2000))


@hostile
def damaged_objects(folder: Path) -> None:
    harmless(folder)
    for path in (folder / ".git/objects").rglob("*"):
        if path.is_file():
            path.chmod(0o644)
            path.write_bytes(b"x")


@hostile
def alternate_objects_elsewhere(folder: Path) -> None:
    harmless(folder)
    write(folder / ".git/objects/info/alternates", "/dev\n/etc\n../../../..\n")


@hostile
def embedded_bare_repository(folder: Path) -> None:
    """The tree holds what git takes for a repository, with a program that git would run inside of it."""
    harmless(folder)
    bare = folder / "workflows/platform/nested"
    for name in ("objects/pack", "refs/heads"):
        (bare / name).mkdir(parents=True)
    write(bare / "HEAD", "ref: refs/heads/main\n")
    write(bare / "config", f"[core]\n\tbare = true\n\tfsmonitor = {trap(bare)}\n")
    write(bare / "hooks/post-checkout", "#!/bin/sh\n", 0o755)


@hostile
def embedded_repository(folder: Path) -> None:
    harmless(folder)
    harmless(folder / "workflows/platform/nested")
    git(folder / "workflows/platform/nested", "config", "core.fsmonitor", str(trap(folder / "workflows")))


@hostile
def submodule_with_a_program(folder: Path) -> None:
    harmless(folder)
    write(
        folder / ".gitmodules",
        '[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% OWNED\n\tupdate = !touch OWNED\n',
    )


@hostile
def pipe_for_a_workflow(folder: Path) -> None:
    harmless(folder)
    os.mkfifo(folder / "workflows/platform/pipe.yaml")


@hostile
def pipe_for_the_admin_config(folder: Path) -> None:
    harmless(folder)
    (folder / "admin-config.yaml").unlink()
    os.mkfifo(folder / "admin-config.yaml")


@hostile
def pipe_for_the_score_file(folder: Path) -> None:
    harmless(folder)
    (folder / "score.yaml").unlink()
    os.mkfifo(folder / "score.yaml")


@hostile
def socket_for_a_workflow(folder: Path) -> None:
    harmless(folder)
    before = Path.cwd()
    os.chdir(folder / "workflows/platform")  # the path of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("listening.yaml")
    finally:
        os.chdir(before)


@hostile
def device_link_for_a_workflow(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/zero.yaml").symlink_to("/dev/zero")


@hostile
def terminal_link_for_the_score_file(folder: Path) -> None:
    harmless(folder)
    (folder / "score.yaml").unlink()
    (folder / "score.yaml").symlink_to("/dev/stdin")


@hostile
def process_link_for_a_workflow(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/self.yaml").symlink_to("/proc/self/environ")


@hostile
def link_out_of_the_repository(folder: Path) -> None:
    harmless(folder)
    write(folder.parent / "outside.yaml", WORKFLOW)
    (folder / "workflows/platform/outside.yaml").symlink_to("../../../outside.yaml")


@hostile
def folder_link_out_of_the_repository(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/products").symlink_to("/etc")


@hostile
def link_to_a_secret(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/passwd.yaml").symlink_to("/etc/passwd")


@hostile
def links_in_a_circle(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/a.yaml").symlink_to("b.yaml")
    (folder / "workflows/platform/b.yaml").symlink_to("a.yaml")


@hostile
def folder_that_holds_itself(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/again").symlink_to("..")
    (folder / "apps").mkdir()
    (folder / "apps/again").symlink_to("../apps")


@hostile
def links_that_double(folder: Path) -> None:
    """Followed blindly, thirty folders are a billion."""
    harmless(folder)
    for number in range(30):
        level = folder / f"apps/level{number}"
        level.mkdir(parents=True)
        (level / "left").symlink_to(f"../level{number + 1}")
        (level / "right").symlink_to(f"../level{number + 1}")
    (folder / "apps/level30").mkdir()
    write(folder / "apps/level30/score.yaml", SCORE.replace("shop", "deep"))


@hostile
def folder_with_the_name_of_a_file(folder: Path) -> None:
    harmless(folder)
    (folder / "workflows/platform/folder.yaml").mkdir()
    (folder / "score.yaml").unlink()
    (folder / "score.yaml").mkdir()


@hostile
def deep_folders(folder: Path) -> None:
    harmless(folder)
    path = folder
    for _ in range(90):
        path /= "deep-folder-of-many"
    path.mkdir(parents=True)


@hostile
def many_files(folder: Path) -> None:
    harmless(folder)
    for number in range(1500):
        write(folder / f"apps/a{number:04}/readme.yaml", "a: 1\n")


@hostile
def names_that_look_like_options(folder: Path) -> None:
    harmless(folder)
    for name in ("-rf.yaml", "--help.yaml", "--output=evil.yaml", "@file.yaml"):
        write(folder / "workflows/platform" / name, WORKFLOW)


@hostile
def names_that_control_a_terminal(folder: Path) -> None:
    harmless(folder)
    for name in ("\x1b]0;owned\x07.yaml", "\x1b[2J.yaml", "new\nline.yaml", "carriage\rreturn.yaml", "bell\a.yaml"):
        write(folder / "workflows/platform" / name, "a: [\n")


@hostile
def names_that_command_a_runner(folder: Path) -> None:
    harmless(folder)
    for name in (
        "::error::owned.yaml",
        "a\n::set-env name=PATH::evil.yaml",
        "##[command]owned.yaml",
        "a%0A::error::b.yaml",
    ):
        write(folder / "workflows/platform" / name, "a: [\n")


@hostile
def names_that_are_no_text(folder: Path) -> None:
    harmless(folder)
    for name in (b"latin-\xe9.yaml", b"\xff\xfe.yaml", b"half-\xc3.yaml"):
        with open(os.fsencode(folder / "workflows/platform") + b"/" + name, "wb") as file:  # noqa: PTH123 - bytes
            file.write(WORKFLOW.encode())


@hostile
def names_that_are_equal_elsewhere(folder: Path) -> None:
    harmless(folder)
    for name in ("Scan.yaml", "SCAN.yaml", "caf\u00e9.yaml", "cafe\u0301.yaml"):
        write(folder / "workflows/platform" / name, WORKFLOW)


@hostile
def names_that_hide(folder: Path) -> None:
    harmless(folder)
    for name in ("scan\u202elmay.yaml", "sc\u200ban.yaml", "con.yaml", "scan.yaml ", "scan.yaml."):
        write(folder / "workflows/platform" / name, WORKFLOW)


@hostile
def products_that_leave(folder: Path) -> None:
    harmless(folder)
    product = WORKFLOW.replace("PlatformWorkflow", "ProductWorkflow").replace("owner:", "product: ..\n  owner:")
    write(folder / "workflows/products/..dots/scan.yaml", product)
    write(folder / "score.yaml", SCORE.replace("name: shop", "name: shop\n  product: ../../../../etc"))


@hostile
def workflows_root_outside(folder: Path) -> None:
    harmless(folder)
    write(folder / "admin-config.yaml", "workflowPolicies:\n  workflowsRoot: ../../../../etc\n")


@hostile
def workflows_root_link(folder: Path) -> None:
    harmless(folder)
    write(folder / "admin-config.yaml", "workflowPolicies:\n  workflowsRoot: flows\n")
    (folder / "flows").symlink_to("/etc")


@hostile
def providers_outside(folder: Path) -> None:
    harmless(folder)
    write(folder / "admin-config.yaml", "providers:\n  - {name: x, path: ../../../etc, enabled: true}\n")


@hostile
def programs_in_the_folder(folder: Path) -> None:
    """What a careless PATH would find here before the system's own."""
    harmless(folder)
    for name in ("git", "kubectl", "sh", "python3", "env", "true"):
        trap(folder, name)


@hostile
def modules_in_the_folder(folder: Path) -> None:
    """What a careless interpreter would import."""
    harmless(folder)
    mark = f'open("{folder.parent}/OWNED", "w").close()\n'
    for name in ("yaml.py", "click.py", "re.py", "sitecustomize.py", "usercustomize.py", "innominatus_cli/__init__.py"):
        write(folder / name, mark)


@hostile
def records_that_lie(folder: Path) -> None:
    harmless(folder)
    write(folder / ".innominatus/runs/shop/development/2026-11/../../../../../evil.json", "{}")
    write(folder / ".innominatus/runs/shop/development/2026-11/01M7XCEJYRF0NDJJ70G0CEW206.json", "[" * 5000)
    os.mkfifo(folder / ".innominatus/runs/shop/development/2026-11/01M7XCEJYRF0NDJJ70G0CEW207.json")
    (folder / ".innominatus/runs/shop/development/2026-11/01M7XCEJYRF0NDJJ70G0CEW208.json").symlink_to("/etc/passwd")


@hostile
def large_file(folder: Path) -> None:
    harmless(folder)
    with (folder / "workflows/platform/large.yaml").open("wb") as file:
        file.truncate(3 << 30)


@hostile
def unreadable_file(folder: Path) -> None:
    harmless(folder)
    write(folder / "workflows/platform/secret.yaml", WORKFLOW, 0o000)
