"""Ledgers made to hurt whoever reads them: each is told about with its file, quickly, and nothing of it is followed."""

from __future__ import annotations

import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from innominatus_cli.documents.canonical import canonical_json
from innominatus_cli.ledger.batches import LARGEST
from innominatus_cli.ledger.heads import HEADS_REF
from innominatus_cli.ledger.records import record_path
from innominatus_cli.operations.history import history, open_ledger
from innominatus_cli.operations.verifying import VerifyOptions, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from innominatus_cli.documents.run_record import RunRecord
    from tests.integration.ledger.conftest import Repository

    MakeRecord = Callable[..., RunRecord]

RUNS = ".innominatus/runs/shop/staging/2026-11"
RECORD = f"{RUNS}/01JD0000000000000000000001.json"


def add(repository: Repository, path: str, data: bytes, mode: str = "100644") -> None:
    """Commits bytes under a path, past the working tree."""
    stored = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=repository.path, input=data, capture_output=True, check=True
    )
    blob = stored.stdout.decode().strip() if mode != "160000" else "1" * 40
    repository.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    repository.git("commit", "-qm", "x")


def told(repository: Repository, **options: object) -> set[tuple[str, str]]:
    found = verify(open_ledger(repository.path), VerifyOptions(**options)).findings  # type: ignore[arg-type]
    return {(finding.code.number, finding.place.path) for finding in found if finding.code.number != "ORC-6063"}


def test_a_record_larger_than_any_is_never_read(repository: Repository) -> None:
    add(repository, RECORD, bytes(LARGEST + 1))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert told(repository) == {("ORC-6011", RECORD)}
    add(repository, RECORD, bytes(LARGEST + 2))
    assert told(repository) == {("ORC-6011", RECORD), ("ORC-6062", RECORD)}
    ledger = open_ledger(repository.path)
    assert history(ledger).rows == []
    assert [finding.place.path for finding in ledger.store.findings] == [RECORD]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LARGEST // 1024 // 2


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b'{"schema":' + b"9" * 5_000 + b"}",
        b"\xff\xfe{}",
        b"{}" * 100_000,
        b'{"schema":"innominatus.dev/run-record/v1","parents":' + b'["x",' * 10_000,
    ],
)
def test_what_no_reader_survives_is_a_finding(repository: Repository, data: bytes) -> None:
    add(repository, RECORD, data)
    assert told(repository) == {("ORC-6011", RECORD)}


@pytest.mark.parametrize("mode", ["120000", "160000", "100755"])
def test_a_link_a_submodule_and_a_program_are_no_records(repository: Repository, mode: str) -> None:
    add(repository, RECORD, b"/etc/passwd", mode)
    assert told(repository) == {("ORC-6076", RECORD)}


@pytest.mark.parametrize("folder", [".innominatus/runs", ".innominatus/actions", ".innominatus"])
def test_a_link_or_file_in_place_of_a_folder_leads_nowhere(repository: Repository, folder: str, tmp_path: Path) -> None:
    add(repository, folder, str(tmp_path).encode(), "120000")
    assert verify(open_ledger(repository.path)).report.counts.runs == 0


def test_thousands_of_foreign_files_are_each_told(repository: Repository) -> None:
    empty = repository.open().blob_id(b"")
    lines = "".join(f"100644 {empty}\t{RUNS}/note {number}.txt\n" for number in range(3_000))
    subprocess.run(["git", "hash-object", "-w", "--stdin"], cwd=repository.path, input=b"", check=True)
    subprocess.run(["git", "update-index", "--index-info"], cwd=repository.path, input=lines.encode(), check=True)
    repository.git("commit", "-qm", "x")
    assert len(told(repository)) == 3_000


@pytest.mark.parametrize(
    "name", ["a\nb.json", "\x1b[31m.json", "\u202ered.json", "-x.json", "01JD0000000000000000000001.JSON"]
)
def test_names_that_no_record_has_are_told(repository: Repository, name: str) -> None:
    add(repository, f"{RUNS}/{name}", b"{}\n")
    assert told(repository) == {("ORC-6076", f"{RUNS}/{name}")}


def test_what_a_record_names_is_never_taken_for_an_option_or_a_line(
    repository: Repository, make_record: MakeRecord
) -> None:
    record = make_record(
        commit="--upload-pack=touch /tmp/x\nHEAD", plan="--help", parents=["--all", "\n", "sha256:" + "9" * 64] * 300
    )
    path = record_path(".innominatus", record)
    add(repository, path, record.canonical)
    assert told(repository) == {("ORC-6064", path), ("ORC-6067", path), ("ORC-6068", path)}


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_a_ref_of_statements_that_is_no_commit_says_nothing(repository: Repository, kind: str) -> None:
    repository.git("tag", "-a", "-m", "x", "named", "HEAD:README.md")
    name = {"blob": "HEAD:README.md", "tree": "HEAD^{tree}", "tag": "named"}[kind]
    repository.git("update-ref", HEADS_REF, repository.git("rev-parse", name))
    assert told(repository) == set()


def test_a_statement_may_name_anything_and_runs_nothing(repository: Repository) -> None:
    statement = {
        "schema": "innominatus.dev/ledger-heads/v1",
        "branch": "--all",
        "commit": "--output=/tmp/x",
        "tips": [],
        "count": 0,
        "at": "never",
        "by": "-I",
    }
    repository.git("checkout", "-q", "--orphan", "statements")
    repository.git("rm", "-q", "--cached", "README.md")
    add(repository, "--all.json", canonical_json(statement) + b"\n")
    add(repository, "--all.json.sig", b"-----BEGIN SSH SIGNATURE-----\n" + b"A" * 100_000)
    repository.git("update-ref", HEADS_REF, "HEAD")
    repository.git("checkout", "-qf", "main")
    assert told(repository) == set()
    assert told(repository, branch="--all") == {("ORC-6070", f"{HEADS_REF}:--all.json")}
