"""The guarantee of `--since`, over generated repositories: what is shown is what a full check would say, less the old.

Every finding of a file that changed, and every other that the old state had not: none is missed, none is too much.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.canonical import git_blob_id
from innominatus_cli.documents.revision_snapshot import RevisionSnapshot
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.operations import checking
from innominatus_cli.operations.checking import CheckRequest, check
from innominatus_cli.operations.dependents import Index, words_of
from innominatus_cli.operations.since import Comparison, check_since
from innominatus_cli.operations.validation import Validation
from innominatus_cli.system.git import TreeEntry

EXAMPLES = 60
NAMES = st.sampled_from(("a", "b", "a-b"))
IDENTITIES = st.sampled_from(("a", "b", "a-b", "shop/a", "shop/b", "pay/a", "embedded"))
TYPES = st.sampled_from(("script", "lint", "fmt"))
PARAMETERS = st.sampled_from(("ttl", "size"))
RESOURCES = st.sampled_from(("db", "cache", "volume"))


def maybe(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), st.just(""), text)


@st.composite
def listed(draw: st.DrawFn, key: str, items: st.SearchStrategy[str]) -> str:
    """A key with a list, which is sometimes written with an escape."""
    chosen = draw(st.lists(items, max_size=2, unique=True))
    shown = [f'"\\x{ord(one[0]):02x}{one[1:]}"' if draw(st.integers(0, 9)) == 0 else one for one in chosen]
    return f"{key}: [{', '.join(shown)}]"


@st.composite
def steps(draw: st.DrawFn, indent: str) -> str:
    """One or two steps."""
    written = []
    for name in draw(st.lists(st.sampled_from(("build", "test")), min_size=1, max_size=2, unique=True)):
        script = draw(
            st.one_of(
                st.just("make it"),
                PARAMETERS.map("echo ${{parameters.{}}}".format),
                IDENTITIES.map("echo ${{workflows.{}.outputs.url}}".format),
            )
        )
        kind = draw(TYPES)
        written.append(f"{indent}- name: {name}\n{indent}  type: {kind}\n{indent}  config: {{script: '{script}'}}\n")
    if draw(st.integers(0, 4)) == 0:
        part = draw(st.sampled_from(("workflows/parts/p.yaml", "parts/q.yaml", "p")))
        written.append(f"{indent}- name: part\n{indent}  type: workflow\n{indent}  workflow: {part}\n")
    return "".join(written)


@st.composite
def tier_workflow(draw: st.DrawFn, kind: str, product: str = "") -> str:
    """A workflow of the platform or a product."""
    metadata = [f"name: {draw(NAMES)}", "description: x", "owner: y"]
    metadata.append(f"phase: {draw(st.sampled_from(('pre-deployment', 'deployment')))}")
    metadata += [f"product: {product}"] if product else []
    metadata += filter(
        None, [draw(maybe(listed("dependsOn", IDENTITIES))), draw(maybe(IDENTITIES.map("overrides: {}".format)))]
    )
    ignore = draw(
        maybe(st.sampled_from(("2013", "2002", "2024")).map("# innominatus: ignore-file ORC-{} -- known\n".format))
    )
    outputs = draw(maybe(st.just("  outputs: {url: x}\n")))
    parameters = draw(maybe(PARAMETERS.map("  parameters: [{{name: {}, type: string}}]\n".format)))
    head = f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{{', '.join(metadata)}}}\nspec:\n"
    return f"{ignore}{head}  triggers: [all_deployments]\n{parameters}{outputs}  steps:\n{draw(steps('    '))}"


@st.composite
def part(draw: st.DrawFn) -> str:
    """A reusable workflow."""
    parameters = draw(maybe(PARAMETERS.map("  parameters: [{{name: {}, type: string}}]\n".format)))
    head = f"apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {{name: {draw(st.sampled_from('pq'))}}}\nspec:\n"
    return f"{head}{parameters}  steps:\n{draw(steps('    '))}"


@st.composite
def golden_path(draw: st.DrawFn) -> str:
    """A golden path, with or without a workflow of its own."""
    workflow = draw(maybe(st.sampled_from(("p", "q", "gone")).map(", workflow: workflows/parts/{}.yaml".format)))
    parameters = draw(maybe(PARAMETERS.map(", parameters: {{{}: {{type: string}}}}".format)))
    name = draw(st.sampled_from(("deploy", "preview")))
    return (
        f"apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata: {{name: {name}, description: x}}\n"
        f"spec: {{operation: deploy{workflow}{parameters}}}\n"
    )


@st.composite
def admin_config(draw: st.DrawFn) -> str:
    """The platform's decisions."""
    policies = [
        draw(maybe(listed("allowedStepTypes", TYPES))),
        draw(maybe(listed("requiredPlatformWorkflows", NAMES))),
        draw(maybe(listed("allowedProductWorkflows", IDENTITIES))),
    ]
    sections = [
        f"workflowPolicies: {{{', '.join(filter(None, policies))}}}",
        draw(maybe(st.sampled_from(("deploy", "preview")).map("defaultGoldenPath: {}".format))),
        draw(maybe(st.just("providers: [{name: x, type: filesystem, path: providers/x, enabled: true}]"))),
        draw(maybe(RESOURCES.map("resourceDefinitions: {{db: {}}}".format))),
        draw(maybe(st.sampled_from(("apps/*/score.yaml", "none/*.yaml")).map('applications: ["{}"]'.format))),
    ]
    return "".join(f"{section}\n" for section in sections if section)


@st.composite
def workload(draw: st.DrawFn) -> str:
    """A Score file of the house's dialect."""
    tag = draw(st.sampled_from(("1.0", "latest")))
    source = draw(maybe(st.just(", files: {/etc/x: {source: x.conf}}")))
    text = (
        f"apiVersion: score.dev/v1b1\nmetadata: {{name: {draw(st.sampled_from(('one', 'two', 'ONE')))}}}\n"
        f'containers:\n  web: {{image: "registry.example.com/web:{tag}"{source}}}\n'
    )
    resource = draw(maybe(RESOURCES.map("resources:\n  it: {{type: {}}}\n".format)))
    embedded = "workflows:\n  embedded:\n    steps:\n" + draw(steps("      ")) if draw(st.integers(0, 3)) == 0 else ""
    return text + resource + embedded


@st.composite
def provider(draw: st.DrawFn) -> str:
    """A provider of some types of resources."""
    types = draw(st.lists(RESOURCES, max_size=2, unique=True))
    capabilities = "".join(f"\n    - {{type: {kind}, operations: {{create: {{workflow: make}}}}}}" for kind in types)
    return (
        "apiVersion: v1\nkind: Provider\nmetadata: {name: x, version: 1.0.0}\n"
        f"capabilities:\n  resourceTypeCapabilities:{capabilities or ' []'}\n"
        f"workflows: [{{name: make, file: {draw(st.sampled_from(('make.yaml', '../p.yaml')))}}}]\n"
    )


POLICIES = listed("allowedStepTypes", TYPES).map(
    "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {{name: x}}\nspec: {{{}}}\n".format
)
STEP_TYPE = st.sampled_from(("lint", "fmt")).map(
    "apiVersion: workflow.dev/v1\nkind: StepType\n"
    "metadata: {{name: {}, description: x}}\nspec: {{command: [make]}}\n".format
)
FILES: Mapping[str, st.SearchStrategy[str]] = {
    "admin-config.yaml": admin_config(),
    "workflows/platform/a.yaml": tier_workflow("PlatformWorkflow"),
    "workflows/platform/b.yaml": tier_workflow("PlatformWorkflow"),
    "workflows/platform/B.yaml": tier_workflow("PlatformWorkflow"),
    "workflows/products/shop/a.yaml": tier_workflow("ProductWorkflow", "shop"),
    "workflows/products/shop/b.yaml": tier_workflow("ProductWorkflow", "shop"),
    "workflows/products/pay/a.yaml": tier_workflow("ProductWorkflow", "pay"),
    "workflows/parts/p.yaml": part(),
    "workflows/parts/q.yaml": part(),
    "workflows/golden-paths/deploy.yaml": golden_path(),
    "workflows/golden-paths/preview.yaml": golden_path(),
    "workflows/step-types/lint.yaml": STEP_TYPE,
    "workflows/step-types/fmt.yaml": STEP_TYPE,
    "workflows/policies/x.yaml": POLICIES,
    "providers/x/provider.yaml": provider(),
    "providers/x/make.yaml": part(),
    "apps/one/score.yaml": workload(),
    "apps/two/score.yaml": workload(),
    "apps/two/x.conf": st.sampled_from(("a=1\n", "a=2\n")),
}
BROKEN = st.sampled_from(("", "a: [\n", "kind: Nothing\n", "- 1\n", "\0"))
"""What may stand in place of a file's right content."""


@st.composite
def repositories(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and the same after a change of a few of its files."""
    old = {path: draw(text) for path, text in FILES.items() if draw(st.integers(0, 4))}
    new = dict(old)
    for path in draw(st.lists(st.sampled_from(sorted(FILES)), min_size=1, max_size=3, unique=True)):
        what = draw(st.integers(0, 9))
        if what == 0:
            new[path] = draw(BROKEN)
        elif what <= 2:
            new.pop(path, None)
        elif what == 3 and path in new:
            new[path] = f"# a remark\n{new[path]}"
        else:
            new[path] = draw(FILES[path])
    return old, new


class Blobs:
    """A commit that is kept in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = {path: text.encode() for path, text in files.items()}
        self.read = 0

    def tree(self, _commit: str) -> list[TreeEntry]:
        return [TreeEntry(path, "100644", git_blob_id(data)) for path, data in sorted(self.files.items())]

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        known = {git_blob_id(data): data for data in self.files.values()}
        return {one: known[one] for one in object_ids}


def _written(folder: Path, files: Mapping[str, str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def key(finding: Finding) -> tuple[object, ...]:
    return (
        finding.place.path,
        finding.place.line,
        finding.place.column,
        finding.code.number,
        finding.message,
        finding.place,
    )


def keys(found: Validation) -> Counter[tuple[object, ...]]:
    return Counter(key(one) for one in found.findings)


def since(folder: Path, old: Mapping[str, str]) -> tuple[Validation, Comparison]:
    request = CheckRequest(directory=str(folder), since="old")
    comparison = Comparison(str(folder.resolve()), RevisionSnapshot(Blobs(old), "old"), git_blob_id)
    found = check_since(lambda opened: checking._counted(request, None, opened), lambda _root: comparison)
    return found, comparison


def of_admin_config(finding: Finding) -> bool:
    is_error = finding.severity is Severity.ERROR and finding.code.number.startswith("ORC-1")
    return finding.place.path == "admin-config.yaml" and is_error


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("since")


@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(repositories())
def test_what_is_shown_is_what_is_new_and_what_is_in_changed_files(
    folders: Path, change: tuple[dict[str, str], dict[str, str]]
) -> None:
    old, new = change
    before = keys(check(CheckRequest(directory=str(_written(folders / "old", old)))))
    folder = _written(folders / "new", new)
    everything = check(CheckRequest(directory=str(folder)))
    shown, comparison = since(folder, old)
    changed = {path for path in {*old, *new} if path.endswith(".yaml") and old.get(path) != new.get(path)}
    assert changed <= comparison.counted
    expected: Counter[tuple[object, ...]] = Counter()
    for finding in everything.findings:
        before[key(finding)] -= 1
        if finding.place.path in comparison.counted or of_admin_config(finding) or before[key(finding)] < 0:
            expected[key(finding)] += 1
    assert keys(shown) == expected
    assert {one.place.path for one in everything.findings if one.place.path in changed} <= {
        one.place.path for one in shown.findings
    }


@given(repositories())
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_without_a_change_nothing_is_shown_or_checked(
    folders: Path, change: tuple[dict[str, str], dict[str, str]]
) -> None:
    old, _ = change
    shown, comparison = since(_written(folders / "new", old), old)
    assert comparison.counted == frozenset()
    assert [one for one in shown.findings if not of_admin_config(one)] == []
    assert shown.files == 0


def test_a_private_change_is_parsed_alone(tmp_path: Path) -> None:
    """A repository of many workflows, of which the script of one changed."""
    flow = (
        "apiVersion: workflow.dev/v1\nkind: ProductWorkflow\n"
        "metadata: {{name: flow-{0}, product: shop, description: x, owner: y, phase: deployment}}\n"
        "spec:\n  triggers: [product_deployment]\n  steps:\n"
        "    - {{name: work, type: script, config: {{script: make {0}}}}}\n"
    )
    old = {f"workflows/products/shop/flow-{number}.yaml": flow.format(number) for number in range(20)}
    old |= {
        "apps/one/score.yaml": "apiVersion: score.dev/v1b1\nmetadata: {name: one}\ncontainers: {web: {image: x:1}}\n"
    }
    old |= {"admin-config.yaml": "workflowPolicies: {allowedProductWorkflows: [shop/flow-7]}\n"}
    path = "workflows/products/shop/flow-7.yaml"
    new = {**old, path: old[path].replace("make 7", "make all")}
    shown, comparison = since(_written(tmp_path / "new", new), old)
    assert set(shown.kinds) == {path}
    assert set(comparison._after._loaded) <= {path, "admin-config.yaml"}


def test_names_are_found_by_their_words_whatever_is_around_them() -> None:
    index = Index(
        {"a.yaml": "dependsOn: [shop/pay-in]", "b.yaml": "x: pay", "c.yaml": 'x: "\\x70ay-in"', "d.yaml": "É: 1"}
    )
    assert index.with_name("pay-in") == {"a.yaml", "c.yaml"}
    assert index.with_name("shop/pay-in") == {"a.yaml", "c.yaml"}
    assert index.with_name("Pay") == {"b.yaml", "c.yaml"}
    assert index.with_name("e\u0301") == {"c.yaml", "d.yaml"}
    assert index.with_any(["pay", "nothing"]) == {"b.yaml", "c.yaml"}
    assert words_of("a.b/c_d-e@1.2") == {"a", "b", "c_d-e", "1", "2"}
