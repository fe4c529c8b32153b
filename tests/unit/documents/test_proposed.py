"""The working tree as it would be."""

from pathlib import Path

import pytest

from innominatus_cli.documents.proposed import ProposedSnapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> ProposedSnapshot:
    (tmp_path / "workflows/platform").mkdir(parents=True)
    (tmp_path / "workflows/platform/scan.yaml").write_text("old\n")
    return ProposedSnapshot(
        str(tmp_path), {"workflows/platform/scan.yaml": b"new\n", "workflows/products/shop/setup.yaml": b"x\n"}
    )


def test_a_proposed_file_is_there_with_the_folders_above_it(snapshot: ProposedSnapshot) -> None:
    path = "workflows/products/shop/setup.yaml"

    assert snapshot.exists(path)
    assert snapshot.is_file(path)
    assert snapshot.read(path) == b"x\n"
    assert snapshot.is_folder("workflows/products/shop")
    assert snapshot.exists("workflows/products")
    assert not snapshot.is_folder(path)
    assert not snapshot.is_file("workflows/products")


def test_a_proposed_text_stands_for_the_one_on_disk(snapshot: ProposedSnapshot) -> None:
    assert snapshot.read("workflows/platform/scan.yaml") == b"new\n"


def test_lists_have_each_path_once_and_only_those_below_the_folder(snapshot: ProposedSnapshot) -> None:
    assert snapshot.paths("workflows", (".yaml",)) == [
        "workflows/platform/scan.yaml",
        "workflows/products/shop/setup.yaml",
    ]
    assert snapshot.paths("workflows/products") == ["workflows/products/shop/setup.yaml"]
    assert snapshot.paths("workflows/product") == []
    assert snapshot.paths("", (".json",)) == []
