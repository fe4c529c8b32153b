"""Which provisioner makes a resource: precedence, classes, conflicts, versions, old spellings."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

import pytest

from innominatus_cli.checks.score import BUILT_IN_RESOURCE_TYPES
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.provisioners.choice import Choice, Kind
from innominatus_cli.provisioners.registry import PROVISIONERS, Registry, Wanted, registry_of

HERE = Place("score.yaml", 7, 5)
Make: TypeAlias = Callable[..., Registry]
PROVIDER = """
apiVersion: workflow.dev/v1
kind: Provider
metadata: {name: data, version: 1.2.0}
capabilities:
  resourceTypeCapabilities:
    - {type: db, operations: {create: {workflow: make}, delete: {workflows: [{name: a}, {name: drop}], default: drop}}}
    - {type: database, aliasFor: base}
    - {type: base, aliasFor: db}
    - {type: unmade, operations: {delete: {workflow: drop}}}
  resourceTypes: [db, listed]
workflows:
  - {name: make, file: make.yaml}
  - {name: a, file: make.yaml}
  - {name: drop, file: drop.yaml}
  - {name: provision-listed, file: gone.yaml}
"""


@pytest.fixture
def registry(tmp_path: Path) -> Make:
    """`registry(admin_config, files)`: the registry of a repository with these files."""

    def make(admin: str, files: dict[str, str] | None = None) -> Registry:
        for path, text in {"admin-config.yaml": admin, **(files or {})}.items():
            target = tmp_path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(dedent(text).lstrip("\n"))
        return registry_of(Repository(WorkingTreeSnapshot(tmp_path)))

    return make


def chosen(registry: Registry, kind: str, **wanted: str) -> Choice:
    found = registry.resolve(Wanted(kind, **wanted), HERE)
    assert isinstance(found, Choice), found
    return found


def refused(registry: Registry, kind: str, **wanted: str) -> Finding:
    found = registry.resolve(Wanted(kind, **wanted), HERE)
    assert isinstance(found, Finding), found
    return found


def test_rules_know_the_built_in_types() -> None:
    assert list(BUILT_IN_RESOURCE_TYPES) == sorted(PROVISIONERS)


def test_the_provisioner_of_a_product_goes_before_one_of_everybody_and_that_before_a_built_in_one(
    registry: Make,
) -> None:
    found = registry("""
        productProvisioners:
          - {product: shop, type: redis, name: of-shop, command: [redis]}
          - {type: redis, name: of-all, command: [redis]}
    """)
    assert chosen(found, "redis", product="shop").name == "of-shop"
    assert chosen(found, "redis", product="other").name == "of-all"
    assert chosen(found, "mysql").kind is Kind.BUILT_IN


def test_two_for_one_type_conflict_with_both_places(registry: Make) -> None:
    files = {f"{name}/{file}": PROVIDER for name in ("one", "two") for file in ("provider.yaml",)}
    files |= {f"{name}/{file}": "x: 1" for name in ("one", "two") for file in ("make.yaml", "drop.yaml")}
    found = registry(
        """
        providers:
          - {name: one, path: ./one, enabled: true}
          - {name: two, path: two/, enabled: true}
          - {name: off, path: one}
        """,
        files,
    )
    conflict = refused(found, "db")
    assert conflict.code.number == "ORC-3300"
    assert [str(one.place) for one in conflict.related] == ["one/provider.yaml:6:14", "two/provider.yaml:6:14"]


def test_a_provider_says_its_workflows_by_operation_and_aliases_are_followed(registry: Make) -> None:
    files = {"data/provider.yaml": PROVIDER, "data/make.yaml": "x: 1", "data/drop.yaml": "x: 1"}
    found = registry("providers: [{name: data, path: data, enabled: true}]", files)
    choice = chosen(found, "db")
    assert (choice.name, choice.version, choice.kind) == ("data", "1.2.0", Kind.WORKFLOW)
    assert choice.workflows == {"create": "data/make.yaml", "delete": "data/drop.yaml"}
    assert chosen(found, "database").own_type == "db"
    assert "no workflow that creates" in refused(found, "unmade").message
    assert "'data/gone.yaml' of its workflow 'provision-listed' does not exist" in refused(found, "listed").message


@pytest.mark.parametrize(("wanted", "usable"), [("^1.0", True), (">=2", False), ("nonsense", False)])
def test_a_provider_has_a_version_of_the_range_that_is_asked_for(registry: Make, wanted: str, usable: bool) -> None:
    files = {"data/provider.yaml": PROVIDER, "data/make.yaml": "x: 1", "data/drop.yaml": "x: 1"}
    found = registry(f"providers: [{{name: data, path: data, version: '{wanted}', enabled: true}}]", files)
    answer = found.resolve(Wanted("db"), HERE)
    assert isinstance(answer, Choice) is usable


def test_a_compiled_plug_in_says_what_takes_its_place_and_stands_in_nobodys_way(registry: Make) -> None:
    old = """
        productProvisioners:
          - {product: ecommerce, type: payment-gateway, provisioner: github.com/company/payment-gateway, version: 1.0.0}
          - {product: ecommerce, type: payment-gateway, name: p, plugin: ./provisioners/payment_gateway.so}
          - {product: ecommerce, type: payment-gateway, name: p, module: github.com/company/ecommerce-provisioners}
    """
    refusal = refused(registry(old), "payment-gateway", product="ecommerce")
    assert refusal.code.number == "ORC-3301"
    assert "is a Go module, which nothing loads here" in refusal.message
    assert "command:" in refusal.remedy
    entry = "{product: ecommerce, type: payment-gateway, name: new, module: 'payments:Gateway'}"
    new = f"{old.rstrip()}\n          - {entry}\n"
    assert chosen(registry(new), "payment-gateway", product="ecommerce").name == "new"


@pytest.mark.parametrize(
    ("written", "kind", "run"),
    [
        ("provisioner: 'pkg.mod:Class'", Kind.MODULE, ("pkg.mod:Class",)),
        ("provisioner: ./bin/x", Kind.COMMAND, ("./bin/x",)),
        ("plugin: ./bin/x", Kind.COMMAND, ("./bin/x",)),
        ("command: ./bin/x --flag 'two words'", Kind.COMMAND, ("./bin/x", "--flag", "two words")),
        ("entryPoint: queue", Kind.ENTRY_POINT, ("queue",)),
    ],
)
def test_old_and_new_spellings_are_read(registry: Make, written: str, kind: Kind, run: tuple[str, ...]) -> None:
    found = registry(f"productProvisioners: [{{type: queue, {written}}}]", {"bin/x": "#!/bin/sh\n"})
    choice = chosen(found, "queue")
    assert (choice.kind, choice.run) == (kind, run)
    assert choice.files == (("bin/x",) if kind is Kind.COMMAND else ())


def test_a_module_of_the_repository_is_made_of_its_files(registry: Make) -> None:
    files = {"lib/lake/__init__.py": "", "lib/lake/zones.py": "", "lib/other.py": ""}
    found = registry("productProvisioners: [{type: lake, module: 'lake:Lake', path: lib}]", files)
    assert chosen(found, "lake").files == ("lib/lake/__init__.py", "lib/lake/zones.py")


def test_score_files_match_by_class_and_id_and_the_first_entry_counts(registry: Make) -> None:
    text = """
        - {uri: "cmd://bash#large", type: db, class: large}
        - {uri: "cmd://bash#mine", type: db, id: shop.db}
        - {uri: "cmd://bash#any", type: db}
        - {uri: "cmd://bash#never", type: db}
    """
    found = registry("provisionerFiles: [.score-k8s]", {".score-k8s/10-db.provisioners.yaml": text})
    assert chosen(found, "db", class_="large").name == "cmd://bash#large"
    assert chosen(found, "db", id="shop.db").name == "cmd://bash#mine"
    assert chosen(found, "db", id="shop.other").name == "cmd://bash#any"


def test_a_class_that_nothing_makes_names_those_that_there_are(registry: Make) -> None:
    text = '- {uri: "cmd://bash", type: db, class: large}\n'
    found = registry("provisionerFiles: [p.provisioners.yaml]", {"p.provisioners.yaml": text})
    refusal = refused(found, "db", class_="lage")
    assert refusal.code.number == "ORC-3123"
    assert "large" in refusal.remedy


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{type: db}", "has no uri"),
        ("{uri: 'blah://x', type: db}", "neither 'cmd://…' nor 'template://…'"),
        ("{uri: 'cmd://bash'}", "has no type"),
        ("{uri: 'cmd://python3/extra', type: db}", "a path behind the name of a program"),
        ("{uri: 'cmd://user@python3', type: db}", "a user, a port or a query"),
        ("{uri: 'template://x', type: db, args: [a]}", "unknown key 'args'"),
        ("{uri: 'template://x', type: db, outputs: {a: b}}", "is a template, which is a text"),
        ("{uri: 'template://x', type: db, outputs: '{{ if }}'}", "a value is missing"),
    ],
)
def test_a_wrong_entry_is_told_and_not_used(registry: Make, entry: str, words: str) -> None:
    found = registry("provisionerFiles: [p.provisioners.yaml]", {"p.provisioners.yaml": f"- {entry}\n"})
    assert words in found.findings[0].message
    assert found.findings[0].place.line == 1
    assert refused(found, "db").code.number == "ORC-3123"
