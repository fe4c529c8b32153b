"""`kubernetes`: Score to objects, manifests, namespaces, and what is sent to kubectl."""

import json
from typing import Any

import pytest
import yaml

WORKLOAD: dict[str, Any] = {
    "apiVersion": "score.dev/v1b1",
    "metadata": {"name": "checkout", "annotations": {"example.com/team": "shop", "k8s.score.dev/other": "x"}},
    "service": {"ports": {"web": {"port": 80, "targetPort": 8080}, "admin": {"port": 81, "protocol": "UDP"}}},
    "containers": {
        "web": {
            "image": "registry.example/web:1.2",
            "command": ["serve"],
            "args": ["--port", "8080"],
            "variables": {"B": "yes", "A": "$(HOSTNAME) 1e3"},
            "files": {
                "/etc/app/config.json": {"content": "{}\n", "mode": "0440"},
                "/bin.dat": {"binaryContent": "AAE="},
            },
            "volumes": {"/data": {"source": "${resources.data}"}, "/tmp/x": {"source": "scratch", "path": "a/b"}},
            "resources": {"requests": {"cpu": "100m"}, "limits": {"memory": "128Mi"}},
            "livenessProbe": {
                "httpGet": {
                    "path": "/live",
                    "port": 8080,
                    "scheme": "HTTPS",
                    "host": "127.0.0.1",
                    "httpHeaders": [{"name": "X-A", "value": "b"}],
                }
            },
            "readinessProbe": {"exec": {"command": ["true"]}, "httpGet": {"path": "/", "port": 1}},
        },
        "side": {
            "image": "registry.example/side:1",
            "volumes": {"/shared": {"source": "${resources.data}", "readOnly": True}},
        },
    },
    "resources": {
        "data": {"type": "volume", "params": {"size": "5Gi"}},
        "scratch": {"type": "volume"},
        "db": {"type": "sqlite"},
        "address": {"type": "route", "params": {"host": "shop.example", "path": "/buy", "port": 80}},
    },
}


def changed(**parts: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(WORKLOAD))
    for path, value in parts.items():
        *keys, last = path.split("__")
        at: Any = copy
        for key in keys:
            at = at[key]
        at[last] = value
    return copy


def rendered(context: Any, play: Any, workload: dict[str, Any], **inputs: Any) -> list[dict[str, Any]]:
    result, requests = play(context("kubernetes", {"workload": workload, **inputs}))
    assert requests == []
    assert result.failure is None, result.failure
    ((_, data),) = result.artifacts.items()
    return list(yaml.safe_load_all(data))


def of_kind(objects: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [data for data in objects if data["kind"] == kind]
    return found


def test_a_workload_renders_to_the_same_bytes_as_ever(context: Any, play: Any, snapshot: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": WORKLOAD}))
    snapshot.assert_match(result.artifacts[result.outputs["manifests"][0]].decode(), "checkout.yaml")


def test_the_order_of_keys_in_the_workload_changes_nothing(context: Any, play: Any) -> None:
    def backwards(data: Any) -> Any:
        return {key: backwards(data[key]) for key in reversed(data)} if isinstance(data, dict) else data

    one, _ = play(context("kubernetes", {"workload": WORKLOAD}))
    other, _ = play(context("kubernetes", {"workload": backwards(WORKLOAD)}))
    assert one.artifacts == other.artifacts


def test_outputs_name_the_objects_and_the_file(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": WORKLOAD}))
    path = ".innominatus/manifests/checkout/development/deployment/product/shop/payments/the-step.yaml"
    assert result.outputs == {
        "namespace": "checkout",
        "objects": [
            "Namespace/checkout",
            "ConfigMap/checkout-web-files",
            "PersistentVolumeClaim/checkout-data",
            "Service/checkout",
            "Deployment/checkout",
            "Ingress/checkout-address",
        ],
        "manifests": [path],
    }
    assert list(result.artifacts) == [path]


def test_a_variable_is_data_even_where_kubernetes_would_expand_it(context: Any, play: Any) -> None:
    deployment = of_kind(rendered(context, play, WORKLOAD), "Deployment")
    web = deployment["spec"]["template"]["spec"]["containers"][1]
    assert web["env"] == [{"name": "A", "value": "$$(HOSTNAME) 1e3"}, {"name": "B", "value": "yes"}]


def test_one_resource_is_one_volume_however_often_it_is_mounted(context: Any, play: Any) -> None:
    spec = of_kind(rendered(context, play, WORKLOAD), "Deployment")["spec"]["template"]["spec"]
    claims = [volume["name"] for volume in spec["volumes"] if "persistentVolumeClaim" in volume]
    assert len(claims) == 1
    mounts = {mount["mountPath"]: mount for container in spec["containers"] for mount in container["volumeMounts"]}
    assert mounts["/data"]["name"] == mounts["/shared"]["name"] == claims[0]
    assert mounts["/shared"]["readOnly"] is True
    assert mounts["/tmp/x"]["subPath"] == "a/b"


def test_a_file_is_mounted_alone_and_hides_nothing(context: Any, play: Any) -> None:
    objects = rendered(context, play, WORKLOAD)
    config_map = of_kind(objects, "ConfigMap")
    spec = of_kind(objects, "Deployment")["spec"]["template"]["spec"]
    web = spec["containers"][1]
    files = [mount for mount in web["volumeMounts"] if mount["name"].startswith("files-")]
    assert [mount["mountPath"] for mount in files] == ["/bin.dat", "/etc/app/config.json"]
    assert all(mount["subPath"] in {**config_map["data"], **config_map["binaryData"]} for mount in files)
    (volume,) = [volume for volume in spec["volumes"] if "configMap" in volume]
    assert [item.get("mode") for item in volume["configMap"]["items"]] == [None, 0o440]


def test_a_changed_file_changes_the_pod(context: Any, play: Any) -> None:
    def digest(workload: dict[str, Any]) -> str:
        template = of_kind(rendered(context, play, workload), "Deployment")["spec"]["template"]
        return str(template["metadata"]["annotations"]["innominatus.dev/files-digest"])

    other = changed()
    other["containers"]["web"]["files"]["/etc/app/config.json"]["content"] = "{}"
    assert digest(WORKLOAD) != digest(other)


def test_exec_is_preferred_where_a_probe_has_both(context: Any, play: Any) -> None:
    web = of_kind(rendered(context, play, WORKLOAD), "Deployment")["spec"]["template"]["spec"]["containers"][1]
    assert web["readinessProbe"] == {"exec": {"command": ["true"]}}


def test_a_claim_is_not_shared_by_two_pods_of_a_rollout(context: Any, play: Any) -> None:
    assert of_kind(rendered(context, play, WORKLOAD), "Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_replicas_are_written_only_where_somebody_says_so(context: Any, play: Any) -> None:
    assert "replicas" not in of_kind(rendered(context, play, WORKLOAD), "Deployment")["spec"]
    assert of_kind(rendered(context, play, WORKLOAD, replicas=3), "Deployment")["spec"]["replicas"] == 3


def test_an_image_of_the_step_replaces_that_of_the_workload(context: Any, play: Any) -> None:
    objects = rendered(context, play, WORKLOAD, images={"web": "registry.example/web@sha256:" + "0" * 64})
    web = of_kind(objects, "Deployment")["spec"]["template"]["spec"]["containers"][1]
    assert web["image"].endswith("0" * 64)


def test_a_stateful_set_has_a_headless_service_and_claims_of_its_own(context: Any, play: Any) -> None:
    workload = changed(metadata__annotations={"k8s.score.dev/kind": "StatefulSet"})
    objects = rendered(context, play, workload)
    stateful = of_kind(objects, "StatefulSet")
    services = [data["metadata"]["name"] for data in objects if data["kind"] == "Service"]
    assert services == ["checkout", "checkout-headless"]
    assert stateful["spec"]["serviceName"] == "checkout-headless"
    assert stateful["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"] == "5Gi"
    assert not [data for data in objects if data["kind"] == "PersistentVolumeClaim"]


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ("complete", {}),
        ("started", {"restartPolicy": "Always"}),
        ("healthy", {"restartPolicy": "Always", "startupProbe": {"exec": {"command": ["true"]}}}),
    ],
)
def test_what_goes_before_others_is_an_init_container(
    context: Any, play: Any, ready: str, expected: dict[str, Any]
) -> None:
    workload = changed()
    side = workload["containers"]["side"]
    side["before"] = {"web": {"ready": ready}}
    if ready == "healthy":
        side["readinessProbe"] = {"exec": {"command": ["true"]}}
    spec = of_kind(rendered(context, play, workload), "Deployment")["spec"]["template"]["spec"]
    (first,) = spec["initContainers"]
    assert [container["name"] for container in spec["containers"]] == ["web"]
    assert {key: first.get(key) for key in ("restartPolicy", "startupProbe") if key in first} == expected


def test_init_containers_stand_in_the_order_that_they_need(context: Any, play: Any) -> None:
    workload = changed()
    workload["containers"]["alpha"] = {"image": "a:1", "before": {"web": {"ready": "complete"}}}
    workload["containers"]["zulu"] = {"image": "z:1", "before": {"alpha": {"ready": "complete"}}}
    spec = of_kind(rendered(context, play, workload), "Deployment")["spec"]["template"]["spec"]
    assert [container["name"] for container in spec["initContainers"]] == ["zulu", "alpha"]


def unsupported(**parts: Any) -> dict[str, Any]:
    return changed(**parts)


CASES: list[tuple[dict[str, Any], str]] = [
    (unsupported(metadata__annotations={"k8s.score.dev/kind": "Job"}), "there are Deployment and StatefulSet"),
    (unsupported(metadata__name="1shop"), "must start with a letter"),
    (unsupported(containers__web__image="."), "give it under 'images'"),
    (unsupported(containers__side__before={"nobody": {"ready": "started"}}), "which the workload does not have"),
    (unsupported(containers__side__before={"side": {"ready": "started"}}), "wait for each other"),
    (unsupported(containers__side__before={"web": {"ready": "healthy"}}), "needs a probe"),
    (unsupported(containers__web__before={"side": {"ready": "complete"}}), "can have no probes"),
    (unsupported(containers__web__volumes={"/d": {"source": "nothing"}}), "is no resource of the workload"),
    (unsupported(containers__web__volumes={"/d": {"source": "${resources.db}"}}), "only a volume can be mounted"),
    (unsupported(containers__web__volumes={"d": {"source": "data"}}), "is not absolute"),
    (unsupported(containers__web__volumes={"/d": {"source": "data", "path": "../x"}}), "leads out of its volume"),
    (
        unsupported(containers__web__volumes={"/d": {"source": "data"}, "/d/": {"source": "scratch"}}),
        "mounts two things at /d",
    ),
    (unsupported(containers__web__files={"relative": {"content": ""}}), "needs the absolute path"),
    (unsupported(containers__web__files={"/a": {"binaryContent": "%%"}}), "is no base64"),
    (unsupported(containers__web__files={"/a": {"source": "./nowhere"}}), "no file that the plan covers"),
    (unsupported(containers__web__files={"/a": {"content": "x" * 1048577}}), "holds at most 1048576"),
    (unsupported(resources__data__params={"size": "much"}), "is no quantity"),
    (unsupported(resources__data__params={"size": "1Gi", "accessModes": "all"}), "is a list"),
    (unsupported(resources__data__params={"source": "emptyDir"}), "is one Kubernetes volume source"),
    (unsupported(resources__address__params={"host": "a b"}), "is no host name"),
    (unsupported(resources__address__params={"port": 99}), "the service has no port 99; it has 80, 81"),
    (unsupported(resources__address__params={}), "needs the param 'port'"),
    (unsupported(service={"ports": {}}), "no service port that it could lead to"),
]


@pytest.mark.parametrize(("workload", "words"), CASES, ids=[words for _, words in CASES])
def test_what_cannot_be_rendered_is_refused_and_never_left_out(
    context: Any, play: Any, workload: dict[str, Any], words: str
) -> None:
    result, requests = play(context("kubernetes", {"workload": workload}))
    assert requests == []
    assert result.failure.code.number == "ORC-5122"
    assert words in result.failure.message
    assert result.artifacts == {}


def test_a_container_cannot_be_done_and_running(context: Any, play: Any) -> None:
    workload = changed()
    workload["containers"]["third"] = {"image": "t:1"}
    workload["containers"]["side"]["before"] = {"web": {"ready": "complete"}, "third": {"ready": "started"}}
    result, _ = play(context("kubernetes", {"workload": workload}))
    assert "cannot be complete before one container and running for another" in result.failure.message


def test_a_stateful_set_with_a_long_name_is_refused(context: Any, play: Any) -> None:
    workload = changed(metadata={"name": "a" * 60, "annotations": {"k8s.score.dev/kind": "StatefulSet"}})
    result, _ = play(context("kubernetes", {"workload": workload}))
    assert "at most 52 characters" in result.failure.message


def test_an_image_for_a_container_that_is_not_there_is_refused(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": WORKLOAD, "images": {"wbe": "a:1"}}))
    assert "names the container 'wbe'" in result.failure.message


def test_a_source_that_the_plan_covers_is_read_beside_the_score_file(context: Any, play: Any) -> None:
    workload = changed(containers__web__files={"/a": {"source": "./motd.txt", "noExpand": True}})
    ctx = context("kubernetes", {"workload": workload}, input_files=["workflows/motd.txt"])
    (ctx.work_dir / "workflows").mkdir()
    (ctx.work_dir / "workflows" / "motd.txt").write_text("hello ${metadata.name}\n")
    result, _ = play(ctx)
    assert result.failure is None
    assert b"hello ${metadata.name}" in next(iter(result.artifacts.values()))


def test_a_source_with_placeholders_is_refused_rather_than_copied(context: Any, play: Any) -> None:
    workload = changed(containers__web__files={"/a": {"source": "./motd.txt"}})
    ctx = context("kubernetes", {"workload": workload}, input_files=["workflows/motd.txt"])
    (ctx.work_dir / "workflows").mkdir()
    (ctx.work_dir / "workflows" / "motd.txt").write_text("hello ${metadata.name}\n")
    result, _ = play(ctx)
    assert "holds placeholders" in result.failure.message


def test_a_workload_without_an_application_is_refused(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": "application"}))
    assert result.failure.code.number == "ORC-5106"


def test_a_workload_that_is_none_is_told_with_where(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": {**WORKLOAD, "containers": {}}}))
    assert "is no Score workload: containers" in result.failure.message


CONFIG_MAP: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings"},
    "data": {"a": "b"},
}
DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]},
        },
    },
}


def test_manifests_come_from_files_folders_text_and_mappings(context: Any, play: Any) -> None:
    ctx = context(
        "kubernetes",
        {
            "manifests": ["k8s", "one.json"],
            "manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inline}\n",
            "objects": [{**CONFIG_MAP, "metadata": {"name": "mapped"}}],
        },
    )
    (ctx.work_dir / "k8s").mkdir()
    (ctx.work_dir / "k8s" / "b.yaml").write_text("---\n---\n" + json.dumps(DEPLOYMENT))
    (ctx.work_dir / "k8s" / "a.yml").write_text(json.dumps(CONFIG_MAP))
    (ctx.work_dir / "k8s" / "notes.txt").write_text("no manifest")
    listed = {"apiVersion": "v1", "kind": "List", "items": [{**CONFIG_MAP, "metadata": {"name": "listed"}}]}
    (ctx.work_dir / "one.json").write_text(json.dumps(listed))
    result, _ = play(ctx)
    assert result.failure is None
    assert result.outputs["objects"] == [
        "Namespace/checkout",
        "ConfigMap/settings",
        "Deployment/web",
        "ConfigMap/listed",
        "ConfigMap/inline",
        "ConfigMap/mapped",
    ]


def test_an_object_keeps_its_own_namespace_and_labels(context: Any, play: Any) -> None:
    own = {**CONFIG_MAP, "metadata": {"name": "a", "namespace": "other", "labels": {"team": "x", "tier": "y"}}}
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "system:x"}}
    inputs = {"objects": [own, role], "namespace": "shop-payment", "labels": {"tier": "z"}}
    result, _ = play(context("kubernetes", inputs))
    namespace, first, second = yaml.safe_load_all(next(iter(result.artifacts.values())))
    assert namespace["metadata"]["name"] == "shop-payment"
    assert first["metadata"]["namespace"] == "other"
    assert first["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "innominatus-ctl",
        "app.kubernetes.io/part-of": "checkout",
        "team": "x",
        "tier": "z",
    }
    assert "namespace" not in second["metadata"]


@pytest.mark.parametrize(
    ("inputs", "code", "words"),
    [
        ({"manifests": ["../k8s"]}, "ORC-5104", "leads out of the repository"),
        ({"manifests": ["/etc"]}, "ORC-5104", "leads out of the repository"),
        ({"manifests": ["absent"]}, "ORC-5105", "does not exist"),
        ({"manifests": ["empty"]}, "ORC-5105", "holds no .yaml"),
        ({"manifest": "a: [\nb"}, "ORC-5120", "inline manifest:"),
        ({"manifest": "just\ntext"}, "ORC-5121", "a document is no object"),
        ({"manifest": {"kind": "A"}}, "ORC-5121", "has no 'apiVersion'"),
        ({"manifest": {"apiVersion": "v1", "kind": "A"}}, "ORC-5121", "has no 'metadata.name'"),
        ({"objects": [{**CONFIG_MAP, "metadata": {"name": "-rf"}}]}, "ORC-5121", "no name that Kubernetes accepts"),
        ({"objects": [{**CONFIG_MAP, "metadata": {"name": "$(x)"}}]}, "ORC-5121", "no name that Kubernetes accepts"),
        ({"objects": [CONFIG_MAP, CONFIG_MAP]}, "ORC-5121", "is given by inline objects and by inline objects"),
        ({"objects": [CONFIG_MAP], "namespace": "-n kube-system"}, "ORC-5106", "no name of a namespace"),
        ({"objects": [CONFIG_MAP], "namespace": "Upper"}, "ORC-5106", "no name of a namespace"),
    ],
)
def test_a_wrong_manifest_is_a_finding(context: Any, play: Any, inputs: Any, code: str, words: str) -> None:
    ctx = context("kubernetes", inputs)
    (ctx.work_dir / "empty").mkdir()
    result, requests = play(ctx)
    assert requests == []
    assert result.failure.code.number == code
    assert words in result.failure.message


def test_a_link_in_a_folder_that_leads_out_is_refused(context: Any, play: Any, tmp_path: Any) -> None:
    ctx = context("kubernetes", {"manifests": ["k8s"]})
    (tmp_path / "secret.yaml").write_text(json.dumps(CONFIG_MAP))
    (ctx.work_dir / "k8s").mkdir()
    (ctx.work_dir / "k8s" / "a.yaml").symlink_to(tmp_path / "secret.yaml")
    result, _ = play(ctx)
    assert result.failure.code.number == "ORC-5104"


def test_a_secret_is_never_written_into_a_manifest(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"objects": [CONFIG_MAP]}, secrets=["stripe-api-key"]))
    assert result.failure.code.number == "ORC-5106"
    assert "manifests are committed" in result.failure.message


def test_the_namespace_object_can_be_left_out_and_default_never_has_one(context: Any, play: Any) -> None:
    for inputs in ({"createNamespace": False}, {"namespace": "default"}):
        result, _ = play(context("kubernetes", {"objects": [CONFIG_MAP], **inputs}))
        assert result.outputs["objects"] == ["ConfigMap/settings"]


def test_a_namespace_alone_can_be_made(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"operation": "create-namespace", "namespace": "shop"}))
    assert result.outputs["objects"] == ["Namespace/shop"]
    assert result.message == "1 object rendered"


APPLY = {"mode": "apply", "context": "staging"}
APPLIED = b"a/b serverside-applied\n"


def test_apply_sends_everything_once_and_waits_for_what_rolls_out(context: Any, play: Any, ended: Any) -> None:
    ctx = context("kubernetes", {"objects": [CONFIG_MAP, DEPLOYMENT], **APPLY, "rolloutTimeout": "2m"})
    result, (looked, applied, waited) = play(ctx, [ended(), ended(stdout=APPLIED * 3), ended()])
    assert result.failure is None
    shown = "--show-managed-fields=true"
    assert looked.argv[2:] == ("get", "--ignore-not-found=true", shown, "--output=json", "--filename=-")
    assert not looked.logs_stdout
    assert applied.argv == (
        "kubectl",
        "--context=staging",
        "apply",
        "--server-side",
        "--field-manager=innominatus-ctl",
        "--filename=-",
    )
    kinds = [data["kind"] for data in yaml.safe_load_all(applied.stdin)]
    assert kinds == ["Namespace", "ConfigMap", "Deployment"]
    assert waited.argv == (
        "kubectl",
        "--context=staging",
        "rollout",
        "status",
        "--namespace=checkout",
        "--timeout=120s",
        "deployment/web",
    )
    assert result.message == "3 objects applied"
    assert [tool.name for tool in result.tools] == ["kubectl"]


def test_a_hostile_context_stays_one_argument(context: Any, play: Any, ended: Any) -> None:
    inputs = {"objects": [CONFIG_MAP], "mode": "apply", "context": "--kubeconfig=/etc/x $(id)"}
    _, (_, applied) = play(context("kubernetes", inputs), [ended(), ended()])
    assert applied.argv[1] == "--context=--kubeconfig=/etc/x $(id)"


def test_what_does_not_roll_out_fails_the_step(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(
        context("kubernetes", {"objects": [DEPLOYMENT], **APPLY}), [ended(), ended(stdout=APPLIED * 2), ended(1)]
    )
    assert result.failure.code.number == "ORC-5123"
    assert "Deployment/web" in result.failure.message


def test_waiting_can_be_switched_off(context: Any, play: Any, ended: Any) -> None:
    inputs = {"objects": [DEPLOYMENT], **APPLY, "wait": False}
    result, requests = play(context("kubernetes", inputs), [ended(), ended(stdout=APPLIED * 2)])
    assert result.failure is None
    assert len(requests) == 2


def test_a_refused_apply_and_a_missing_kubectl_fail_the_step(context: Any, play: Any, ended: Any, missing: Any) -> None:
    ctx = context("kubernetes", {"objects": [DEPLOYMENT], **APPLY})
    assert play(ctx, [ended(1)])[0].failure.code.number == "ORC-5103"
    assert play(ctx, [missing])[0].failure.code.number == "ORC-5102"
    assert play(ctx, [ended(), missing])[0].failure.code.number == "ORC-5102"
    assert play(ctx, [ended(), ended(stdout=APPLIED * 2), missing])[0].failure.code.number == "ORC-5102"


def test_delete_takes_objects_away_backwards_and_never_the_namespace(context: Any, play: Any, ended: Any) -> None:
    ctx = context("kubernetes", {"operation": "delete", "objects": [CONFIG_MAP, DEPLOYMENT], **APPLY})
    there = [
        {**one, "metadata": {**one["metadata"], "uid": name}} for name, one in (("a", CONFIG_MAP), ("b", DEPLOYMENT))
    ]
    found = json.dumps({"kind": "List", "items": there}).encode()
    result, (_, request, _) = play(ctx, [ended(stdout=found), ended(), ended()])
    assert "--ignore-not-found=true" in request.argv
    assert [data["kind"] for data in yaml.safe_load_all(request.stdin)] == ["Deployment", "ConfigMap"]
    assert result.artifacts == {}
    assert result.message == "2 objects deleted"
    result, _ = play(ctx, [ended(stdout=found), ended(), ended(stdout=found)])
    assert "ConfigMap/settings, Deployment/web is still there" in result.failure.message


def test_delete_without_a_cluster_deletes_nothing_and_says_so(context: Any, play: Any) -> None:
    result, requests = play(context("kubernetes", {"operation": "delete", "objects": [CONFIG_MAP]}))
    assert requests == []
    assert result.message == "mode render: nothing was applied, so nothing is deleted"


def test_get_reads_an_object_as_an_output(context: Any, play: Any, ended: Any) -> None:
    inputs = {"operation": "get", "resourceType": "deployment", "resourceName": "web"}
    result, (request,) = play(context("kubernetes", inputs), [ended(stdout=b'{"kind": "Deployment"}')])
    assert request.argv == ("kubectl", "get", "--namespace=checkout", "--output=json", "deployment", "web")
    assert result.outputs["object"] == {"kind": "Deployment"}


@pytest.mark.parametrize("kind", ["secret", "Secrets", "secrets.v1", "--raw=/", "a b"])
def test_get_reads_no_secrets_and_takes_no_options(context: Any, play: Any, kind: str) -> None:
    result, requests = play(context("kubernetes", {"operation": "get", "resourceType": kind}))
    assert requests == []
    assert result.failure.code.number == "ORC-5106"


def test_garbage_where_json_is_due_is_a_failure(context: Any, play: Any, ended: Any) -> None:
    result, _ = play(context("kubernetes", {"operation": "get", "resourceType": "pod"}), [ended(stdout=b"{")])
    assert result.failure.code.number == "ORC-5107"
    result, _ = play(context("kubernetes", {"operation": "get", "resourceType": "pod"}), [ended(1)])
    assert result.failure.code.number == "ORC-5103"


def test_a_route_may_name_its_port(context: Any, play: Any) -> None:
    by_name, _ = play(context("kubernetes", {"workload": changed(resources__address__params__port="web")}))
    by_number, _ = play(context("kubernetes", {"workload": WORKLOAD}))
    assert by_name.failure is None
    assert by_name.artifacts == by_number.artifacts
    result, _ = play(context("kubernetes", {"workload": changed(resources__address__params__port="wbe")}))
    assert "the service has no port wbe; it has 80, 81" in result.failure.message


def test_binary_content_may_have_line_ends(context: Any, play: Any) -> None:
    result, _ = play(context("kubernetes", {"workload": binary_content("AA\nE=\n")}))
    assert result.failure is None


def binary_content(text: str) -> dict[str, Any]:
    workload = changed()
    workload["containers"]["web"]["files"]["/bin.dat"]["binaryContent"] = text
    return workload


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"apiVersion": "apps/v1beta1"}, "no longer has Deployment in apps/v1beta1: write apps/v1"),
        ({"apiVersion": "Apps/1"}, "'Apps/1' is no apiVersion"),
        ({"spec": None}, "has no 'spec'"),
        ({"metadata": {"name": "web", "labels": {"a": 1}}}, "label 'a' has a value that is none"),
        ({"metadata": {"name": "web", "labels": {"a": "x" * 64}}}, "label 'a' has a value that is none"),
        ({"metadata": {"name": "web", "annotations": {"a": True}}}, "annotation 'a' is no text"),
        ({"metadata": {"name": "web", "namespace": "Shop"}}, "'Shop' is no name of a namespace"),
        ({"kind": "Service", "metadata": {"name": "1st"}}, "'1st' is no name of a Service"),
    ],
)
def test_what_no_cluster_would_take_is_told_without_one(
    context: Any, play: Any, change: dict[str, Any], words: str
) -> None:
    result, requests = play(context("kubernetes", {"objects": [{**DEPLOYMENT, **change}]}))
    assert requests == []
    assert result.failure.code.number == "ORC-5121"
    assert words in result.failure.message


def test_pods_that_cannot_be_are_told_without_a_cluster(context: Any, play: Any) -> None:
    def told(**pod: Any) -> str:
        spec = {**DEPLOYMENT["spec"], "template": {**DEPLOYMENT["spec"]["template"], "spec": pod}}
        return str(play(context("kubernetes", {"objects": [{**DEPLOYMENT, "spec": spec}]}))[0].failure.message)

    one = {"name": "a", "image": "i"}
    assert "its pod has no containers" in told(volumes=[])
    assert "two containers 'a'" in told(containers=[one, one])
    assert "container 'a' has no image" in told(containers=[{"name": "a"}])
    assert "'A_b' is no name of a container" in told(containers=[{"name": "A_b", "image": "i"}])
    other = {**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "selector": {"matchLabels": {"app": "other"}}}}
    result, _ = play(context("kubernetes", {"objects": [other]}))
    assert "its selector wants the label 'app'" in result.failure.message


def test_a_volume_may_be_what_a_provisioner_gave(context: Any, play: Any) -> None:
    spec = {"accessModes": ["ReadWriteMany"], "resources": {"requests": {"storage": "1Gi"}}}
    given = {"data": {"claimSpec": spec}, "scratch": {"source": {"hostPath": {"path": "/x"}}}}
    objects = rendered(context, play, WORKLOAD, volumes=given)
    assert of_kind(objects, "PersistentVolumeClaim")["spec"] == spec
    volumes = of_kind(objects, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert [volume["hostPath"] for volume in volumes if "hostPath" in volume] == [{"path": "/x"}]
    wrong: list[dict[str, Any]] = [{"nobody": {"source": {}}}, {"data": {"source": {}, "claimSpec": {}}}, {"data": "x"}]
    for one in wrong:
        result, _ = play(context("kubernetes", {"workload": WORKLOAD, "volumes": one}))
        assert result.failure.code.number == "ORC-5122"
