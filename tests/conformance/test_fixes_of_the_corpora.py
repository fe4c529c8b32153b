"""`--fix` over the original's own files and Score's: clean, with all comments, and nothing but what had to change."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from innominatus_cli.documents.loading import load
from innominatus_cli.documents.meaning import meaning_of
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.fixing import FixedFile
from innominatus_cli.operations.validation import Validation

NOT_OF_SCORE = re.compile(r"'(?:environment|workflows)' at the top is no part of Score")
"""What has no place in Score, and so no fix."""


@pytest.fixture(scope="module")
def repository(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the original's files, committed."""
    folder = tmp_path_factory.mktemp("fixes") / "innominatus"
    shutil.copytree(corpus / "innominatus", folder)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "commit", "--quiet", "--message", "old")
    return folder


@pytest.fixture(scope="module")
def mended(repository: Path) -> Validation:
    return check(CheckRequest((".",), str(repository), fix=True))


@pytest.fixture(scope="module")
def files(mended: Validation) -> tuple[FixedFile, ...]:
    assert mended.fixed is not None
    return mended.fixed.files


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def comments_of(data: bytes) -> Counter[str]:
    """The comments of a file, by what YAML's scanner does not take for a token."""
    text = data.decode("utf-8-sig")
    tokens = list(yaml.scan(text, Loader=yaml.SafeLoader))
    covered: list[tuple[int, int]] = [(token.start_mark.index, token.end_mark.index) for token in tokens]
    gaps, end = [], 0
    for start, stop in covered:
        if start > end:
            gaps.append(text[end:start])
        end = max(end, stop)
    gaps.append(text[end:])
    return Counter(found.rstrip() for gap in gaps for found in re.findall(r"#[^\r\n]*", gap))


def test_no_old_shape_or_spelling_is_left(mended: Validation) -> None:
    left = [
        f"{one.place}: {one.message}"
        for one in mended.findings
        if one.code.number in {"ORC-1050", "ORC-1051", "ORC-1053"}
        or (one.code.number == "ORC-1052" and not NOT_OF_SCORE.match(one.message))
    ]
    assert left == []


def test_many_files_are_mended(files: tuple[FixedFile, ...]) -> None:
    assert len(files) > 30


def test_every_comment_is_still_there(files: tuple[FixedFile, ...]) -> None:
    assert {file.path for file in files if comments_of(file.before) != comments_of(file.after)} == set()


def test_every_document_means_what_it_meant(files: tuple[FixedFile, ...]) -> None:
    changed = {
        file.path
        for file in files
        if all(fix.code.startswith("ORC-105") for fix in file.fixes)
        and meaning_of(load(file.path, file.before).documents) != meaning_of(load(file.path, file.after).documents)
    }
    assert changed == set()


def test_no_file_has_more_errors_than_before(mended: Validation, corpus: Path) -> None:
    def errors(found: Validation) -> Counter[tuple[str, str]]:
        return Counter((one.place.path, one.code.number) for one in found.findings if one.severity == "error")

    assert errors(mended) - errors(check(CheckRequest((".",), str(corpus / "innominatus")))) == Counter()


def test_a_second_run_changes_nothing(mended: Validation, repository: Path) -> None:
    assert mended.fixed is not None
    before = git(repository, "diff")
    again = check(CheckRequest((".",), str(repository), fix=True))
    assert again.fixed is not None
    assert again.fixed.files == ()
    assert git(repository, "diff") == before


def test_nothing_but_indentation_and_what_is_told_has_changed(files: tuple[FixedFile, ...], repository: Path) -> None:
    """Of lines that differ in more than white space there are about as many as there were findings."""
    stat = git(repository, "diff", "--ignore-all-space", "--numstat")
    added = sum(int(line.split("\t")[0]) for line in stat.splitlines())
    assert added <= 1.6 * sum(len(file.fixes) for file in files)


@pytest.mark.parametrize("stem", ["score/valid", "score/invalid"])
def test_score_files_with_deprecated_forms_keep_their_meaning(corpus: Path, tmp_path: Path, stem: str) -> None:
    names = []
    for path in sorted((corpus / stem).glob("*.yaml")):
        found = load(path.name, path.read_bytes()).findings
        if any(one.code.number in {"ORC-1052", "ORC-1053"} for one in found):
            shutil.copy(path, tmp_path)
            names.append(path.name)
    assert names
    before = {name: load(name, (tmp_path / name).read_bytes()) for name in names}
    check(CheckRequest(tuple(names), str(tmp_path), fix=True))
    for name in names:
        after = load(name, (tmp_path / name).read_bytes())
        assert meaning_of(after.documents) == meaning_of(before[name].documents)
        if stem == "score/valid":
            assert [one.message for one in after.findings if one.code.number in {"ORC-1052", "ORC-1053"}] == []
