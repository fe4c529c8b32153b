"""Rules over Score workloads: each way to be wrong, at its place, and what is right and looks alike."""

import base64
from pathlib import Path
from typing import Any

import pytest

from innominatus_cli.checks.checking import check_document
from innominatus_cli.checks.facts import Facts
from innominatus_cli.checks.score import BUILT_IN_RESOURCE_TYPES
from innominatus_cli.documents.loading import load
from innominatus_cli.findings.finding import Finding
from innominatus_cli.operations.validation import validate
from innominatus_cli.provisioners.registry import PROVISIONERS

HEAD = "apiVersion: score.dev/v1b1\n"
CONTAINER = "containers: {web: {image: 'a:1'}}\n"


def found(text: str, facts: Facts | None = None) -> list[Finding]:
    """What the rules find in a file that is right in shape."""
    loaded = load("score.yaml", f"{HEAD}{text}".encode())
    assert loaded.findings == (), loaded.findings
    return [one for document in loaded.documents for one in check_document(document, facts or Facts())]


def told(text: str) -> list[tuple[str, str]]:
    """Codes and pointers."""
    return [(one.code.number, one.place.pointer) for one in found(text)]


def in_container(body: str, more: str = "") -> str:
    return f"metadata: {{name: shop}}\ncontainers:\n  web: {{image: 'a:1', {body}}}\n{more}"


def named(name: str, kind: str = "", *, ports: bool = False, service: str = "") -> str:
    annotations = {"k8s.score.dev/kind": kind, "k8s.score.dev/service-name": service}
    shown = ", ".join(f"{key}: {value}" for key, value in annotations.items() if value)
    service_ports = "service: {ports: {http: {port: 80}}}\n" if ports else ""
    return f"metadata: {{name: {name}, annotations: {{{shown}}}}}\n{service_ports}{CONTAINER}"


@pytest.mark.parametrize(
    ("limit", "request_", "wrong"),
    [
        ("memory: 1Gi", "memory: 1024Mi", False),
        ("memory: 1G", "memory: 1Gi", True),
        ("memory: 1.5Gi", "memory: 1536Mi", False),
        ("memory: 1P", "memory: 1E", True),
        ("memory: 0.1Ki", "memory: '103'", True),
        ("cpu: 500m", "cpu: '0.5'", False),
        ("cpu: 500m", "cpu: '0.5000001'", True),
        ("cpu: '1'", "memory: 1E", False),
    ],
)
def test_a_request_is_held_against_its_limit_exactly(limit: str, request_: str, wrong: bool) -> None:
    text = in_container(f"resources: {{limits: {{{limit}}}, requests: {{{request_}}}}}")
    key = request_.partition(":")[0]
    pointer = f"/containers/web/resources/requests/{key}"
    assert told(text) == ([("ORC-2105", pointer)] if wrong else [])


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (in_container("args: ['${metadata.name}']"), "/containers/web/args/0"),
        (in_container("command: [sh, -c, 'echo ${resources.db.host}']"), "/containers/web/command/2"),
        (
            in_container("livenessProbe: {exec: {command: ['${metadata.name}']}}"),
            "/containers/web/livenessProbe/exec/command/0",
        ),
        (in_container("files: {/a: {source: '${metadata.name}.txt'}}"), "/containers/web/files/~1a/source"),
        (
            (
                f"metadata: {{name: shop}}\n{CONTAINER}"
                "resources: {db: {type: thing, metadata: {a: '${metadata.name}'}}}\n"
            ),
            "/resources/db/metadata/a",
        ),
        ("metadata: {name: shop}\ncontainers: {web: {image: 'a:${metadata.name}'}}\n", "/containers/web/image"),
    ],
)
def test_a_placeholder_where_none_is_resolved_is_told(text: str, pointer: str) -> None:
    assert told(text) == [("ORC-2106", pointer)]


@pytest.mark.parametrize(
    "text",
    ["args: ['${HOME}', '$${metadata.name}', '${x.y}', '$(A)']", "files: {/a: {content: '${x', noExpand: true}}"],
)
def test_a_shells_variables_and_escapes_are_no_placeholders(text: str) -> None:
    assert told(in_container(text)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (named("a" * 52, "StatefulSet"), "ORC-2108"),
        (named("a" * 53, "StatefulSet"), "ORC-2107"),
        (named("a" * 50, "StatefulSet"), "ORC-2108"),
        (named("a" * 49, "StatefulSet"), None),
        (named("a" * 52), None),
        (named("a" * 53), "ORC-2108"),
        (named("9to5"), None),
        (named("9to5", ports=True), "ORC-2109"),
        (named("9to5", "StatefulSet"), "ORC-2109"),
        (named("9to5", ports=True, service="nine"), None),
        (named("9to5", "StatefulSet", ports=True, service="nine"), "ORC-2109"),
        (named("nine", ports=True, service="Nine"), "ORC-2109"),
        (named("nine", ports=True, service="a" * 64), "ORC-2109"),
        (named("nine", "Deployment"), None),
        (named("nine", "DaemonSet"), "ORC-2117"),
    ],
)
def test_a_name_is_one_for_what_kubernetes_makes(text: str, code: str | None) -> None:
    assert [number for number, _ in told(text)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("http", False), ("a" * 15, False), ("a" * 16, True), ("80-81", True), ("h2-c", False), ("a--b", True)],
)
def test_a_ports_name_can_be_referred_to(name: str, wrong: bool) -> None:
    text = f"metadata: {{name: shop}}\nservice: {{ports: {{{name}: {{port: 80}}}}}}\n{CONTAINER}"
    assert told(text) == ([("ORC-2110", f"/service/ports/{name}")] if wrong else [])


def test_a_number_may_be_used_once_for_each_protocol() -> None:
    ports = (
        "aa: {port: 53}, bb: {port: 53, protocol: UDP}, cc: {port: 54, targetPort: 53}, dd: {port: 53, protocol: TCP}"
    )
    text = f"metadata: {{name: shop}}\nservice: {{ports: {{{ports}}}}}\n{CONTAINER}"
    assert told(text) == [("ORC-2111", "/service/ports/dd/port")]


@pytest.mark.parametrize(
    ("name", "wrong"), [("A", False), ("_a.b-c", False), (".A", False), ("A B", True), ("1A", True), ("Ä", True)]
)
def test_a_variables_name_is_one_that_every_cluster_takes(name: str, wrong: bool) -> None:
    assert [code for code, _ in told(in_container(f"variables: {{'{name}': x}}"))] == (["ORC-2112"] if wrong else [])


VOLUME = "resources: {data: {type: volume}}\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("files: {/a: {content: x}, /a/: {content: y}}", ["ORC-2113", "ORC-2114"]),
        ("files: {/a/b: {content: x}, /a//./b: {content: y}}", ["ORC-2113"]),
        ("files: {//a: {content: x}, /a: {content: y}}", ["ORC-2113"]),
        ("files: {/data: {content: x}}, volumes: {/data: {source: '${resources.data}'}}", ["ORC-2113"]),
        ("files: {/data/x: {content: x}}, volumes: {/data: {source: '${resources.data}'}}", []),
        ("files: {a: {content: x}}", ["ORC-2114"]),
        ("files: {/: {content: x}}", ["ORC-2114"]),
        ("files: {'/a:b': {content: x}}", ["ORC-2114"]),
        ("volumes: {data: {source: '${resources.data}'}}", ["ORC-2114"]),
        ("volumes: {/data/: {source: '${resources.data}', path: a/b}}", []),
        ("volumes: {/data: {source: '${resources.data}', path: /b}}", ["ORC-2114"]),
        ("volumes: {/data: {source: '${resources.data}', path: a/../../b}}", ["ORC-2114"]),
        ("volumes: {/data: {source: data}}", []),
        ("volumes: {/data: {source: 'volume.default#shop.data'}}", []),
        ("volumes: {/data: {source: dta}}", ["ORC-2115"]),
        ("volumes: {/data: {source: '${resources.dta}'}}", ["ORC-2082"]),
    ],
)
def test_files_and_volumes_can_be_where_they_are_to_be(body: str, expected: list[str]) -> None:
    assert sorted(code for code, _ in told(in_container(body, VOLUME))) == expected


@pytest.mark.parametrize("content", [b"", b"\x00", b"\xff\xfe", b"hello", b"x" * 100])
def test_what_base64_makes_is_base64(content: bytes) -> None:
    encoded = base64.encodebytes(content).decode().replace("\n", "\\n")
    assert told(in_container(f'files: {{/a: {{binaryContent: "{encoded}"}}}}')) == []


@pytest.mark.parametrize("content", ["a", "ab", "abc", "ab=c", "aGVsbG8", "a-b_", "aGVs bG8="])
def test_what_is_not_base64_is_told(content: str) -> None:
    text = in_container(f"files: {{/a: {{binaryContent: '{content}'}}}}")
    assert told(text) == [("ORC-2116", "/containers/web/files/~1a/binaryContent")]


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("before: {web: {ready: complete}}", []),
        ("before: {web: {ready: complete}, third: {ready: complete}}", []),
        ("before: {web: {ready: complete}, third: {ready: started}}", ["ORC-2118"]),
        ("before: {web: {ready: complete}}, readinessProbe: {exec: {command: [a]}}", ["ORC-2118"]),
        ("before: {web: {ready: healthy}}, livenessProbe: {exec: {command: [a]}}", []),
        ("before: {web: {ready: healthy}}", ["ORC-2086"]),
    ],
)
def test_a_container_that_ends_serves_nobody(first: str, expected: list[str]) -> None:
    others = "  web: {image: 'a:1'}\n  third: {image: 'a:1'}\n"
    text = f"metadata: {{name: shop}}\ncontainers:\n  aa: {{image: 'a:1', {first}}}\n{others}"
    assert [code for code, _ in told(text)] == expected


@pytest.mark.parametrize(
    ("ports", "params", "wrong"),
    [
        ("", "", True),
        ("http: {port: 80}", "", False),
        ("http: {port: 80}", "port: 80", False),
        ("http: {port: 80}", "port: '80'", False),
        ("http: {port: 80}", "port: http", False),
        ("http: {port: 80}", "port: '${metadata.port}'", False),
        ("http: {port: 80}", "port: 81", True),
        ("http: {port: 80}, admin: {port: 81}", "", True),
        ("http: {port: 80}, admin: {port: 81}", "port: admin", False),
    ],
)
def test_a_route_leads_to_a_port(ports: str, params: str, wrong: bool) -> None:
    text = (
        f"metadata: {{name: shop, port: 80}}\nservice: {{ports: {{{ports}}}}}\n{CONTAINER}"
        f"resources: {{entry: {{type: route, params: {{{params}}}}}}}\n"
    )
    assert [code for code, _ in told(text)] == (["ORC-2119"] if wrong else [])


def test_the_built_in_types_are_those_of_the_registry() -> None:
    assert tuple(PROVISIONERS) == BUILT_IN_RESOURCE_TYPES


PROVIDER = """\
apiVersion: v1
kind: Provider
metadata: {name: data-team, version: 1.0.0}
capabilities: {resourceTypes: [lakehouse], resourceTypeCapabilities: [{type: lakehouses, aliasFor: lakehouse}]}
workflows: [{name: make, file: make.yaml}]
"""


@pytest.mark.parametrize(
    ("admin", "kind", "expected"),
    [
        ("providers: [PROVIDER]", "lakehouse", ""),
        ("providers: [PROVIDER]", "lakehouses", ""),
        ("providers: [PROVIDER]", "sqlite", ""),
        ("providers: [PROVIDER]", "lakehousee", "Did you mean 'lakehouse' or 'lakehouses'?"),
        ("providers: []", "lakehouse", "Enable a provider"),
        ("providers: [{name: far, type: git, repository: r, enabled: true}]", "lakehouse", ""),
        ("providers: [{name: far, type: git, repository: r, enabled: false}]", "lakehouse", "Enable a provider"),
        ("providers: [PROVIDER], resourceDefinitions: {db: lakehouse}", "db", ""),
        ("providers: [PROVIDER], resourceDefinitions: {lakehouse: managed}", "lakehouse", "'lakehouse' itself is"),
        ("productProvisioners: [{product: pay, type: bell, plugin: ./make}]", "bell", ""),
        ("productProvisioners: [{product: other, type: bell, plugin: ./make}]", "bell", "Enable a provider"),
    ],
)
def test_somebody_provisions_every_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, admin: str, kind: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    provider = "{name: data-team, type: filesystem, path: providers/data, enabled: true}"
    files: dict[str, Any] = {
        "admin-config.yaml": f"{{{admin.replace('PROVIDER', provider)}}}\n",
        "providers/data/provider.yaml": PROVIDER,
        "score.yaml": f"{HEAD}metadata: {{name: shop, product: pay}}\n{CONTAINER}resources: {{db: {{type: {kind}}}}}\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    findings = [one for one in validate(["score.yaml"]).findings if one.code.number == "ORC-2121"]
    assert len(findings) == bool(expected)
    assert all(expected in one.help and one.severity == "warning" for one in findings)


def test_without_an_admin_config_nobody_knows_who_provisions() -> None:
    assert told(f"metadata: {{name: shop}}\n{CONTAINER}resources: {{db: {{type: anything}}}}\n") == []


def test_a_rule_tells_two_hundred_times_what_is_wrong_and_takes_linear_time() -> None:
    volumes = ", ".join(f"/v{n}: {{source: 'thing#{n}'}}" for n in range(8000))
    resources = ", ".join(f"r{n:05}: {{type: volume}}" for n in range(8000))
    text = f"metadata: {{name: shop}}\ncontainers: {{web: {{image: 'a:1', volumes: {{{volumes}}}}}}}\n"
    assert told(f"{text}resources: {{{resources}}}\n").count(("ORC-2115", "/containers/web/volumes/~1v0/source")) == 1
    assert len(found(f"{text}resources: {{{resources}}}\n")) == 200
