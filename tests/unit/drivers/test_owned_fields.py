"""The part of an object that a field manager has applied, by its managed fields."""

from typing import Any

from innominatus_cli.drivers.kubernetes.owned import applied_by

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "namespace": "shop",
        "uid": "1",
        "labels": {"ours": "a", "theirs": "b"},
        "finalizers": ["example.org/ours", "example.org/theirs"],
        "managedFields": [
            {
                "manager": "me",
                "operation": "Apply",
                "fieldsV1": {
                    "f:metadata": {
                        "f:labels": {".": {}, "f:ours": {}},
                        "f:finalizers": {'v:"example.org/ours"': {}},
                        "f:annotations": {".": {}},
                    },
                    "f:spec": {
                        "f:selector": {},
                        "f:template": {
                            "f:spec": {
                                "f:containers": {
                                    'k:{"name":"web"}': {
                                        ".": {},
                                        "f:name": {},
                                        "f:image": {},
                                        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}}},
                                    }
                                }
                            }
                        },
                    },
                },
            },
            {"manager": "me", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "me", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}},
            {"manager": "other", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        ],
    },
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "spec": {
                "containers": [
                    {"name": "side", "image": "side:1"},
                    {
                        "name": "web",
                        "image": "web:1",
                        "imagePullPolicy": "Always",
                        "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 81, "protocol": "TCP"}],
                    },
                ]
            }
        },
    },
    "status": {"replicas": 3},
}


def test_what_others_or_the_server_have_written_is_left_out() -> None:
    assert applied_by("me", LIVE) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"ours": "a"},
            "finalizers": ["example.org/ours"],
        },
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "spec": {
                    "containers": [
                        {"name": "web", "image": "web:1", "ports": [{"containerPort": 80, "protocol": "TCP"}]}
                    ]
                }
            },
        },
    }


def test_of_an_object_that_is_not_ours_its_identity_is_left() -> None:
    identity = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
    assert applied_by("nobody", LIVE) == identity
