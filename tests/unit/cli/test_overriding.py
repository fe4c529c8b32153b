"""What `--image` takes: anything else is a usage error, before a file is read."""

from pathlib import Path

import pytest

from innominatus_cli.cli import main
from innominatus_cli.findings.exit_status import ExitStatus

SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers: {web: {image: .}}\n"


@pytest.mark.parametrize("command", [["validate"], ["plan"], ["run", "deploy-app"]], ids=" ".join)
@pytest.mark.parametrize(
    "image",
    [
        "${resources.x}",
        "${resources.database.host}:1",
        "registry.example.com/${metadata.name}:1",
        "registry.example.com/shop:${workflows.ecommerce/image.outputs.tag}",
        "${workflows.ecommerce/image.outputs.image}${resources.x}",
        "${workflows",
        "${}",
    ],
)
def test_an_image_holds_no_placeholder_that_nothing_resolves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str], image: str
) -> None:
    (tmp_path / "score.yaml").write_text(SCORE)
    monkeypatch.chdir(tmp_path)
    assert main.run([*command, "score.yaml", "--image", f"web={image}"]) == ExitStatus.USAGE
    told = " ".join(capsys.readouterr().err.split())
    assert f"'web={image}': the only placeholder of an image is one that it begins with" in told


@pytest.mark.parametrize("image", ["registry.example.com/shop:1", "${workflows.ecommerce/image.outputs.image}"])
def test_an_image_and_what_a_workflow_builds_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    (tmp_path / "score.yaml").write_text(SCORE)
    monkeypatch.chdir(tmp_path)
    assert main.run(["validate", "score.yaml", "--image", f"web={image}"]) == ExitStatus.OK
