"""In a sparse checkout no plan leaves out in silence what it would be made from."""

import re
from typing import Any

import pytest

from innominatus_cli.cli.main import run

FILES = {
    "score.yaml": "apiVersion: score.dev/v1b1\nmetadata: {name: shop, product: tea}\n"
    'containers: {web: {image: "registry.example.com/web:1.0"}}\n',
    "admin-config.yaml": "{}\n",
    **{
        f"workflows/products/{product}/fill.yaml": "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
        f"metadata: {{name: fill, product: {product}, description: d, owner: o, phase: pre-deployment}}\n"
        "spec:\n  triggers: [product_deployment]\n"
        '  steps: [{name: look, type: script, config: {script: "true"}}]\n'
        for product in ("tea", "milk")
    },
}


@pytest.mark.parametrize(
    ("patterns", "status", "codes"),
    [
        (["/*"], 0, []),
        (["/*", "!/workflows/products/milk/"], 0, [("warning", "ORC-3050")]),
        (["/*", "!/workflows/products/tea/"], 1, [("error", "ORC-3050")]),
        (["/*", "!/admin-config.yaml"], 1, [("error", "ORC-3050")]),
    ],
)
def test_what_a_plan_is_made_from_must_be_checked_out(
    tree: Any, capfd: pytest.CaptureFixture[str], patterns: list[str], status: int, codes: list[tuple[str, str]]
) -> None:
    tree.commit(FILES)
    tree.git("sparse-checkout", "set", "--no-cone", *patterns)
    assert run(["plan", "score.yaml"]) == status
    assert re.findall(r"(error|warning) (ORC-\d+)", capfd.readouterr().err) == codes


def test_an_index_that_git_cannot_read_is_no_bug_of_ours(tree: Any, capfd: pytest.CaptureFixture[str]) -> None:
    tree.commit(FILES)
    tree.git("sparse-checkout", "set", "--no-cone", "/*")
    (tree.root / ".git" / "index").write_bytes(b"junk")
    assert run(["plan", "score.yaml"]) == 69
    shown = capfd.readouterr().err
    assert "git: error ORC-6004: git ls-files: fatal:" in shown
