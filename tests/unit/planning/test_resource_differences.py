"""What differs between two steps that make one resource, and what of that is scaling."""

from typing import Any

import pytest

from innominatus_cli.planning.resource_differences import differences_of, is_scaling

WAS: dict[str, Any] = {
    "resource": "db",
    "resourceType": "postgres",
    "params": {"size": "1Gi", "replicas": 1, "flags": ["a"]},
    "provisioner": {
        "name": "team",
        "version": "1.0.0",
        "kind": "command",
        "source": "admin-config.yaml:3",
        "run": ["x"],
    },
}


def with_(**changed: Any) -> dict[str, Any]:
    return {**WAS, **changed}


@pytest.mark.parametrize(
    ("now", "texts"),
    [
        (WAS, []),
        (with_(resourceType="mysql"), ["type: postgres → mysql"]),
        (with_(resourceClass="large"), ["class: nothing → large"]),
        (with_(params={**WAS["params"], "size": "5Gi"}), ["params.size: 1Gi → 5Gi"]),
        (with_(params={"size": "1Gi", "replicas": 1}), ['params.flags: ["a"] → nothing']),
        (
            with_(params={**WAS["params"], "at": {"$ref": "steps.a.outputs.b"}}),
            ["params.at.$ref: nothing → steps.a.outputs.b"],
        ),
        (with_(provisioner={**WAS["provisioner"], "version": "2.0.0"}), ["provisioner.version: 1.0.0 → 2.0.0"]),
        (with_(provisioner={**WAS["provisioner"], "source": "admin-config.yaml:9"}), []),
        (with_(annotations={}, tags={}), []),
        (with_(operation="create"), []),
    ],
)
def test_every_value_that_differs_is_named(now: dict[str, Any], texts: list[str]) -> None:
    assert [one.text for one in differences_of(WAS, now)] == texts


def test_the_same_differences_are_found_backwards() -> None:
    now = with_(params={"size": "5Gi"}, tags={"team": "a"})
    assert {one.what for one in differences_of(WAS, now)} == {one.what for one in differences_of(now, WAS)}


@pytest.mark.parametrize(
    ("params", "scales"),
    [
        ({"size": "5Gi"}, True),
        ({"replicas": 3, "size": "5Gi"}, True),
        ({"storage_gb": 3}, True),
        ({"version": "16"}, False),
        ({"size": "5Gi", "version": "16"}, False),
    ],
)
def test_only_sizes_and_counts_are_scaled(params: dict[str, Any], scales: bool) -> None:
    assert is_scaling(differences_of(WAS, with_(params={**WAS["params"], **params}))) is scales


def test_nothing_is_no_scaling_and_a_size_beside_a_class_is_none_either() -> None:
    assert not is_scaling(())
    assert not is_scaling(differences_of(WAS, with_(resourceClass="large", params={**WAS["params"], "size": "5Gi"})))
