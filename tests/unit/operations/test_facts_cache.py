"""A check with a cache finds what one without finds, whatever was kept, changed or forged since."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents import loading
from innominatus_cli.operations import facts_cache, many_files, repository_check, repository_files
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.validation import Validation
from tests.unit.operations.edited_repositories import GOLDEN_PATH, STEP_TYPE, Writer, apply

CASES = Path(__file__).resolve().parents[2] / "cases"
REPOSITORIES = sorted(path for folder in ("err", "ok", "repos") for path in (CASES / folder).iterdir() if path.is_dir())
CACHE = Path("innominatus", "cache", "facts.v1")
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata: {{name: {name}, product: shop, description: x, owner: y, phase: deployment}}
spec:
  triggers: [product_deployment]
  timeout: 10m
  steps:
    - {{name: build, type: script, config: {{script: make {name}}}}}
    - {{name: build, type: script, config: {{script: make it}}}}
"""
"""With a mistake that does not depend on anything else: two steps with one name."""


@pytest.fixture(autouse=True)
def always_many(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every check is one of many files."""
    monkeypatch.setattr(repository_check, "FEW", 0)
    yield
    facts_cache.digest_of_code.cache_clear()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Four workflows, each with a mistake."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "workflows" / "products" / "shop"
    folder.mkdir(parents=True)
    for name in ("a", "b", "c", "d"):
        (folder / f"{name}.yaml").write_text(WORKFLOW.format(name=name))
    (tmp_path / "admin-config.yaml").write_text("admin: {}\n")
    return tmp_path


def checked(repository: Path, *, cache: bool = True) -> Validation:
    return check(CheckRequest((), str(repository), cache=cache, jobs=1))


def compare(repository: Path) -> Validation:
    """What a check with the cache finds, held against checks without it: one that lets nodes go, and one that keeps."""
    found = checked(repository)
    with pytest.MonkeyPatch.context() as patched:
        for most_nodes_kept in (0, 10_000):
            patched.setattr(repository_check, "FEW", most_nodes_kept)
            plain = checked(repository, cache=False)
            assert found.findings == plain.findings
            assert found.suppressed == plain.suppressed
            assert (found.files, found.kinds, found.sources) == (plain.files, plain.kinds, plain.sources)
    return found


def numbers(found: Validation) -> list[str]:
    return [finding.code.number for finding in found.findings]


def read_by(act: Callable[[], object]) -> list[str]:
    """The files whose text is read as YAML meanwhile."""
    read: list[str] = []
    usual = loading.load

    def noted(path: str, *more: Any) -> loading.Loaded:
        read.append(path)
        return usual(path, *more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(repository_files, "load", noted)
        act()
    return read


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
def test_edits_change_what_is_found_as_they_do_without_a_cache(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    writer = Writer(seed)
    repository = tmp_path_factory.mktemp("repository")
    (repository / ".git").mkdir()
    for most in (10, 3, 3, 3):
        apply(repository, writer.edits(most))
        compare(repository)
        compare(repository)
    shutil.rmtree(repository)


def test_edits_change_what_a_cache_gives_and_what_it_cannot_give(tmp_path: Path) -> None:
    """Random edits leave much of what is kept as it was, and make other files be looked at again."""
    given_and_checked = [0, 0]
    usual = many_files._known_files

    def counted(repository: repository_check.RepositoryCheck, paths: Any) -> dict[str, Any]:
        known = usual(repository, paths)
        given_and_checked[0] += len(known)
        given_and_checked[1] += len(paths) - len(known)
        return known

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(many_files, "_known_files", counted)
        for seed in range(36):
            writer, repository = Writer(seed), tmp_path / str(seed)
            (repository / ".git").mkdir(parents=True)
            for most in (10, 3, 3):
                apply(repository, writer.edits(most))
                checked(repository)
    assert min(given_and_checked) > 20, given_and_checked


@pytest.mark.parametrize("case", REPOSITORIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_case_is_the_same_from_a_cache(case: Path, tmp_path: Path) -> None:
    repository = tmp_path / "case"
    shutil.copytree(case, repository, symlinks=True)
    if not (repository / ".git").exists():
        (repository / ".git").mkdir()
    checked(repository)
    compare(repository)
    if not (repository / "admin-config.yaml").is_symlink():
        apply(repository, [("admin-config.yaml", STRICT)])
        compare(repository)


STRICT = """\
workflowPolicies:
  maxStepsPerWorkflow: 1
  maxWorkflowDuration: 1s
  allowedStepTypes: [terraform]
  allowedProductWorkflows: [a/b]
  requiredPlatformWorkflows: [security-scan]
secrets: {a: {}}
env: [HOME]
resourceDefinitions: {postgres: aws-rds}
"""


def test_an_unchanged_file_is_not_read_again(shop: Path) -> None:
    first = checked(shop)
    assert numbers(first).count("ORC-2001") == 4
    again: list[Validation] = []
    assert read_by(lambda: again.append(checked(shop))) == ["admin-config.yaml"]
    assert again[0].findings == first.findings
    assert sorted(read_by(lambda: checked(shop, cache=False)))[1:] == sorted(first.kinds)[1:]


def test_only_what_may_have_changed_is_read_again(shop: Path) -> None:
    checked(shop)
    (shop / "workflows/products/shop/b.yaml").write_text(WORKFLOW.format(name="b").replace("make it", "make all"))
    (shop / "workflows/products/shop/c.yaml").rename(shop / "workflows/products/shop/e.yaml")
    read = read_by(lambda: compare_codes(shop, {"ORC-2001", "ORC-2023"}))
    assert sorted(read) == ["admin-config.yaml", "workflows/products/shop/b.yaml", "workflows/products/shop/e.yaml"]


def compare_codes(repository: Path, wanted: set[str]) -> None:
    assert set(numbers(checked(repository))) == wanted


@pytest.mark.parametrize(
    ("policies", "wanted"),
    [
        ("maxStepsPerWorkflow: 1", "ORC-4008"),
        ("maxWorkflowDuration: 5m", "ORC-4006"),
        ("allowedStepTypes: [terraform]", "ORC-4004"),
        ("allowedProductWorkflows: [shop/x]", "ORC-4023"),
    ],
)
def test_policies_that_changed_meanwhile_judge_what_was_kept(shop: Path, policies: str, wanted: str) -> None:
    assert wanted not in numbers(compare(shop))
    (shop / "admin-config.yaml").write_text(f"workflowPolicies: {{{policies}}}\n")
    assert numbers(compare(shop)).count(wanted) in {4, 8}
    (shop / "admin-config.yaml").write_text("admin: {}\n")
    assert wanted not in numbers(compare(shop))
    (shop / "workflows/policies").mkdir()
    (shop / "workflows/policies/p.yaml").write_text(
        f"apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {{name: p}}\nspec: {{{policies}}}\n"
    )
    assert numbers(compare(shop)).count(wanted) in {4, 8}


HEAD = """\
apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: {name: w, description: x, owner: y, phase: deployment}
spec:
  triggers: [first_deployment]
"""
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: web}\ncontainers:\n  web:\n    image: example.com/web:1\n"
PLATFORM, WORKLOAD, ADMIN = "workflows/platform/w.yaml", "apps/score.yaml", "admin-config.yaml"


def one_step(text: str, more: str = "timeout: 1m") -> str:
    return f"{HEAD}  {more}\n  steps:\n    - {{name: s, {text}}}\n"


def script(text: str, more: str = "timeout: 1m") -> str:
    return one_step(f"type: script, config: {{script: '{text}'}}", more)


def called(more: str = "timeout: 1m") -> str:
    """A workflow that others call."""
    metadata = "metadata: {name: m, description: x, owner: y}"
    head = f"apiVersion: workflow.dev/v1\nkind: Workflow\n{metadata}\nspec:\n  {more}\n"
    return f"{head}  steps:\n    - {{name: s, type: script, config: {{script: x}}}}\n"


CALL = one_step("type: workflow, workflow: shared/m.yaml")
SURROUNDINGS = {
    "step type": (PLATFORM, one_step("type: lint"), "workflows/step-types/lint.yaml", STEP_TYPE, "ORC-2002"),
    "allowed types": (PLATFORM, script("x"), ADMIN, "workflowPolicies: {allowedStepTypes: [lint]}\n", "ORC-4004"),
    "health check": (
        PLATFORM,
        one_step("type: validation, config: {healthChecks: [up]}"),
        ADMIN,
        "healthChecks: {up: {type: dns, host: example.com}}\n",
        "ORC-2019",
    ),
    "no time": (
        PLATFORM,
        script("x", "outputs: {}") + "    - {name: t, type: script, config: {script: x}}\n",
        ADMIN,
        "workflowPolicies: {maxWorkflowDuration: 1h}\n",
        "ORC-2137",
    ),
    "name of a secret": (
        PLATFORM,
        one_step("type: script, env: {PASSWORD: hunter22}, config: {script: x}"),
        ADMIN,
        "secrets: {hunter22: {}}\n",
        "ORC-2158",
    ),
    "secret": (PLATFORM, script("x ${secrets.token}"), ADMIN, "secrets: {token: {}}\n", "ORC-2019"),
    "environment": (
        PLATFORM,
        script("x ${environment.zone}"),
        ADMIN,
        "environments: {dev: {variables: {zone: x}}}\n",
        "ORC-2015",
    ),
    "environment variable": (PLATFORM, script("x ${env.HOME}"), ADMIN, "env: [HOME]\n", "ORC-2019"),
    "parameter": (PLATFORM, script("x ${parameters.ttl}"), "workflows/goldenpaths.yaml", GOLDEN_PATH, "ORC-2153"),
    "template": (PLATFORM, script("x {{ .parameters.ttl }}"), "workflows/goldenpaths.yaml", GOLDEN_PATH, "ORC-2153"),
    "output": (
        PLATFORM,
        script("x ${workflows.v.outputs.url}"),
        "workflows/platform/v.yaml",
        script("x", "outputs: {url: x}").replace("name: w", "name: v").replace("deployment", "pre-deployment", 1),
        "ORC-2189",
    ),
    "secret in a condition": (
        PLATFORM,
        one_step("if: \"secrets.token == 'x'\", type: script, config: {script: x}"),
        ADMIN,
        "secrets: {token: {}}\n",
        "ORC-2019",
    ),
    "condition": (
        PLATFORM,
        one_step("if: \"environment.zone == 'x'\", type: script, config: {script: x}"),
        ADMIN,
        "environments: {dev: {variables: {zone: x}}}\n",
        "ORC-2015",
    ),
    "variable of the shell": (PLATFORM, script("x $zone", "variables: {zone: x}"), ADMIN, "env: [zone]\n", "ORC-2154"),
    "team": (
        PLATFORM,
        one_step("type: approval, config: {teams: [ops]}"),
        ADMIN,
        "teams: {ops: {members: [me]}}\n",
        "ORC-2140",
    ),
    "required": (PLATFORM, script("x"), ADMIN, "workflowPolicies: {requiredPlatformWorkflows: [w]}\n", "ORC-2027"),
    "required to fail": (
        PLATFORM,
        one_step("continueOnError: true, type: script, config: {script: x}"),
        ADMIN,
        "workflowPolicies: {requiredPlatformWorkflows: [w]}\n",
        "ORC-2142",
    ),
    "file": (WORKLOAD, f"{SCORE}    files: {{/x: {{source: data.txt}}}}\n", "apps/data.txt", "x\n", "ORC-2091"),
    "product": (
        WORKLOAD,
        SCORE.replace("name: web", "name: web, product: bank", 1),
        "workflows/products/bank/w.yaml",
        WORKFLOW.format(name="w").replace("shop", "bank"),
        "ORC-2203",
    ),
    "product in a label": (
        WORKLOAD,
        SCORE.replace("name: web", "name: web, labels: {innominatus.dev/product: bank}", 1),
        "workflows/products/bank/w.yaml",
        WORKFLOW.format(name="w").replace("shop", "bank"),
        "ORC-2203",
    ),
    "called workflow": (PLATFORM, CALL, "workflows/shared/m.yaml", called(), "ORC-2191"),
    "parameter of a call": (
        PLATFORM,
        CALL,
        "workflows/shared/m.yaml",
        called("parameters: [{name: ttl, type: string, required: true}]"),
        "ORC-2194",
    ),
    "output of a call": (
        PLATFORM,
        f"{CALL}    - {{name: t, type: script, config: {{script: 'x ${{steps.s.outputs.url}}'}}}}\n",
        "workflows/shared/m.yaml",
        called("outputs: {address: x}"),
        "ORC-2015",
    ),
    "call in a circle": (
        PLATFORM,
        CALL,
        "workflows/shared/m.yaml",
        called().replace("type: script, config: {script: x}", "type: workflow, workflow: platform/w.yaml"),
        "ORC-2192",
    ),
    "call of a product": (
        PLATFORM,
        one_step("type: workflow, workflow: bank/w"),
        "workflows/products/bank/w.yaml",
        WORKFLOW.format(name="w").replace("shop", "bank"),
        "ORC-2195",
    ),
    "inputs of a step type": (
        PLATFORM,
        one_step("type: lint, config: {strict: yes please}"),
        "workflows/step-types/lint.yaml",
        f"{STEP_TYPE}  inputs: {{type: object, properties: {{strict: {{type: boolean}}}}}}\n",
        "ORC-1035",
    ),
    "made of a type": (
        WORKLOAD,
        f"{SCORE}resources: {{db: {{type: sqlite}}}}\n",
        ADMIN,
        "resourceDefinitions: {sqlite: nobody}\n",
        "ORC-2121",
    ),
    "workflow of an application": (
        WORKLOAD,
        f"{SCORE}workflows: {{own: {{steps: [{{name: s, type: lint}}]}}}}\n",
        "workflows/step-types/lint.yaml",
        STEP_TYPE,
        "ORC-2002",
    ),
}
"""By what a file depends on: the file, what it says, what changes around it, to what, and the code that changes."""


@pytest.mark.parametrize("name", SURROUNDINGS)
def test_what_surrounds_a_file_that_was_kept_counts(shop: Path, name: str) -> None:
    path, text, changed, other, code = SURROUNDINGS[name]
    apply(shop, [(path, text)])
    before = [set(numbers(compare(shop))) for _ in range(2)]
    apply(shop, [(changed, other)])
    after = [set(numbers(compare(shop))) for _ in range(2)]
    assert code in before[0] ^ after[0]
    assert (before[0], after[0]) == (before[1], after[1])
    apply(shop, [(changed, "admin: {}\n" if changed == ADMIN else None)])
    assert set(numbers(compare(shop))) == before[0]


def test_another_workflows_root_makes_other_places_right(shop: Path) -> None:
    (shop / "apps").mkdir()
    (shop / "apps/score.yaml").write_text("apiVersion: score.dev/v1b1\nmetadata: {name: web}\ncontainers: {}\n")
    shutil.copytree(shop / "workflows/products/shop", shop / "flows/platform")
    compare(shop)
    (shop / "admin-config.yaml").write_text("workflowPolicies: {workflowsRoot: ./flows}\n")
    assert numbers(compare(shop)).count("ORC-1032") == 4
    (shop / "admin-config.yaml").write_text("admin: {}\n")
    assert "ORC-1032" not in numbers(compare(shop))


def test_what_is_judged_is_not_kept(shop: Path) -> None:
    (shop / "admin-config.yaml").write_text(STRICT)
    assert "ORC-4008" in numbers(checked(shop))
    assert not (shop / ".git" / CACHE).exists()


def test_another_tool_takes_nothing_and_leaves_its_own(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(shop)
    assert len(read_by(lambda: checked(shop))) == 1
    monkeypatch.setattr(facts_cache, "__version__", "99.0.0")
    facts_cache.digest_of_code.cache_clear()
    assert len(read_by(lambda: checked(shop))) == 5
    assert len(read_by(lambda: checked(shop))) == 1
    monkeypatch.undo()
    monkeypatch.setattr(repository_check, "FEW", 0)
    facts_cache.digest_of_code.cache_clear()
    assert len(read_by(lambda: checked(shop))) == 1


@pytest.mark.parametrize("package", ["Jinja2", "PyYAML"])
def test_another_parser_makes_other_keys(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    before = facts_cache.digest_of_code.__wrapped__()
    usual = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0" if name == package else usual(name))
    assert facts_cache.digest_of_code.__wrapped__() != before


def test_a_changed_rule_makes_other_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    (package / "operations").mkdir(parents=True)
    (package / "rule.py").write_text("x = 1\n")
    monkeypatch.setattr(facts_cache, "__file__", str(package / "operations" / "facts_cache.py"))
    before = facts_cache.digest_of_code.__wrapped__()
    times = (package / "rule.py").stat()
    (package / "rule.py").write_text("x = 2\n")
    os.utime(package / "rule.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    changed = facts_cache.digest_of_code.__wrapped__()
    (package / "rule.py").rename(package / "operations" / "rule.py")
    assert len({before, changed, facts_cache.digest_of_code.__wrapped__()}) == 3


def test_a_cache_does_not_grow_for_ever(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts_cache, "_KEPT_UNUSED", 1)
    sizes = []
    for number in range(8):
        text = WORKFLOW.format(name="b").replace("make it", f"make {number}")
        (shop / "workflows/products/shop/b.yaml").write_text(text)
        checked(shop)
        sizes.append((shop / ".git" / CACHE).stat().st_size)
    assert sizes[-1] <= 2 * sizes[0]
    monkeypatch.setattr(facts_cache, "_MOST_BYTES", 10)
    (shop / ".git" / CACHE).unlink()
    compare(shop)
    assert not (shop / ".git" / CACHE).exists()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "no lines": lambda data: data.replace(b"\n", b""),
    "no text": lambda data: bytes(255 - byte for byte in data),
    "cut": lambda data: data[: len(data) // 2],
    "only keys": lambda data: b"\n".join(line[:32] for line in data.split(b"\n")),
    "numbers": lambda data: b"\n".join(line[:33] + b"9" * 5000 for line in data.split(b"\n")),
    "deep": lambda data: b"\n".join(line[:33] + b"[" * 100_000 for line in data.split(b"\n")),
    "nulls": lambda data: b"\n".join(line[:33] + b"[null,null,null]" for line in data.split(b"\n")),
    "objects": lambda data: data.replace(b"[", b"{").replace(b"]", b"}"),
    "larger than any": lambda data: data + b"x" * (33 * 1024 * 1024),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_broken_cache_is_none(shop: Path, broken: str) -> None:
    checked(shop)
    file = shop / ".git" / CACHE
    file.write_bytes(BROKEN[broken](file.read_bytes()))
    compare(shop)
    compare(shop)


def forged(file: Path, change: Callable[[list[Any]], object]) -> None:
    """Changes every entry of a cache, whose keys stay right."""
    lines = []
    for line in file.read_bytes().splitlines():
        entry = json.loads(line[33:])
        change(entry)
        lines.append(line[:33] + json.dumps(entry).encode() + b"\n")
    file.write_bytes(b"".join(lines))


def every_change(value: Any, at: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield (*at, number)
            yield from every_change(one, (*at, number))


@pytest.mark.parametrize("other", [None, -1, 10**30, 1.5, "\ud800", [[]], {}, True], ids=repr)
def test_a_forged_value_in_any_place_crashes_nothing(shop: Path, other: Any) -> None:
    from innominatus_cli.reports.formats import render

    checked(shop)
    file = shop / ".git" / CACHE
    good = file.read_bytes()
    places = list(every_change(json.loads(good.splitlines()[0][33:])))
    assert len(places) > 30
    for place in places:

        def put(entry: Any, place: tuple[int, ...] = place) -> None:
            for number in place[:-1]:
                entry = entry[number]
            entry[place[-1]] = other

        file.write_bytes(good)
        forged(file, put)
        render(checked(shop), "text", strict=False, colour=False)


def test_a_forged_document_that_is_not_there_crashes_nothing(shop: Path) -> None:
    checked(shop)
    forged(shop / ".git" / CACHE, lambda entry: entry[0].extend(entry[0] * 3))
    assert checked(shop).findings


@pytest.mark.parametrize("change", ["place", "related", "far", "fix", "kind"])
def test_what_no_check_would_have_kept_is_not_taken(shop: Path, change: str) -> None:
    def forge(entry: list[Any]) -> None:
        finding = next(one for one in entry[2] if one[0] == "ORC-2001")
        match change:
            case "place":
                finding[2][0] = "admin-config.yaml"
            case "related":
                finding[4][0][1][0] = "admin-config.yaml"
            case "far":
                finding[2][2] = 10**9
            case "fix":
                finding[6] = ["x", [["a", 1, 1, 1, 1, "x"]]]
            case _:
                entry[0][0][0] = "AdminConfig"

    checked(shop)
    forged(shop / ".git" / CACHE, forge)
    compare(shop)


def test_a_link_in_place_of_the_cache_is_not_read_and_is_replaced(shop: Path, tmp_path_factory: Any) -> None:
    checked(shop)
    file, elsewhere = shop / ".git" / CACHE, tmp_path_factory.mktemp("elsewhere") / "facts.v1"
    shutil.move(file, elsewhere)
    kept = elsewhere.read_bytes()
    file.symlink_to(elsewhere)
    assert len(read_by(lambda: checked(shop))) == 5
    assert elsewhere.read_bytes() == kept
    assert not file.is_symlink()


@pytest.mark.parametrize("linked", ["innominatus", "innominatus/cache"])
def test_nothing_is_written_behind_a_linked_folder(shop: Path, tmp_path_factory: Any, linked: str) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (shop / ".git" / linked).parent.mkdir(parents=True, exist_ok=True)
    (shop / ".git" / linked).symlink_to(elsewhere)
    compare(shop)
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_something_else_in_place_of_the_cache_is_left_alone(shop: Path, kind: str) -> None:
    file = shop / ".git" / CACHE
    file.parent.mkdir(parents=True)
    if kind == "fifo":
        os.mkfifo(file)
    else:
        (file / "x").mkdir(parents=True)
    compare(shop)
    compare(shop)
    assert kind == "fifo" or (file / "x").is_dir()


def test_a_git_directory_that_is_a_link_is_not_used(shop: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (shop / ".git").rmdir()
    (shop / ".git").symlink_to(elsewhere)
    compare(shop)
    assert not list(elsewhere.iterdir())


def test_a_cache_of_somebody_else_is_not_used(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked(shop)
    kept = (shop / ".git" / CACHE).read_bytes()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert len(read_by(lambda: checked(shop))) == 5
    assert (shop / ".git" / CACHE).read_bytes() == kept


def test_no_git_directory_is_no_cache(shop: Path) -> None:
    (shop / ".git").rmdir()
    compare(shop)
    assert not (shop / ".git").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_git_directory_that_nobody_may_write_is_no_cache(shop: Path) -> None:
    (shop / ".git").chmod(0o500)
    compare(shop)
    compare(shop)
    (shop / ".git").chmod(0o700)
    assert not list((shop / ".git").iterdir())


def test_a_disk_that_refuses_is_no_cache(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "mkdir", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    compare(shop)
    monkeypatch.undo()
    monkeypatch.setattr(repository_check, "FEW", 0)
    checked(shop)
    (shop / ".git" / CACHE).write_bytes(b"")
    monkeypatch.setattr(os, "replace", refuse)
    compare(shop)
    assert [path.name for path in (shop / ".git" / CACHE).parent.iterdir()] == ["facts.v1"]


def test_a_directory_that_does_not_name_the_worktree_is_not_written_to(shop: Path, tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (shop / ".git").rmdir()
    (shop / ".git").write_text(f"gitdir: {elsewhere}\n")
    compare(shop)
    (elsewhere / "gitdir").write_text("/somewhere/else/.git\n")
    compare(shop)
    assert [path.name for path in elsewhere.iterdir()] == ["gitdir"]


@pytest.mark.parametrize("text", ["", "gitdir: ", "gitdir: \0x", "gitdir: ..", "x" * 9000, "gitdir: " + "../" * 900])
def test_a_git_file_that_names_nothing_is_no_cache(shop: Path, text: str) -> None:
    (shop / ".git").rmdir()
    (shop / ".git").write_text(text)
    compare(shop)


def test_a_check_without_cache_reads_and_writes_none(shop: Path) -> None:
    checked(shop, cache=False)
    assert not list((shop / ".git").iterdir())
    checked(shop)
    assert len(read_by(lambda: checked(shop, cache=False))) == 5


def test_what_can_be_mended_is_found_anew(shop: Path) -> None:
    path = shop / "workflows/products/shop/a.yaml"
    path.write_text(WORKFLOW.format(name="a").replace("type: script", "type: scrpt", 1))
    first = compare(shop)
    assert any(finding.fix for finding in first.findings)
    assert compare(shop).findings == first.findings
    assert "workflows/products/shop/a.yaml" in read_by(lambda: checked(shop))


@pytest.mark.parametrize("wish", ["fix", "diff"])
def test_mending_uses_no_cache(shop: Path, wish: str) -> None:
    check(CheckRequest((), str(shop), jobs=1, fix=wish == "fix", diff=wish == "diff"))
    assert not list((shop / ".git").iterdir())
