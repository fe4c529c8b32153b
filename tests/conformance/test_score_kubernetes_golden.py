"""The one published rendering of score-k8s, object by object, its deliberate differences undone on both sides.

Ours mounts each file by subPath out of one ConfigMap, names volumes by the resource, has no random instance suffix and
writes no fields that the Go encoder leaves empty (`status`, `strategy: {}`, `resources: {}`).
"""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.drivers.kubernetes.workload import RenderOptions, render

VALUES = {
    "${metadata.name}": "example",
    "${metadata.thing}": "other",
    "${resources.foo.key}": "xxx",
}
"""What planning puts in the place of the placeholders."""


@pytest.fixture
def golden(corpus: Path) -> Path:
    return corpus / "score" / "golden-k8s"


def with_values(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: with_values(value) for key, value in data.items()}
    if isinstance(data, list):
        return [with_values(value) for value in data]
    if isinstance(data, str):
        for placeholder, value in VALUES.items():
            data = data.replace(placeholder, value)
    return data


def ours(golden: Path) -> list[dict[str, Any]]:
    written = with_values(yaml.safe_load((golden / "massive.score.yaml").read_text()))
    options = RenderOptions(application="example", volumes={"vol": {"source": {"emptyDir": {}}}})
    return render(WorkloadDocument.model_validate(written), options)


def theirs(golden: Path) -> list[dict[str, Any]]:
    documents = yaml.safe_load_all((golden / "massive.expected.yaml").read_text())
    return [document for document in documents if document]


def pod_of(objects: list[dict[str, Any]]) -> dict[str, Any]:
    (deployment,) = [data for data in objects if data["kind"] == "Deployment"]
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def files_of(objects: list[dict[str, Any]]) -> dict[str, bytes]:
    """The bytes that each file of the first container has, by its whole path, whichever way it is mounted."""
    maps = {data["metadata"]["name"]: data for data in objects if data["kind"] == "ConfigMap"}
    pod = pod_of(objects)
    found: dict[str, bytes] = {}
    sources = {}
    for volume in pod["volumes"]:
        parts = [part["configMap"] for part in volume.get("projected", {}).get("sources", [])]
        sources[volume["name"]] = parts + ([volume["configMap"]] if "configMap" in volume else [])
    for mount in pod["containers"][0]["volumeMounts"]:
        for part in sources[mount["name"]]:
            data = maps[part["name"]]
            for item in part["items"]:
                if mount.get("subPath", item["path"]) != item["path"]:
                    continue
                key = item["key"]
                whole = mount["mountPath"] if "subPath" in mount else f"{mount['mountPath'].rstrip('/')}/{item['path']}"
                text = data.get("data", {}).get(key)
                found[whole] = text.encode() if text is not None else base64.b64decode(data["binaryData"][key])
    return found


def container_of(data: dict[str, Any]) -> dict[str, Any]:
    """A container without its mounts, fields that say nothing left out."""
    kept = {key: value for key, value in data.items() if key != "volumeMounts" and value not in ({}, [])}
    kept["env"] = [{"name": one["name"], "value": one.get("value", "")} for one in data.get("env", [])]
    for probe in ("livenessProbe", "readinessProbe"):
        if "httpGet" in kept.get(probe, {}):
            kept[probe] = {"httpGet": {key: value for key, value in kept[probe]["httpGet"].items() if value != ""}}
    return kept


def test_the_same_kinds_are_made(golden: Path) -> None:
    assert {data["kind"] for data in ours(golden)} == {data["kind"] for data in theirs(golden)}


def test_the_service_is_the_same_but_for_its_labels(golden: Path) -> None:
    def service(objects: list[dict[str, Any]]) -> tuple[str, Any]:
        (data,) = [data for data in objects if data["kind"] == "Service"]
        return data["metadata"]["name"], data["spec"]["ports"]

    assert service(ours(golden)) == service(theirs(golden))


def test_the_containers_are_the_same(golden: Path) -> None:
    def containers(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [container_of(data) for data in pod_of(objects)["containers"]]

    assert containers(ours(golden)) == containers(theirs(golden))


def test_the_files_have_the_same_bytes_at_the_same_paths(golden: Path) -> None:
    assert files_of(ours(golden)) == files_of(theirs(golden))
    assert set(files_of(ours(golden))) == {"/binary", "/root.md"}


def test_the_volume_is_mounted_at_the_same_path(golden: Path) -> None:
    def volumes(objects: list[dict[str, Any]]) -> dict[str, Any]:
        pod = pod_of(objects)
        empty = {volume["name"] for volume in pod["volumes"] if "emptyDir" in volume}
        return {
            mount["mountPath"]: "emptyDir"
            for container in pod["containers"]
            for mount in container.get("volumeMounts", [])
            if mount["name"] in empty
        }

    assert volumes(ours(golden)) == volumes(theirs(golden)) == {"/mount/thing": "emptyDir"}


def test_annotations_of_people_reach_the_pod(golden: Path) -> None:
    def own(objects: list[dict[str, Any]]) -> Any:
        (deployment,) = [data for data in objects if data["kind"] == "Deployment"]
        return deployment["spec"]["template"]["metadata"]["annotations"]["my.custom.scope/annotation"]

    assert own(ours(golden)) == own(theirs(golden)) == "value"
