"""The example of docs/how-to/render-for-gitops.md, as it stands there but for the address of the other repository."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

FILE = re.compile(r"<!-- file: (?P<path>\S+) -->\n```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^innominatus-ctl (run deploy-app .*)$", re.MULTILINE)
ADDRESS = "https://git.example.com/platform/gitops.git"


@pytest.fixture
def gitops(tmp_path: Path) -> Path:
    """The repository that a controller reads."""
    other, seed = tmp_path / "gitops.git", tmp_path / "seed"
    for words in (("init", "-q", "--bare", "-b", "main", str(other)), ("init", "-q", "-b", "main", str(seed))):
        subprocess.run(("git", *words), check=True)
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(("git", *who, "commit", "-q", "--allow-empty", "-m", "start"), cwd=seed, check=True)
    subprocess.run(("git", "push", "-q", str(other), "main"), cwd=seed, check=True)
    return other


def _git(repository: Path, *words: str) -> str:
    done = subprocess.run(("git", "-C", str(repository), *words), check=True, capture_output=True, text=True)
    return done.stdout


def test_the_example_hands_manifests_without_secrets_over_and_a_second_run_changes_nothing(
    workshop: Any, gitops: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (root / "docs/how-to/render-for-gitops.md").read_text(encoding="utf-8")
    files = {found["path"]: found["text"] for found in FILE.finditer(page)}
    assert len(files) == 5
    for path, text in files.items():
        workshop.write(path, text.replace(ADDRESS, gitops.as_uri()))
    workshop.commit()
    monkeypatch.setenv("PROVISIONER_KEY", "the same on all machines of the team")
    found = COMMAND.search(page)
    assert found is not None
    told = workshop(*found[1].split())
    assert told.status == 0, told.all

    folder = "apps/shop/staging/deployment/application"
    deployed = _git(gitops, "show", f"main:{folder}/workload/deploy-application.yaml")
    (deployment,) = [one for one in yaml.safe_load_all(deployed) if one and one["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example.com/shop:1.4.2"
    env = {one["name"]: one.get("value") or one["valueFrom"]["secretKeyRef"] for one in container["env"]}
    password = {"name": "queue-shop", "key": "password"}
    assert env == {"MODE": "staging", "QUEUE": "queue-shop", "QUEUE_PASSWORD": password}
    names = _git(gitops, "ls-tree", "-r", "--name-only", "main").split()
    assert f"{folder}/resources/provision-queue.yaml" in names
    assert not [name for name in names if "kind: Secret" in _git(gitops, "show", f"main:{name}")]

    before = _git(gitops, "rev-parse", "main")
    told = workshop(*found[1].split())
    assert told.status == 0, told.all
    assert _git(gitops, "rev-parse", "main") == before
