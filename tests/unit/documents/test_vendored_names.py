"""Where `@<source>/<path>` leads, and where it never leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.vendored_names import is_vendored, named_files, vendored_path


def test_a_name_is_the_path_below_the_folder_of_its_source() -> None:
    assert vendored_path("@shared/a/b.yaml") == ".innominatus/vendor/shared/a/b.yaml"
    assert vendored_path("@shared/./a//b.yaml") == ".innominatus/vendor/shared/a/b.yaml"


@pytest.mark.parametrize(
    "written",
    ["@", "@shared", "@shared/", "@/a/b", "@./a/b", "@../a/b", "@a/../b/c", "@a/..", "@a\\b/c", "@~/a/b", "@a/\0"],
)
def test_what_names_no_file_of_a_source_leads_nowhere(written: str) -> None:
    assert vendored_path(written) is None
    assert named_files(written, "workflows/golden-paths/x.yaml") == ()


@given(st.text(alphabet="@./ab\\~", max_size=12))
def test_no_name_leaves_the_folder_of_its_source(rest: str) -> None:
    path = vendored_path(f"@{rest}")
    assert path is None or (is_vendored(path) and ".." not in path.split("/") and path.count("/") >= 3)


@given(st.text(alphabet="@./ab", max_size=12))
def test_no_file_that_may_be_meant_is_outside_of_the_repository(written: str) -> None:
    for path in named_files(written, "workflows/golden-paths/x.yaml"):
        assert path.split("/")[0] not in {"", ".."}


def test_other_names_are_looked_for_beside_the_file_and_then_from_the_root() -> None:
    assert named_files("parts/a.yaml", "workflows/x.yaml") == ("workflows/parts/a.yaml", "parts/a.yaml")
    assert named_files("../a.yaml", "workflows/x.yaml") == ("a.yaml",)
    assert named_files("../../a.yaml", "workflows/x.yaml") == ()
