"""The mutation score of what runs rest on: how many small changes of its code the tests notice.

A mutant is one change: a comparison, a condition, an operator, a number or a returned value is another one, or a
statement is not there. It is killed when a test of its module that comes by its line fails, or does not end. What
survives is printed; a line that no test comes by is one of those. At the end a table, and status 1 where a module
is below the bound.

    python tests/mutation/mutate.py [MODULE ...] [--sample N] [--seed 1] [--jobs 2]
"""

import argparse
import ast
import copy
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.mutation.killers import covering_tests, killed_in, make_tree  # noqa: E402 - the path comes first

_EXECUTION = ("tests/unit/execution", "tests/integration/execution")
_LOCKS = ("tests/integration/operations/test_remote_locks.py",)
_LEDGER = ("tests/unit/ledger", "tests/integration/ledger")
_RACE = "tests/integration/ledger/test_record_commits.py::test_writers_without_a_common_lock_lose_no_record_either"
_COMMITS = (
    "tests/integration/ledger/test_record_commits.py",
    "tests/integration/ledger/test_action_records.py",
    f"--deselect={_RACE}",  # measured on a busy machine, a writer gives up before it has won
)
TESTS = {
    "execution/journal.py": ("tests/unit/execution/test_journal.py",),
    "execution/decide.py": ("tests/unit/execution/test_decide.py", "tests/unit/execution/test_loops_and_calls.py"),
    "execution/state.py": _EXECUTION,
    "execution/past.py": ("tests/unit/execution/test_past.py",),
    "execution/replay.py": ("tests/unit/execution/test_past.py", "tests/integration/execution/test_replay.py"),
    "execution/reuse.py": ("tests/unit/execution/test_past.py", "tests/integration/execution/test_going_on.py"),
    "execution/probing.py": ("tests/unit/execution/test_probing.py", "tests/integration/execution/test_going_on.py"),
    "execution/run_journal.py": ("tests/integration/execution/test_run_journal.py",),
    "execution/needed_again.py": ("tests/unit/execution/test_needed_again.py",),
    "execution/redaction.py": ("tests/unit/execution/test_redaction.py",),
    "execution/secret_forms.py": ("tests/unit/execution/test_redaction.py", "tests/unit/execution/test_secrecy.py"),
    "system/locks.py": ("tests/integration/test_locks.py",),
    "operations/locking.py": _LOCKS,
    "operations/held_locks.py": ("tests/integration/operations/test_held_locks.py",),
    "operations/remote_locks.py": _LOCKS,
    "ledger/records.py": ("tests/unit/ledger",),
    "ledger/chain.py": ("tests/unit/ledger/test_chain.py",),
    "ledger/seen_heads.py": ("tests/unit/ledger/test_statements.py",),
    "ledger/proofs.py": ("tests/unit/ledger/test_statements.py", "tests/integration/ledger/test_verification.py"),
    "ledger/anchoring.py": ("tests/integration/ledger/test_verification.py",),
    "ledger/earlier_commits.py": (
        "tests/integration/ledger/test_earlier_commits.py",
        "tests/integration/ledger/test_verification.py",
    ),
    "ledger/heads.py": ("tests/unit/ledger/test_statements.py", "tests/integration/ledger/test_verification.py"),
    "ledger/verifying.py": ("tests/integration/ledger/test_verification.py",),
    "operations/verifying.py": ("tests/integration/ledger/test_verification.py",),
    "ledger/writing.py": _COMMITS,
    "ledger/lookups.py": ("tests/integration/ledger/test_lookups.py",),
    "ledger/reading.py": (
        "tests/integration/ledger/test_record_reader.py",
        "tests/integration/ledger/test_lookups.py",
    ),
    "ledger/working_tree.py": ("tests/integration/ledger/test_working_tree_store.py", *_COMMITS),
    "ledger/branch_store.py": ("tests/integration/ledger/test_branch_store.py",),
    "ledger/ledger_branch.py": ("tests/integration/ledger/test_branch_store.py",),
    "ledger/store.py": _LEDGER,
    "system/sshsig.py": ("tests/integration/system/test_ssh_signatures.py",),
}
"""By module, below the package: the tests that must notice."""
BOUND = 0.85
PACKAGE = "innominatus_cli"
MEMORY = Path("/dev/shm")
PATIENCE = 3.0
LEAST_SECONDS = 30.0

_SWAPPED = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.And: ast.Or, ast.Or: ast.And,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module's text with one change, and where it is."""

    line: int
    what: str
    text: str


class _Change(ast.NodeTransformer):
    """Makes the change of one number; `what` says which it was, empty where there is no such number."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.line = 0
        self.what = ""

    def _is_it(self, node: ast.AST, what: str) -> bool:
        self._left -= 1
        if self._left == -1:
            self.line, self.what = getattr(node, "lineno", 0), what
            return True
        return False

    def visit(self, node: ast.AST) -> ast.AST:
        """Annotations and docstrings are no behaviour."""
        if isinstance(node, ast.AnnAssign):
            if node.value is not None:
                node.value = self.visit(node.value)  # type: ignore[assignment]
            return node
        if isinstance(node, ast.arguments):
            node.defaults = [self.visit(one) for one in node.defaults]  # type: ignore[misc]
            return node
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return node
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        if isinstance(node, ast.ClassDef):  # frozen or not, with slots or without: the same to whoever changes nothing
            node.body = [self.visit(one) for one in node.body]  # type: ignore[misc]
            return node
        changed = self._changed(node)
        return changed if changed is not None else self.generic_visit(node)

    def _changed(self, node: ast.AST) -> ast.AST | None:
        match node:
            case ast.Compare(ops=[one]) if type(one) in _SWAPPED and self._is_it(node, "comparison"):
                node.ops = [_SWAPPED[type(one)]()]  # type: ignore[list-item]
            case ast.BinOp() | ast.BoolOp() | ast.AugAssign() if type(node.op) in _SWAPPED and self._is_it(
                node, "operator"
            ):
                node.op = _SWAPPED[type(node.op)]()  # type: ignore[assignment]
            case ast.If() | ast.IfExp() | ast.While() if self._is_it(node, "condition"):
                node.test = ast.UnaryOp(ast.Not(), node.test)
            case ast.Constant(value=bool()) if self._is_it(node, "truth"):
                return ast.copy_location(ast.Constant(not node.value), node)
            case ast.Constant(value=int() as value) if not isinstance(value, bool) and self._is_it(node, "number"):
                return ast.copy_location(ast.Constant(value + 1), node)
            case ast.Return(value=ast.expr() as value) if not _is_truth(value) and self._is_it(node, "returned value"):
                return ast.copy_location(ast.Return(ast.Constant(_instead_of(value))), node)
            case ast.Expr(value=ast.Call()) if self._is_it(node, "statement"):
                return ast.copy_location(ast.Pass(), node)
            case _:
                return None
        return node


def _is_truth(value: ast.expr) -> bool:
    """A truth becomes the other one; None in the place of False is no change."""
    return isinstance(value, ast.Constant) and isinstance(value.value, bool)


def _instead_of(returned: ast.expr) -> str | int | None:
    """Another value, so that what is nothing becomes something and what is something nothing."""
    match returned:
        case ast.Constant(value=None):
            return 1
        case ast.Constant(value=""):
            return "changed"
        case _:
            return None


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module's text."""
    tree = ast.parse(source)
    number = 0
    while True:
        change = _Change(number)
        mutated = ast.fix_missing_locations(change.visit(copy.deepcopy(tree)))
        if not change.what:
            return
        yield Mutant(change.line, change.what, ast.unparse(mutated))
        number += 1


class Score(NamedTuple):
    """How many mutants a module has, how many of them were tried, and how many of those were killed."""

    module: str
    mutants: int
    tried: int
    killed: int

    @property
    def share(self) -> float:
        """The killed ones of those that were tried; all where there was none to kill."""
        return self.killed / self.tried if self.tried else 1.0


def score(module: str, tests: Sequence[str], sample: int, seed: int, jobs: int) -> Score:
    """Tries mutants of a module, all or a random sample, and prints those that survive."""
    found = list(mutants((ROOT / PACKAGE / module).read_text(encoding="utf-8")))
    chosen = found if not sample or sample >= len(found) else random.Random(seed).sample(found, sample)
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        trees = [make_tree(Path(folder) / str(number)) for number in range(jobs)]
        began = time.monotonic()
        covering = covering_tests(trees[0], module, tests)
        if covering is None:
            print(f"{module}: its tests fail without any change")
            return Score(module, len(found), len(chosen), 0)
        patience = max(LEAST_SECONDS, PATIENCE * (time.monotonic() - began))
        with ThreadPoolExecutor(jobs) as pool:
            shares = [
                pool.submit(killed_in, tree, module, tests, covering, chosen[number::jobs], patience)
                for number, tree in enumerate(trees)
            ]
            outcomes = {number: share.result() for number, share in enumerate(shares)}
    survivors = [one for number, one in enumerate(chosen) if not outcomes[number % jobs][number // jobs]]
    for mutant in sorted(survivors, key=lambda one: one.line):
        print(f"  survived: {PACKAGE}/{module}:{mutant.line} ({mutant.what})", flush=True)
    return Score(module, len(found), len(chosen), len(chosen) - len(survivors))


def table(scores: Sequence[Score]) -> str:
    """The scores by module and of all together, in Markdown."""
    total = Score("together", *map(sum, zip(*(one[1:] for one in scores), strict=True)))
    rows = [
        (one.module, f"{one.tried} of {one.mutants}", str(one.killed), f"{one.share:.1%}") for one in (*scores, total)
    ]
    return "\n".join(
        f"| {' | '.join(row)} |" for row in [("module", "mutants", "killed", "score"), ("---",) * 4, *rows]
    )


def below_bound(scores: Sequence[Score]) -> list[str]:
    """The modules that the tests hold too loosely."""
    return [one.module for one in scores if one.share < BOUND]


def main(modules: Sequence[str], sample: int, seed: int, jobs: int) -> int:
    """Prints survivors as they are found and one table at the end; 1 where a module is below the bound."""
    scores = []
    for module in modules or TESTS:
        print(f"{module} …", flush=True)
        scores.append(score(module, TESTS[module], sample, seed, jobs))
    print(table(scores))
    loose = below_bound(scores)
    print(f"below the bound of {BOUND:.0%}: {', '.join(loose) or 'none'}")
    return 1 if loose else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--sample", type=int, default=0, help="so many mutants a module; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if unknown := [name for name in given.modules if name not in TESTS]:
        parser.error(f"{', '.join(unknown)}: none of {', '.join(TESTS)}")
    sys.exit(main(given.modules, given.sample, given.seed, given.jobs))
