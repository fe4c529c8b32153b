from pathlib import Path

from innominatus_cli.reports.new_repository import new_repository_text

NEXT = (
    "  git add . && git commit -m 'A workflow repository'\n  innominatus-ctl validate\n"
    "  innominatus-ctl run deploy-app apps/web/score.yaml --env development\n"
)


def test_a_folder_that_is_a_repository_needs_no_way_there() -> None:
    text = new_repository_text(Path(), "web", [Path("a"), Path("b")], has_git=True)
    assert text == f"Wrote 2 files:\n  a\n  b\n\nNext:\n{NEXT}"


def test_the_way_into_a_new_folder_can_be_pasted() -> None:
    text = new_repository_text(Path("my shop"), "web", [Path("a")], has_git=False)
    assert text.endswith(f"Next:\n  cd 'my shop'\n  git init\n{NEXT}")
