"""Manifests of one commit are the same bytes on every machine: another path, locale, hash seed, zone, file order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

WORLDS = (
    {"TZ": "UTC", "LC_ALL": "C", "PYTHONHASHSEED": "0", "LANG": "C"},
    {"TZ": "Pacific/Chatham", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "4242", "PYTHONUTF8": "0"},
)
FILES = {
    "admin-config.yaml": """
        provisionerFiles: [provisioners]
        secrets: {provisioner-key: {store: env, env: SHARED_KEY}}
        environments: {staging: {kubernetes: {namespace: shop}}}
    """,
    "provisioners/10-shop.provisioners.yaml": r"""
        - uri: template://shop/database
          type: postgres
          init: |
            randomUser: user-{{ randAlpha 8 }}
            randomPassword: {{ randAlphaNum 16 | quote }}
          state: |
            service: pg-{{ .SourceWorkload }}-{{ substr 0 8 .Guid | lower }}
            user: {{ dig "user" .Init.randomUser .State | quote }}
            password: {{ dig "password" .Init.randomPassword .State | quote }}
          outputs: |
            host: {{ .State.service }}
            username: {{ .State.user }}
            password: {{ encodeSecretRef .State.service "password" }}
          manifests: |
            - apiVersion: v1
              kind: Secret
              metadata: {name: {{ .State.service }}}
              data: {password: {{ .State.password | b64enc }}}
            - apiVersion: v1
              kind: Service
              metadata: {name: {{ .State.service }}, labels: {user: {{ .State.user }}}}
              spec: {ports: [{port: 5432}]}
        """,
    "apps/score.yaml": """
        apiVersion: score.dev/v1b1
        metadata: {name: shop}
        service: {ports: {web: {port: 80, targetPort: 8080}, admin: {port: 81}, a-third: {port: 82}}}
        containers:
          web:
            image: .
            variables: {Z: "1", a: "${resources.db.host}", I: "1", i: "2", PASSWORD: "${resources.db.password}"}
            files:
              /etc/b: {content: "${metadata.name}"}
              /etc/a: {source: files/motd}
            volumes: {/data: {source: "${resources.data}"}, /cache: {source: "${resources.cache}"}}
          side: {image: "registry.example.com/side:1", before: {web: {ready: started}}}
        resources:
          db: {type: postgres}
          data: {type: volume, params: {size: 5Gi}}
          cache: {type: volume}
          address: {type: route, params: {host: shop.example.org, path: /, port: 80}}
    """,
    "apps/score.overrides.staging.yaml": "containers: {web: {variables: {Z: '2'}}}\n",
    "apps/files/motd": "Grüße, 你好\n",
}


def _machine(folder: Path, names: list[str]) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(FILES[name]).lstrip("\n"), encoding="utf-8")
    settings = (("user.name", "Ada"), ("user.email", f"{folder.name[:1]}@shop.example"))
    subprocess.run(("git", "init", "-q"), cwd=folder, check=True)
    for key, value in settings:
        subprocess.run(("git", "config", key, value), cwd=folder, check=True)
    subprocess.run(("git", "add", "-A"), cwd=folder, check=True)
    subprocess.run(("git", "commit", "-qm", "start"), cwd=folder, check=True)
    return folder


def _rendered(folder: Path, world: dict[str, str]) -> dict[str, bytes]:
    words = ("run", "deploy-app", "apps/score.yaml", "--env", "staging", "--image", "web=registry.example.com/shop:2")
    done = subprocess.run(
        (sys.executable, "-m", "innominatus_cli", *words),
        cwd=folder,
        env={**os.environ, **world, "SHARED_KEY": "the same on every machine of the team"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    root = folder / ".innominatus/manifests"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def machines(tmp_path: Path) -> list[Path]:
    names = list(FILES)
    return [_machine(tmp_path / "a", names), _machine(tmp_path / "b, a longer path" / "shop", names[::-1])]


def test_two_machines_render_the_same_bytes(machines: list[Path]) -> None:
    first, second = (_rendered(folder, world) for folder, world in zip(machines, WORLDS, strict=True))
    assert first == second
    assert {path.rpartition("/")[2] for path in first} == {"deploy-application.yaml", "provision-db.yaml"}
    deployed = next(text for path, text in first.items() if path.endswith("deploy-application.yaml"))
    assert "Grüße, 你好".encode() in deployed
    assert b"secretKeyRef" in deployed


def test_a_second_render_on_the_same_machine_changes_nothing(machines: list[Path]) -> None:
    first = _rendered(machines[0], WORLDS[0])
    shutil.rmtree(machines[0] / ".git" / "innominatus" / "state")
    assert _rendered(machines[0], WORLDS[1]) == first
