"""How long `ledger verify` takes, against git reading the same objects and walking the same history. Prints ratios.

    python tests/benchmarks/bench_ledger.py [--short]

A repository whose history is the ledger: a commit a record, nine of ten of runs, one of ten of an action. The floor is
git alone: `cat-file` of every record, and `diff-tree` of every commit. Signed is a repository in which every commit is
signed with ssh, and a statement too, verified with `--signatures` by the extra `signatures`. Bounds: 10,000 records in
2 s, in 5 s signed. Seconds are those of the whole command in a process of its own, the best of three; nothing is
asserted.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.generated_ledger import ROOT, fill, sign_history

SIZES, SHORT_SIZES = (1_000, 10_000), (300,)
FOLDERS = (f"{ROOT}/runs", f"{ROOT}/actions")
BOUND_SECONDS, SIGNED_BOUND_SECONDS, BOUND_RECORDS = 2.0, 5.0, 10_000


def best(work: Callable[[], object]) -> float:
    """Wall seconds; the best of three."""
    found = []
    for _ in range(3):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    """What a git command prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, input=given, capture_output=True, check=True)
    return done.stdout


def floor(folder: Path) -> None:
    """What git alone does for the same: every record's bytes, and every commit against its parent."""
    listed = git(folder, "ls-tree", "-r", "HEAD", *FOLDERS).splitlines()
    ids = b"\n".join(line.split()[2] for line in listed) + b"\n"
    git(folder, "cat-file", "--batch", given=ids)
    commits = git(folder, "rev-list", "HEAD")
    git(folder, "diff-tree", "--stdin", "-r", "-m", "--root", "--diff-filter=DMT", "--", *FOLDERS, given=commits)


def command(folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Runs the command; it must find the ledger sound."""
    argv = [sys.executable, "-m", "innominatus_cli", "-C", str(folder), "ledger", *arguments]
    subprocess.run(argv, stdout=subprocess.DEVNULL, check=True, env=environment)


def measured(folder: Path, count: int) -> str:
    """The line of a ledger of so many records."""
    key = folder / ".git" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    signers = folder / ".git" / "signers"
    signers.write_text(f"ada@shop.example {key.with_suffix('.pub').read_text()}")
    environment = {
        **os.environ,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@shop.example",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    base = best(lambda: floor(folder))
    plain = best(lambda: command(folder, environment, "verify"))
    sign_history(folder, key)
    (folder / ".git/innominatus/ledger/seen-heads.json").unlink()
    command(folder, environment, "sign", "--key", str(key))
    trusted = ("--signatures", "--allowed-signers", str(signers))
    signed = best(lambda: command(folder, environment, "verify", *trusted))
    whole = count == BOUND_RECORDS
    of_bound = f"{plain / BOUND_SECONDS:>6.0%}" if whole else f"{'-':>6}"
    of_signed_bound = f"{signed / SIGNED_BOUND_SECONDS:>6.0%}" if whole else f"{'-':>6}"
    return (
        f"{count:>8} {base:>7.2f}s {plain:>7.2f}s {plain / base:>5.1f}x {of_bound}"
        f" {signed:>7.2f}s {signed / base:>5.1f}x {of_signed_bound}"
    )


def main(*, short: bool) -> None:
    """Prints a line a size; the percentages are of the bounds, which are for 10,000 records."""
    print(f"{'records':>8} {'git':>8} {'verify':>8} {'':>6} {'bound':>6} {'signed':>8} {'':>6} {'bound':>6}")
    for count in SHORT_SIZES if short else SIZES:
        with tempfile.TemporaryDirectory() as name:
            fill(Path(name), count)
            print(measured(Path(name), count))


if __name__ == "__main__":
    main(short="--short" in sys.argv)
