"""`affected`: nothing is missed against planning everything, documents are read once, equal changes are told once."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.canonical import git_blob_id
from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.vocabulary import Phase, Tier
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.two_states import Around, Search
from innominatus_cli.planning.request import Facts
from innominatus_cli.planning.step_memo import StepMemo
from innominatus_cli.policies.policy_set import PolicySet, policy_set
from innominatus_cli.system.git import TreeEntry
from innominatus_cli.system.git_identity import Identity

NOW = "2026-01-01T00:00:00Z"
ADMIN = """\
admin: {{productFromName: {from_name}, defaultCostCenter: {cost}}}
environments: {{development: {{variables: {{region: {region}}}}}}}
healthChecks: {{ready: {{type: http, url: "https://{region}.example.com/healthz"}}}}
workflowPolicies: {{allowedStepTypes: [{types}]}}
secrets: {{token: {{store: local}}}}
applications: ["apps/**/*.yaml"]
"""
POLICIES = """\
apiVersion: workflow.dev/v1
kind: WorkflowPolicies
metadata: {{name: limits, description: d, owner: o}}
spec: {{maxConcurrentWorkflows: {most}, maxStepsPerWorkflow: {steps}}}
"""
GOLDEN = """\
apiVersion: workflow.dev/v1
kind: GoldenPath
metadata: {{name: deploy-app, description: {word}, version: "1.0"}}
spec: {{operation: deploy{workflow}}}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}{product}}}
containers:
  web: {{image: "registry.example.com/web:{tag}"{files}}}
"""
HEAD = """\
apiVersion: workflow.dev/v1
kind: {kind}
metadata: {{name: {name}, description: d, owner: o, phase: {phase}{product}}}
spec:
  triggers: [{trigger}]
  variables: {{level: {word}}}
  steps:
"""
STEPS = (
    '    - {name: static, type: script, timeout: 5m, config: {script: "make all"}}\n',
    '    - {name: static, type: script, timeout: 6m, config: {script: "make all"}}\n',
    '    - {name: named, type: script, env: {A: "${application.name}"}, config: {script: "make ${variables.level}"}}\n',
    '    - {name: region, type: script, config: {script: "make ${environment.region}"}}\n',
    "    - {name: ready, type: validation, config: {healthChecks: [ready]}}\n",
    "    - {name: apply, type: kubernetes, config: {manifests: k8s/all, mode: render}}\n",
    '    - {name: apply, type: kubernetes, config: {manifests: "k8s/${application.name}", mode: render}}\n',
    "    - {name: apply, type: kubernetes, config: {manifests: ., mode: render}}\n",
    "    - {name: apply, type: kubernetes, config: {workload: application, mode: render}}\n",
    "    - {name: secret, type: script, env: {T: '${secrets.token}'}, config: {script: 'true'}}\n",
    "    - {name: gate, type: script, approval: {teams: [sre], count: 1}, config: {script: 'true'}}\n",
    "    - {name: when, type: script, if: \"application.name == 'shop-web'\", config: {script: 'true'}}\n",
    "    - {name: kept, type: script, setVariables: {x: '${outputs.y}'}, outputs: [y], config: {script: 'true'}}\n",
    "    - {name: loop, type: script, forEach: [a, b], env: {I: '${item}'}, config: {script: 'true'}}\n",
    "    - {name: each, type: kubernetes, forEach: [all], config: {manifests: 'k8s/${item}', mode: render}}\n",
    "    - {name: call, type: workflow, workflow: seed}\n",
    "    - {name: own, type: notify, config: {who: ada}}\n",
)
WRONG = (
    '    - {name: wrong, type: script, config: {script: "make ${application.nmae}"}}\n',
    "    - {name: unknown, type: nonsense}\n",
)
WORDS = st.sampled_from(("low", "high"))


@st.composite
def workflow(draw: st.DrawFn, kind: str, name: str, product: str = "") -> str:
    triggers = ("all_deployments", "first_deployment", "manual") if not product else ("product_deployment", "manual")
    phase = draw(st.sampled_from(("pre-deployment", "deployment", "post-deployment")))
    head = HEAD.format(
        kind=kind,
        name=name,
        phase=phase,
        product=f", product: {product}" if product else "",
        trigger=draw(st.sampled_from(triggers)),
        word=draw(WORDS),
    )
    steps = draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=3, unique_by=lambda text: text.split(",")[0]))
    wrong = draw(st.sampled_from(WRONG)) if draw(st.integers(0, 40)) == 7 else ""
    return head + "".join(steps) + wrong


@st.composite
def score(draw: st.DrawFn) -> str:
    files = draw(st.sampled_from(("", "", "", ", files: {/etc/x: {source: x.conf}}")))
    return SCORE.format(
        name=draw(st.sampled_from(("shop-web", "shop-api", "news-web"))),
        product=draw(st.sampled_from(("", ", product: shop", ", product: news", ", product: none"))),
        tag=draw(st.sampled_from(("1", "2"))),
        files=files,
    )


OWN_TYPE = """\
kind: StepType
apiVersion: workflow.dev/v1
metadata: {{name: {name}, version: 1.0.0, description: d, owner: o}}
spec:
  inputs:
    type: object
    properties: {{who: {{type: string}}, file: {{type: string, x-path: true, default: notes.md}}}}
  command: ["echo", "${{inputs.who}}", "{word}"]
"""
SEED = HEAD.replace("[{trigger}]", "[manual]").replace("{name}", "seed")


@st.composite
def seed(draw: st.DrawFn) -> str:
    phase, word = draw(st.sampled_from(("deployment", "pre-deployment"))), draw(WORDS)
    head = SEED.format(kind="PlatformWorkflow", phase=phase, product="", word=word)
    return head + draw(st.sampled_from((STEPS[0], STEPS[1], STEPS[2], STEPS[5])))


TEXTS: Mapping[str, st.SearchStrategy[str]] = {
    "admin-config.yaml": st.builds(
        ADMIN.format,
        from_name=st.sampled_from(("true", "false")),
        cost=WORDS,
        region=WORDS,
        types=st.sampled_from(("script, kubernetes, validation, notify", "kubernetes, script", "script")),
    ),
    "workflows/policies/limits.yaml": st.builds(POLICIES.format, most=st.integers(1, 2), steps=st.integers(1, 3)),
    "workflows/golden-paths/deploy.yaml": st.builds(
        GOLDEN.format, word=WORDS, workflow=st.sampled_from(("", "", ", workflow: ../own.yaml"))
    ),
    "workflows/own.yaml": workflow("PlatformWorkflow", "own"),
    "workflows/platform/a.yaml": workflow("PlatformWorkflow", "a"),
    "workflows/platform/b.yaml": workflow("PlatformWorkflow", "b"),
    "workflows/platform/seed.yaml": seed(),
    "workflows/step-types/notify.yaml": st.builds(OWN_TYPE.format, name=st.just("notify"), word=WORDS),
    "workflows/platform/deep/c.yaml": workflow("PlatformWorkflow", "c"),
    "workflows/products/shop/a.yaml": workflow("ProductWorkflow", "a", "shop"),
    "workflows/products/shop/b.yaml": workflow("ProductWorkflow", "b", "shop"),
    "workflows/products/news/a.yaml": workflow("ProductWorkflow", "a", "news"),
    "apps/one/score.yaml": score(),
    "apps/two/score.yaml": score(),
    "apps/two/x.conf": WORDS,
    "x.conf": WORDS,
    "apps/two/other.yaml": score(),
    "apps/three.yaml": score(),
    "apps/four.yaml": score(),
    "k8s/all": WORDS,
    "k8s/all/a.yaml": WORDS,
    "k8s/all/b.yaml": WORDS,
    "k8s/shop-web/a.yaml": WORDS,
    "workflows/platform/k8s/all/a.yaml": WORDS,
    "notes.md": WORDS,
}


LIKELY = tuple(path for path in TEXTS if path != "k8s/all")
READ_BY_STEPS = tuple(path for path in TEXTS if "k8s" in path or path.endswith("x.conf"))
"""Changed more often than others: only what a step asks tells that they count."""


@st.composite
def states(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and what a change of a few of its files makes of it."""
    paths = set(LIKELY) - draw(st.sets(st.sampled_from(LIKELY), max_size=6))
    old = {path: draw(TEXTS[path]) for path in sorted(paths)}
    new = dict(old)
    changing = st.sets(st.sampled_from(sorted(TEXTS)), max_size=2), st.sets(st.sampled_from(READ_BY_STEPS), max_size=2)
    for path in sorted({path for some in changing for path in draw(some)}):
        if path in new and draw(st.booleans()):
            del new[path]
        else:
            new[path] = draw(TEXTS[path])
    if "k8s/all" in new:
        new = {path: text for path, text in new.items() if not path.startswith("k8s/all/")}
    return old, new


class Blobs:
    """The tree of one commit, in memory."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._blobs = {git_blob_id(text.encode()): text.encode() for text in files.values()}
        self._entries = [TreeEntry(path, "100644", git_blob_id(text.encode())) for path, text in files.items()]

    def tree(self, commit: str) -> list[TreeEntry]:
        assert commit
        return self._entries

    def read_blobs(self, object_ids: Iterable[str]) -> dict[str, bytes]:
        return {object_id: self._blobs[object_id] for object_id in object_ids}

    def blob_sizes(self, object_ids: Iterable[str]) -> dict[str, int]:
        return {object_id: len(self._blobs[object_id]) for object_id in object_ids}


def around(**changed: Any) -> Around:
    facts = Facts(env={"CI": "true"}, git={"commit": "c0ffee"})
    who = Identity("Ada", "ada@shop.example", "git config")
    given: dict[str, Any] = {"policies": None, "wish": PlanWish(list_others=False), **changed}
    return Around(given["wish"], Path("/"), lambda _repository, _request: facts, who, NOW, given["policies"])


def search(old: Mapping[str, str], new: Mapping[str, str], *, everything: bool = False, **changed: Any) -> Search:
    before, after = (CheckedOutSnapshot(Blobs(files), name) for files, name in ((old, "old"), (new, "new")))
    return Search(before, after, around(**changed), everything=everything)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(both=states())
def test_nothing_is_missed_against_planning_everything(both: tuple[dict[str, str], dict[str, str]]) -> None:
    quick, thorough = search(*both), search(*both, everything=True)
    assert [*quick.affected()] == [*thorough.affected()]
    assert quick.planned <= thorough.planned


GOOD = {
    "admin-config.yaml": ADMIN.format(from_name="true", cost="low", region="low", types="script, kubernetes"),
    "workflows/platform/scan.yaml": HEAD.format(
        kind="PlatformWorkflow", name="scan", phase="deployment", product="", trigger="all_deployments", word="low"
    )
    + STEPS[0]
    + "    - {name: apply, type: kubernetes, config: {manifests: k8s/all, mode: render}}\n",
    "workflows/products/news/README.md": "nothing yet",
    "k8s/all/a.yaml": "a",
    **{f"apps/{n}.yaml": SCORE.format(name=f"app-{n}", product="", tag=n, files="") for n in range(20)},
}


def test_documents_are_read_once_and_plans_made_only_where_they_can_differ() -> None:
    other = {**GOOD, "apps/7.yaml": SCORE.format(name="app-7", product="", tag="new", files="")}
    found = search(GOOD, other)
    (one,) = found.affected()
    assert (one.path, one.how, one.effects) == ("apps/7.yaml", "changed", ("1 step changed", "inputs changed"))
    assert found.parsed == len(GOOD) - 2 + 1, "every document, and the other state of the one that changed"
    assert found.planned <= 3


def test_a_file_that_is_none_of_anybodys_plans_nothing_again() -> None:
    found = search(GOOD, {**GOOD, "README.md": "words", "k8s/other/a.yaml": "b", "workflows/products/x/a.yaml": "x"})
    assert [*found.affected()] == []
    assert found.planned == 1, "the first application tells which files the steps of the workflows read"


def test_a_file_of_a_step_that_all_have_in_common_affects_all_of_them() -> None:
    found = [*search(GOOD, {**GOOD, "k8s/all/b.yaml": "b"}).affected()]
    assert len(found) == 20
    assert {one.effects for one in found} == {("1 step changed", "files that steps read changed")}


def test_a_file_that_was_looked_for_and_is_there_now_counts() -> None:
    found = [*search(GOOD, {**GOOD, "workflows/platform/k8s/all": "a file beside the workflow comes first"}).affected()]
    assert len(found) == 20


@pytest.mark.parametrize("each", ["forEach: [all], config: {manifests: 'k8s/${item}', mode: render}", None])
def test_a_file_that_two_steps_read_affects_both_of_them(each: str | None) -> None:
    text = GOOD["workflows/platform/scan.yaml"]
    first = each or "config: {manifests: k8s/all, mode: render}, timeout: 7m"
    added = text.replace("  steps:\n", f"  steps:\n    - {{name: each, type: kubernetes, {first}}}\n")
    old = {**GOOD, "workflows/platform/scan.yaml": added}
    new = {**old, "k8s/all/a.yaml": "b"}
    found = [*search(old, new).affected()]
    assert len(found) == 20
    assert found == [*search(old, new, everything=True).affected()]


def test_a_policy_affects_plans_that_stay_what_they_are() -> None:
    strict = {**GOOD, "admin-config.yaml": GOOD["admin-config.yaml"].replace("[script, kubernetes]", "[script]")}
    found = [*search(GOOD, strict).affected()]
    assert {one.newly_refused for one in found} == {True}
    assert {one.effects for one in found} == {("refused",)}
    back = [*search(strict, GOOD).affected()]
    assert {one.effects for one in back} == {("no longer refused",)}


def test_one_set_of_policies_for_both_states_refuses_nothing_that_stays() -> None:
    strict = {**GOOD, "admin-config.yaml": GOOD["admin-config.yaml"].replace("[script, kubernetes]", "[script]")}
    policies = policy_set(Repository(CheckedOutSnapshot(Blobs(strict), "x")))
    found = [*search(GOOD, strict, policies=lambda _organization: policies).affected()]
    assert not any(one.newly_refused for one in found)


OF_ACME = {
    **{f"apps/{n}.yaml": SCORE.format(name=f"app-{n}", product="", tag=n, files="") for n in range(3)},
    "apps/1.yaml": SCORE.format(name="app-1", product=", organization: acme", tag=1, files=""),
    "workflows/orgs/acme/policies/own.yaml": "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\n"
    "metadata: {name: own}\nspec: {allowedStepTypes: [script, kubernetes]}\n",
    "workflows/orgs/acme/policies/limits.yaml": POLICIES.format(most=9, steps=99),
}


@pytest.mark.parametrize("everything", [False, True])
def test_policies_of_an_organisation_judge_its_applications_only(everything: bool) -> None:
    old = {**GOOD, **OF_ACME}
    own = "workflows/orgs/acme/policies/own.yaml"
    strict = {**old, own: old[own].replace("[script, kubernetes]", "[script]")}
    (found,) = search(old, strict, everything=everything).affected()
    assert (found.path, found.effects) == ("apps/1.yaml", ("refused",))
    assert {one.code.number for one in found.raised} == {"ORC-4004"}
    without = {path: text for path, text in strict.items() if path != own}
    (found,) = search(strict, without, everything=everything).affected()
    assert (found.path, found.effects) == ("apps/1.yaml", ("no longer refused",))


def test_policies_of_another_revision_are_asked_for_by_organisation() -> None:
    asked: list[str] = []

    def policies(organization: str) -> PolicySet:
        asked.append(organization)
        return PolicySet()

    other = {**GOOD, **OF_ACME, "workflows/platform/scan.yaml": GOOD["workflows/platform/scan.yaml"] + "# more\n"}
    assert [*search({**GOOD, **OF_ACME}, other, policies=policies).affected()]
    assert sorted(set(asked)) == ["", "acme"]


def test_specs_come_go_break_and_are_mended() -> None:
    wrong = {**GOOD, "apps/3.yaml": GOOD["apps/3.yaml"].replace("app-3", "${nonsense}")}
    new = {**GOOD, "apps/new.yaml": GOOD["apps/1.yaml"]}
    del new["apps/2.yaml"]
    assert [(one.path, one.how) for one in search(GOOD, new).affected()] == [
        ("apps/2.yaml", "removed"),
        ("apps/new.yaml", "added"),
    ]
    (broken,) = search(GOOD, wrong).affected()
    assert (broken.how, broken.newly_broken, bool(broken.findings)) == ("broken", True, True)
    (mended,) = search(wrong, GOOD).affected()
    assert (mended.how, mended.newly_broken) == ("mended", False)


def with_variables(env: str) -> dict[str, str]:
    """The repository, in which one step that all applications share has these environment variables."""
    scan = "workflows/platform/scan.yaml"
    step = f"    - {{name: named, type: script, env: {{{env}}}, config: {{script: make}}}}\n"
    return {**GOOD, scan: GOOD[scan] + step}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("A: '${application.name}'", "A: 'x-${application.name}'"),
        ("A: '${application.name}'", "A: '${application.name}', B: '${metadata.name}'"),
        ("A: '${application.name}'", "A: '${application.name}', T: '${secrets.token}'"),
        ("A: '${secrets.token}'", "A: '${git.commit}'"),
        ("A: '${application.name}'", "A: '${git.branch}'"),
        ("A: '${variables.level}'", "A: '${level}'"),
        ("A: plain", "$ref: '${application.name}'"),
    ],
)
def test_a_step_that_names_its_application_in_variables_is_everybodys_own(was: str, now: str) -> None:
    ends = with_variables(was), with_variables(now)
    found = [*search(*ends).affected()]
    assert found == [*search(*ends, everything=True).affected()]
    assert len(found) == 20


def test_variables_are_those_of_each_application() -> None:
    ends = with_variables("A: '${application.name}'"), with_variables("A: 'x-${application.name}'")
    for one in search(*ends).affected():
        (change,) = one.comparison.steps
        assert [(detail.was, detail.now) for detail in change.details] == [(one.name, f"x-{one.name}")]


def test_a_node_is_shared_only_with_the_same_needs() -> None:
    node = PlannedStep(id="a/b", name="b", phase=Phase.DEPLOYMENT, tier=Tier.PLATFORM)
    memo = StepMemo()
    first = memo.place(node, ["x"])
    assert (first.needs, memo.place(node, ["y"]).needs) == (["x"], ["y"])
    assert memo.place(node, ["x"]) is first
    assert memo.place(node.model_copy(), ["x"]) is not first
