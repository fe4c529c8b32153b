import pytest

from innominatus_cli.documents.globs import matches


@pytest.mark.parametrize(
    ("path", "glob", "expected"),
    [
        ("score.yaml", "**/score*.yaml", True),
        ("a/b/score-x.yaml", "**/score*.yaml", True),
        ("a/myscore.yaml", "**/score*.yaml", False),
        ("a/score/x.yaml", "**/score*.yaml", False),
        ("apps/x.yaml", "apps/*.yaml", True),
        ("apps/a/x.yaml", "apps/*.yaml", False),
        ("apps/a/x.yaml", "./apps/**", True),
        ("a1.yaml", "a[0-9].yaml", True),
        ("ax.yaml", "a[!0-9].yaml", True),
        ("a/.yaml", "a[!0-9].yaml", False),
        ("ab.yaml", "a?.yaml", True),
        ("a.yamlx", "a.yaml", False),
        ("axyaml", "a.yaml", False),
        ("a.yaml\n", "a.yaml", False),
    ],
)
def test_globs_match_whole_paths(path: str, glob: str, expected: bool) -> None:
    assert matches(path, glob) is expected
