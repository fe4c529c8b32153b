"""`container-build` with real engines and a real registry."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from pydantic import ValidationError

from tests.integration.containers import ContainerEngine, ImageRegistry
from tests.integration.drivers.page_examples import steps

PASSWORD = "correct-horse-battery"  # noqa: S105 - of a key that is made for a test
RUN = "01JD0000000000000000000000"
ACCEPTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def context(repository: Path, busybox: Path) -> Path:
    folder = repository / "image"
    folder.mkdir()
    shutil.copy(busybox, folder / "busybox")
    (folder / "Containerfile").write_text(
        "FROM scratch\nARG VERSION=none\nCOPY busybox /bin/busybox\nLABEL version=$VERSION\n"
        'ENTRYPOINT ["/bin/busybox"]\n'
    )
    return folder


@pytest.fixture(params=["buildah", "docker"])
def engine(request: pytest.FixtureRequest) -> tuple[str, ContainerEngine]:
    name = {"buildah": "buildah", "docker": "docker_engine"}[request.param]
    return request.param, request.getfixturevalue(name)


def build(run_step: Any, engine: tuple[str, ContainerEngine], image: str, part: str | None = None, **more: Any) -> Any:
    builder, found = engine
    step = more.pop("step", {})
    env = {"PATH": f"{found.program.parent}{os.pathsep}{os.environ['PATH']}", **found.environment}
    inputs = {"image": image, "context": "image", "builder": builder, "insecureRegistry": True, **more}
    if builder == "docker":
        inputs["containerfile"] = "image/Containerfile"
    return run_step("container-build", inputs, env=env, part=part, **step)


def fetched(registry: ImageRegistry, path: str) -> tuple[str | None, bytes]:
    """The digest that the registry gives a thing, and its bytes."""
    asked = Request(f"{registry.url}/v2/{path}", headers={"Accept": ACCEPTS})  # noqa: S310 - on loopback
    with urlopen(asked) as reply:  # noqa: S310 - the same
        return reply.headers["Docker-Content-Digest"], reply.read()


@pytest.mark.usefixtures("context")
def test_an_image_is_built_pushed_and_known_by_its_digest(
    run_step: Any, engine: tuple[str, ContainerEngine], image_registry: ImageRegistry
) -> None:
    image = f"{image_registry.address}/shop/{engine[0]}"
    result = build(run_step, engine, image, tags=["1.2.0", "latest"], buildArgs={"VERSION": "1.2.0"}, push=True)
    assert result.failure is None
    assert result.outputs["image"] == f"{image}@{result.outputs['digest']}"
    assert result.tools[0].name == engine[0]
    digest = result.outputs["digest"]
    found = {fetched(image_registry, f"shop/{engine[0]}/manifests/{name}") for name in ("1.2.0", "latest", digest)}
    ((said, manifest),) = found
    assert said == digest
    _, config = fetched(image_registry, f"shop/{engine[0]}/blobs/{json.loads(manifest)['config']['digest']}")
    labels = json.loads(config)["config"]["Labels"]
    assert labels["version"] == "1.2.0"
    assert labels["dev.innominatus.step"].startswith(RUN)


@pytest.mark.usefixtures("context")
def test_a_rollback_takes_the_tags_that_the_run_made_and_no_others(
    run_step: Any, engine: tuple[str, ContainerEngine], repository: Path
) -> None:
    result = build(run_step, engine, "localhost/cart", tags=["1"])
    assert result.failure is None
    assert result.outputs["digest"] == ""
    assert build(run_step, engine, "localhost/cart", "probe", tags=["1"]).outputs == {"done": True}
    undoes = {"step": "deployment/application/-/workload/the-step", "how": "itself", "runs": [RUN]}
    other = {"undoes": {**undoes, "runs": ["01JD0000000000000000000001"]}}
    assert build(run_step, engine, "localhost/cart", "undo", tags=["1"], step=other).message == "0 of 1 tags taken away"
    undone = build(run_step, engine, "localhost/cart", "undo", tags=["1"], step={"undoes": undoes})
    assert (undone.failure, undone.message) == (None, "1 of 1 tags taken away")
    assert "localhost/cart" not in engine[1].run("images", folder=repository)


def test_a_build_that_fails_gives_no_outputs(
    run_step: Any, buildah: ContainerEngine, context: Path, image_registry: ImageRegistry
) -> None:
    engine = ("buildah", buildah)
    (context / "Containerfile").write_text("FROM scratch\nCOPY nothing /nothing\n")
    result = build(run_step, engine, f"{image_registry.address}/shop/broken", push=True)
    assert (result.failure.code.number, result.outputs) == ("ORC-5103", {})
    (context / "Containerfile").unlink()
    assert build(run_step, engine, "localhost/x").failure.code.number == "ORC-5105"


def test_a_push_that_fails_gives_no_outputs(run_step: Any, buildah: ContainerEngine, context: Path) -> None:
    result = build(run_step, ("buildah", buildah), "127.0.0.1:1/shop/x", push=True)
    assert context.is_dir()
    assert (result.failure.code.number, result.outputs) == ("ORC-5103", {})


def fake(folder: Path, name: str, text: str) -> dict[str, str]:
    """A program of that name first on PATH."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("exit 0", "ORC-5102"),
        ("echo docker version 19.03.1", "ORC-5102"),
        ("echo docker version 28.1.0", "ORC-5107"),
        ("kill -9 $$", "ORC-5103"),
    ],
)
def test_an_engine_that_is_old_or_lies_is_not_believed(
    run_step: Any, context: Path, tmp_path: Path, program: str, code: str
) -> None:
    assert context.is_dir()
    inputs = {"image": "localhost/x", "context": "image"}
    result = run_step("container-build", inputs, env=fake(tmp_path / "bin", "docker", program))
    assert (result.failure.code.number, result.outputs) == (code, {})


def test_a_missing_engine_is_named_with_the_way_to_get_it(run_step: Any, context: Path, tmp_path: Path) -> None:
    result = run_step("container-build", {"image": "x", "context": context.name}, env={"PATH": str(tmp_path)})
    assert result.failure.code.number == "ORC-5102"
    assert "docs.docker.com" in result.failure.remedy


def test_credentials_go_by_a_private_file(run_step: Any, context: Path, tmp_path: Path) -> None:
    assert context.is_dir()
    program = (
        'case "$1" in --version) echo Docker version 28.0.0;; build) for a in "$@"; do case "$a" in --iidfile=*)'
        ' echo sha256:1 > "${a#--iidfile=}";; esac; done;;'
        f' push) cp "$DOCKER_CONFIG/config.json" {tmp_path}/seen;'
        f' stat -c %a "$DOCKER_CONFIG/config.json" > {tmp_path}/mode;'
        f' echo "$@" > {tmp_path}/argv; echo digest: sha256:{"a" * 64} size: 1;; esac'
    )
    env = {**fake(tmp_path / "bin", "docker", program), "WHO": "ci", "WORD": "hush-hush"}
    inputs = {
        "image": "r.example.com/x",
        "context": "image",
        "push": True,
        "usernameFrom": "WHO",
        "passwordFrom": "WORD",
    }
    result = run_step("container-build", inputs, env=env)
    assert result.outputs["digest"] == f"sha256:{'a' * 64}"
    assert json.loads((tmp_path / "seen").read_text()) == {"auths": {"r.example.com": {"auth": "Y2k6aHVzaC1odXNo"}}}
    assert (tmp_path / "mode").read_text().strip() == "600"
    assert "hush" not in (tmp_path / "argv").read_text()


@pytest.mark.parametrize("tag", ["-${x}", "a ${b}", "{{ c"])
def test_what_became_no_tag_is_refused_before_anything_runs(
    run_step: Any, context: Path, tmp_path: Path, tag: str
) -> None:
    assert context.is_dir()
    env = fake(tmp_path / "bin", "docker", f'[ "$1" = --version ] && echo 28.0.0 || touch {tmp_path}/ran')
    result = run_step("container-build", {"image": "x", "context": "image", "tags": [tag]}, env=env)
    assert result.failure.code.number == "ORC-5106"
    assert not (tmp_path / "ran").exists()


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str], Path]) -> tuple[str, Path]:
    """A private key with a password, and the file of its public one."""
    folder = tmp_path_factory.mktemp("signing")
    env = {**os.environ, "COSIGN_PASSWORD": PASSWORD, "HOME": str(folder)}
    subprocess.run([tool("cosign"), "generate-key-pair"], cwd=folder, env=env, check=True, capture_output=True)
    return (folder / "cosign.key").read_text(), folder / "cosign.pub"


def signed(run_step: Any, buildah: ContainerEngine, cosign: Path, image: str, key: str, **sign: Any) -> Any:
    env = {
        **buildah.environment,
        "PATH": f"{cosign.parent}{os.pathsep}{buildah.program.parent}{os.pathsep}{os.environ['PATH']}",
        "SIGNING_KEY": key,
        "SIGNING_PASSWORD": PASSWORD,
    }
    inputs = {"image": image, "context": "image", "builder": "buildah", "insecureRegistry": True, "push": True}
    how = {"keyFrom": "SIGNING_KEY", "passwordFrom": "SIGNING_PASSWORD", **sign}
    return run_step("container-build", {**inputs, "sign": how}, env=env)


@pytest.mark.usefixtures("context")
def test_a_pushed_image_is_signed_and_the_signature_verified(
    run_step: Any,
    buildah: ContainerEngine,
    image_registry: ImageRegistry,
    tool: Callable[[str], Path],
    signing_key: tuple[str, Path],
    repository: Path,
    outcomes: Any,
) -> None:
    key, public = signing_key
    shutil.copy(public, repository / "cosign.pub")
    image = f"{image_registry.address}/shop/signed"
    notes = {"commit": "0123abc", "odd": "-x y"}
    result = signed(run_step, buildah, tool("cosign"), image, key, publicKey="cosign.pub", annotations=notes)
    assert result.failure is None
    assert result.outputs["signed"] is True
    assert [found.name for found in result.tools] == ["buildah", "cosign"]
    tag = result.outputs["digest"].replace(":", "-") + ".sig"
    layers = json.loads(fetched(image_registry, f"shop/signed/manifests/{tag}")[1])["layers"]
    _, payload = fetched(image_registry, f"shop/signed/blobs/{layers[0]['digest']}")
    assert json.loads(payload)["critical"]["image"]["docker-manifest-digest"] == result.outputs["digest"]
    assert json.loads(payload)["optional"] == notes
    seen = b"".join(outcome.stdout.head + outcome.stderr.head for outcome in outcomes)
    assert PASSWORD.encode() not in seen
    assert key.splitlines()[1].encode() not in seen
    assert signed(run_step, buildah, tool("cosign"), image, key).outputs["signed"] is True


@pytest.mark.usefixtures("context")
def test_a_signature_of_another_key_and_a_wrong_password_fail(
    run_step: Any,
    buildah: ContainerEngine,
    image_registry: ImageRegistry,
    tool: Callable[[str], Path],
    signing_key: tuple[str, Path],
    repository: Path,
    tmp_path: Path,
) -> None:
    env = {**os.environ, "COSIGN_PASSWORD": "", "HOME": str(tmp_path)}
    subprocess.run([tool("cosign"), "generate-key-pair"], cwd=repository, env=env, check=True, capture_output=True)
    image = f"{image_registry.address}/shop/other"
    result = signed(run_step, buildah, tool("cosign"), image, signing_key[0], publicKey="cosign.pub")
    assert (result.failure.code.number, result.outputs) == ("ORC-5512", {})
    result = signed(run_step, buildah, tool("cosign"), image, signing_key[0], passwordFrom="PATH")
    assert (result.failure.code.number, result.outputs) == ("ORC-5103", {})
    assert PASSWORD not in result.failure.message


BUILDS = (
    'case "$1" in --version) echo Docker version 28.0.0;; build) for a in "$@"; do case "$a" in --iidfile=*)'
    ' echo sha256:1 > "${a#--iidfile=}";; esac; done;;'
    f" push) echo digest: sha256:{'a' * 64} size: 1;; esac"
)
GOOD = json.dumps([{"critical": {"image": {"docker-manifest-digest": f"sha256:{'a' * 64}"}}}])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("exit 0", "ORC-5512"),
        ("echo nonsense", "ORC-5512"),
        ("echo '[]'", "ORC-5512"),
        (f"echo '{GOOD.replace('a' * 64, 'b' * 64)}'", "ORC-5512"),
        ("kill -9 $$", "ORC-5103"),
        ("sleep 20", "ORC-5103"),
        (f"echo '{GOOD}'", ""),
    ],
)
def test_a_cosign_that_lies_or_hangs_has_signed_nothing(
    run_step: Any, context: Path, repository: Path, tmp_path: Path, text: str, code: str
) -> None:
    assert context.is_dir()
    (repository / "cosign.pub").write_text("a key")
    fake(tmp_path / "bin", "docker", BUILDS)
    notes = f'[ "$1" = version ] && {{ echo GitVersion: v2.6.5; exit; }}; echo "$@" >> {tmp_path}/argv'
    env = fake(tmp_path / "bin", "cosign", f"{notes}\n{text}") | {"KEY": "hush-hush", "WORD": "hush-too"}
    how = {"keyFrom": "KEY", "passwordFrom": "WORD", "publicKey": "cosign.pub"}
    inputs = {"image": "r.example.com/x", "context": "image", "push": True, "sign": how}
    result = run_step("container-build", inputs, env=env, timeout_seconds=2)
    assert (result.failure.code.number if result.failure else "") == code
    assert result.outputs.get("signed", False) is (code == "")
    assert "hush" not in (tmp_path / "argv").read_text()


def test_a_missing_cosign_is_named_before_anything_is_built(run_step: Any, context: Path, tmp_path: Path) -> None:
    assert context.is_dir()
    env = fake(tmp_path / "bin", "docker", f'[ "$1" = build ] && touch {tmp_path}/built\n{BUILDS}')
    inputs = {"image": "r.example.com/x", "context": "image", "push": True, "sign": {"keyFrom": "KEY"}}
    result = run_step("container-build", inputs, env={**env, "PATH": f"{tmp_path}/bin:/usr/bin:/bin"})
    assert result.failure.code.number == "ORC-5102"
    assert "docs.sigstore.dev" in result.failure.remedy
    assert not (tmp_path / "built").exists()


@pytest.mark.parametrize("wrong", [{"sign": {}}, {"sign": {"keyFrom": "A", "key": "awskms://x"}}])
def test_half_a_signing_is_refused(run_step: Any, wrong: Any) -> None:
    with pytest.raises(ValidationError):
        run_step("container-build", {"image": "x", "push": True, **wrong})
    with pytest.raises(ValidationError, match="'sign' needs 'push'"):
        run_step("container-build", {"image": "x", "sign": {"keyFrom": "A"}})


def test_the_example_of_the_page_runs(
    run_step: Any,
    buildah: ContainerEngine,
    image_registry: ImageRegistry,
    tool: Callable[[str], Path],
    signing_key: tuple[str, Path],
    repository: Path,
    context: Path,
) -> None:
    [step] = steps("container-build")
    config = step["config"]
    context.rename(repository / "app")
    (repository / "keys").mkdir()
    shutil.copy(signing_key[1], repository / config["sign"]["publicKey"])
    config |= {"image": f"{image_registry.address}/shop/example", "tags": ["0123abc"], "insecureRegistry": True}
    config["sign"]["annotations"] = {"commit": "0123abc"}
    values = {"REGISTRY_USER": "ci", "REGISTRY_PASSWORD": "any", "SIGNING_KEY": signing_key[0]}
    values |= {"SIGNING_PASSWORD": PASSWORD}
    assert values.keys() == step["env"].keys()
    path = f"{tool('cosign').parent}{os.pathsep}{buildah.program.parent}{os.pathsep}{os.environ['PATH']}"
    result = run_step("container-build", config, env={**buildah.environment, "PATH": path, **values})
    assert result.failure is None
    assert result.outputs["signed"] is True
