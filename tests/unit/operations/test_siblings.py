"""`affected` compares once what siblings have in common, and says what planning everything says."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.operations.two_states import Search
from innominatus_cli.planning.request import Facts
from innominatus_cli.planning.workflows import WorkflowBuilder
from tests.unit.operations.test_kept_comparisons import Runs
from tests.unit.operations.test_two_states import Blobs, around

ADMIN = """\
admin: {{productFromName: true}}
env: [CI]
environments: {{development: {{variables: {{region: low}}}}}}
healthChecks: {{ready: {{type: http, url: "https://x.example.com/healthz"}}}}
secrets: {{token: {{store: local}}}}
workflowPolicies: {{{policies}}}
{more}
applications: ["apps/*.yaml"]
"""
POLICIES_OF_ALL = (
    *("",) * 6,
    "allowedStepTypes: [script, kubernetes, resource-provisioning, validation]",
    "allowedStepTypes: [script]",
    "maxStepsPerWorkflow: 2",
    "maxWorkflowDuration: 10m",
    "requiredPlatformWorkflows: [a, b]",
    "allowedProductWorkflows: [shop/a]",
    "workflowOverrides: {platform: true, product: true}",
    "security: {secretsAccess: {script: none}}",
)
MORE = ("", "", "", "policies: {enforceBackups: true}", "rollbackCoverage: [{minimum: 50}]")
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {{name: {name}{more}}}
containers: {{web: {{image: "registry.example.com/web:{tag}"{files}}}}}
resources: {{{resources}}}
{own}
"""
OWN = "workflows: {mine: {steps: [{name: s, type: script, config: {script: 'make ${workflows.a.outputs.url}'}}]}}"
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: {kind}
metadata: {{name: {name}, description: d, owner: o, phase: {phase}{metadata}}}
spec:
  triggers: [{trigger}]
  variables: {{level: {word}}}
{spec}  steps:
"""
NAMED = "config: {script: 'true'}"
STEPS = (
    "{name: static, type: script, timeout: 5m, config: {script: make}}",
    "{name: static, type: script, timeout: 20m, config: {script: make}}",
    "{name: other, type: script, timeout: 5m, config: {script: make}}",
    "{name: named, type: script, env: {A: '${application.name}'}, " + NAMED + "}",
    "{name: named, type: script, env: {A: 'x-${application.name}'}, " + NAMED + "}",
    "{name: named, type: script, env: {A: shop-web}, " + NAMED + "}",
    "{name: again, type: script, env: {A: '${application.name}'}, " + NAMED + "}",
    "{name: again, type: script, env: {A: shop-web}, " + NAMED + "}",
    "{name: region, type: script, config: {script: 'make ${environment.region} ${variables.level}'}}",
    "{name: when, type: script, if: \"application.name == 'shop-web'\", " + NAMED + "}",
    "{name: who, type: script, if: \"metadata.team == 'core'\", " + NAMED + "}",
    '{name: lacks, type: script, if: "metadata.team != null", ' + NAMED + "}",
    '{name: dbs, type: script, if: "resources.db != null", ' + NAMED + "}",
    "{name: loop, type: script, forEach: [a, b], env: {I: '${item}', A: '${application.name}'}, " + NAMED + "}",
    "{name: apply, type: kubernetes, config: {manifests: k8s/all, mode: render}}",
    "{name: ready, type: validation, config: {healthChecks: [ready]}}",
    "{name: secret, type: script, env: {T: '${secrets.token}'}, " + NAMED + "}",
    "{name: gate, type: script, approval: {teams: [sre], count: 1}, " + NAMED + "}",
    "{name: kept, type: script, outputs: [y], setVariables: {x: '${outputs.y}'}, " + NAMED + "}",
)
ASKING = (
    "{name: all, type: script, env: {T: '${application.product}', M: '${metadata.name}'}, " + NAMED + "}",
    "{name: apply, type: kubernetes, config: {manifests: apps, mode: render}}",
    "{name: team, type: script, env: {T: '${metadata.team}'}, " + NAMED + "}",
    "{name: team, type: script, env: {T: '{{ .metadata.team }}'}, " + NAMED + "}",
    "{name: text, type: script, config: {script: 'make ${application.name}'}}",
    "{name: url, type: script, env: {U: '${workflows.a.outputs.url}'}, " + NAMED + "}",
    '{name: mine, type: script, if: "workflows.shop-web/workload.outputs.url == null", ' + NAMED + "}",
    "{name: db, type: script, env: {D: '${resources.db.path}'}, " + NAMED + "}",
    "{name: call, type: workflow, workflow: c}",
    "{name: apply, type: kubernetes, config: {manifests: 'k8s/${application.name}', mode: render}}",
    "{name: apply, type: kubernetes, config: {workload: application, mode: render}}",
    "{name: outside, type: script, env: {C: '${git.commit}', I: '${env.CI}'}, " + NAMED + "}",
    "{name: provision-db, type: resource-provisioning, config: {resource: db, resourceType: sqlite}}",
)
WRONG = ("{name: wrong, type: script, config: {script: 'make ${application.nmae}'}}", "{name: wrong, type: nonsense}")
SPECS = (
    *("",) * 6,
    "  outputs: {url: there}\n",
    "  outputs: {url: '${application.name}'}\n",
    "  timeout: 3m\n",
    "  approval: {teams: [sre], count: 1}\n",
    "  parameters: [{name: size, type: string, default: '${environment.region}'}]\n",
    "  finally: [{name: last, type: script, config: {script: 'true'}}]\n",
    "  retry: {attempts: 2}\n",
)
PLATFORM, PRODUCT = ("a", "b", "c"), ("a", "b")


@st.composite
def workflows(draw: st.DrawFn, name: str, product: str) -> str:
    triggers = ("all_deployments", "all_deployments", "first_deployment", "manual")
    needs = f", dependsOn: [{'b' if name == 'a' else 'a'}]"
    metadata = ("",) * 12 + (needs, ", tags: [x]", ", phases: [post-deployment]")
    replaced = (", overrides: shop/a",) if not product else (", overrides: mine",)
    head = WORKFLOW.format(
        kind="ProductWorkflow" if product else "PlatformWorkflow",
        name=name,
        phase=draw(st.sampled_from(("pre-deployment", "deployment", "post-deployment"))),
        metadata=(f", product: {product}" if product else "") + draw(st.sampled_from(metadata + replaced)),
        trigger=draw(
            st.sampled_from(triggers if not product else ("product_deployment", "product_deployment", "manual"))
        ),
        word=draw(st.sampled_from(("low", "low", "high", "high", "'${application.name}'"))),
        spec=draw(st.sampled_from(SPECS)),
    )
    steps = draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=2, unique_by=lambda text: text.split(",")[0]))
    steps += [draw(st.sampled_from(ASKING))] if draw(st.integers(0, 9)) == 3 else []
    steps += [draw(st.sampled_from(WRONG))] if draw(st.integers(0, 90)) == 7 else []
    return head + "".join(f"    - {step}\n" for step in steps)


@st.composite
def applications(draw: st.DrawFn, name: str) -> str:
    is_plain = draw(st.integers(0, 4)) > 0
    more = ("", "", ", team: core", ", team: core", ", team: edge", ", product: shop, team: core")
    resources = ("", "", "db: {type: sqlite}", "db: {type: sqlite, params: {backup: daily}}", "cache: {type: sqlite}")
    return SCORE.format(
        name=name,
        more=draw(st.sampled_from(more)),
        tag=draw(st.sampled_from("12")),
        files="" if is_plain else draw(st.sampled_from(("", ", files: {/x: {source: x.conf}}"))),
        resources=draw(st.sampled_from(resources if is_plain else (*resources, "db: {type: nonsense}"))),
        own="" if is_plain else draw(st.sampled_from(("", "", OWN))),
    )


@st.composite
def repositories(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and what a change of one or two of its workflows makes of it; now and then of another file too."""
    texts: dict[str, st.SearchStrategy[str]] = {
        **{f"workflows/platform/{name}.yaml": workflows(name, "") for name in PLATFORM},
        **{f"workflows/products/shop/{name}.yaml": workflows(name, "shop") for name in PRODUCT},
    }
    written = tuple(texts)
    others: dict[str, st.SearchStrategy[str]] = {
        "admin-config.yaml": st.builds(
            ADMIN.format, policies=st.sampled_from(POLICIES_OF_ALL), more=st.sampled_from(MORE)
        ),
        **{
            f"apps/{name}.yaml": applications(name)
            for name in ("shop-web", "shop-api", "shop-x", "news-web", "news-api", "other")
        },
        "k8s/all/a.yaml": st.sampled_from(("a", "b")),
        "apps/x.conf": st.sampled_from(("a", "b")),
    }
    texts |= others
    gone = draw(st.sets(st.sampled_from(written), max_size=2))
    old = {path: draw(text) for path, text in texts.items() if path not in gone}
    new = dict(old)
    changed = [*draw(st.sets(st.sampled_from(written), min_size=1, max_size=2))]
    changed += [draw(st.sampled_from(tuple(others)))] if draw(st.integers(0, 4)) == 3 else []
    for path in changed:
        if path in new and path in written and draw(st.integers(0, 3)) == 0:
            del new[path]
        elif path in new and path in written and draw(st.booleans()):
            new[path] = "\n" + new[path].replace("make", draw(st.sampled_from(("make", "make all"))))
        else:
            new[path] = draw(texts[path])
    return old, new


FACTS = st.builds(
    Facts,
    st.booleans(),
    st.sampled_from(("no record", "record 1")),
    st.sampled_from(({}, {"CI": "true"})),
    st.sampled_from(({}, {"commit": "c0ffee"})),
)


def search(old: Mapping[str, str], new: Mapping[str, str], facts: Facts, *, everything: bool = False) -> Search:
    before, after = (CheckedOutSnapshot(Blobs(files), name) for files, name in ((old, "old"), (new, "new")))
    return Search(before, after, around()._replace(facts=lambda *_: facts), everything=everything)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(both=repositories(), facts=FACTS)
def test_whatever_changes_in_workflows_nothing_else_is_said_than_planning_everything_says(
    both: tuple[dict[str, str], dict[str, str]], facts: Facts
) -> None:
    assert [*search(*both, facts).affected()] == [*search(*both, facts, everything=True).affected()]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(both=repositories(), facts=st.tuples(FACTS, FACTS))
def test_what_is_kept_of_siblings_changes_nothing_that_is_said(
    tmp_path_factory: pytest.TempPathFactory,
    both: tuple[dict[str, str], dict[str, str]],
    facts: tuple[Facts, Facts],
) -> None:
    runs = Runs(tmp_path_factory.mktemp("repository"))
    old, new = both
    for before, after, one in (
        (old, old, facts[0]),
        (old, new, facts[0]),
        (old, new, facts[1]),
        (new, old, facts[0]),
        (old, old, facts[1]),
        (new, old, facts[1]),
    ):
        runs.same(before, after, one)


PLAIN = {
    "admin-config.yaml": ADMIN.format(policies="", more=""),
    "k8s/all/a.yaml": "a",
    **{
        f"apps/{name}.yaml": SCORE.format(name=name, more=more, tag="1", files="", resources=resources, own="")
        for name, more, resources in (
            ("shop-web", ", team: core", "db: {type: sqlite}"),
            ("shop-api", ", team: core", "db: {type: sqlite}"),
            ("shop-x", ", team: edge", "cache: {type: sqlite}"),
            ("news-web", ", team: core", ""),
            ("news-api", ", team: '${x'", ""),
        )
    },
}
USUAL = "{name: named, type: script, env: {A: '${application.name}'}, config: {script: make}}"


def platform(*steps: str, spec: str = "", phase: str = "post-deployment", **more: str) -> dict[str, str]:
    """The repository, whose platform has one workflow with these steps; `more` are other files."""
    head = WORKFLOW.format(
        kind="PlatformWorkflow", name="a", phase=phase, metadata="", trigger="all_deployments", word="low", spec=spec
    )
    return {**PLAIN, "workflows/platform/a.yaml": head + "".join(f"    - {step}\n" for step in steps), **more}


def env(value: str, name: str = "named") -> str:
    return f"{{name: {name}, type: script, env: {{A: {value}}}, config: {{script: make}}}}"


def script(text: str, more: str = "") -> str:
    return f"{{name: text, type: script{more}, config: {{script: {text}}}}}"


def manifests(path: str) -> str:
    return f"{{name: apply, type: kubernetes, timeout: 5m, config: {{manifests: {path}, mode: render}}}}"


LONGER = USUAL.replace("type: script", "type: script, timeout: 6m")
CHANGES: Mapping[str, tuple[dict[str, str], dict[str, str]]] = {
    "a timeout": (platform(USUAL), platform(LONGER)),
    "a variable of each": (platform(USUAL), platform(env("'x-${application.name}'"))),
    "a variable that is one's name": (platform(USUAL), platform(env("shop-api"))),
    "a step that was one's own": (platform(USUAL), platform(env("shop-api", "other"))),
    "a step more": (platform(USUAL), platform(USUAL, env("'${metadata.team}'", "more"))),
    "a template": (platform(env("'{{ .metadata.team }}'")), platform(env("'{{ .metadata.team }}-x'"))),
    "a text": (platform(script("'make ${application.name}'")), platform(script("'do ${application.name}'"))),
    "a condition": (
        platform(script("make", ", if: \"metadata.team == 'core'\"")),
        platform(script("make", ", if: \"metadata.team != 'core'\"")),
    ),
    "an error of one": (platform(USUAL), platform(LONGER, script("'make ${metadata.team}'"))),
    "an error of those without": (platform(USUAL), platform(LONGER, script("'make ${resources.db.path}'"))),
    "a resource": (
        platform(USUAL, script("make", ', if: "resources.db != null"')),
        platform(LONGER, script("make", ', if: "resources.db == null"')),
    ),
    "resources that are not there": (
        platform("{name: w, type: kubernetes, config: {workload: application, mode: render}}"),
        platform("{name: w, type: kubernetes, timeout: 3m, config: {workload: application, mode: render}}"),
    ),
    "an output": (
        platform(USUAL, spec="  outputs: {url: '${application.name}'}\n"),
        platform(USUAL, spec="  outputs: {url: 'x-${application.name}'}\n"),
    ),
    "a manifest among Score files": (platform(manifests("k8s/all")), platform(manifests("apps"))),
    "a change of one's own": (
        platform(USUAL),
        {**platform(LONGER), "apps/shop-api.yaml": PLAIN["apps/shop-api.yaml"].replace("web:1", "web:2")},
    ),
    "one with an error of its own": (
        platform(USUAL, **{"apps/shop-api.yaml": PLAIN["apps/shop-api.yaml"].replace("sqlite", "nonsense")}),
        platform(LONGER, **{"apps/shop-api.yaml": PLAIN["apps/shop-api.yaml"].replace("sqlite", "nonsense")}),
    ),
    "workflows of one's own": (
        platform(USUAL, spec="  outputs: {url: x}\n", phase="deployment")
        | {"apps/shop-api.yaml": PLAIN["apps/shop-api.yaml"] + OWN},
        platform(USUAL, spec="  outputs: {uri: x}\n", phase="deployment")
        | {"apps/shop-api.yaml": PLAIN["apps/shop-api.yaml"] + OWN},
    ),
    "an output of one's own workflow": (
        platform(script("make", ', if: "workflows.shop-api/workload.outputs.x == null"')),
        platform(script("make", ', if: "workflows.shop-api/workload == null"')),
    ),
    "a secret": (platform(USUAL), platform(env("'${secrets.token}'"))),
}
POLICIES_TRIED = (
    "",
    "maxStepsPerWorkflow: 1",
    "allowedStepTypes: [script]",
    "allowedStepTypes: [kubernetes, resource-provisioning]",
    "security: {secretsAccess: {script: none}}",
    "rollbackCoverage: [{minimum: 40}]",
)


@pytest.mark.parametrize("policies", POLICIES_TRIED)
@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_told_of_each_as_if_there_were_no_others(what: str, policies: str) -> None:
    ends = [{**end, "admin-config.yaml": ADMIN.format(policies=policies, more="")} for end in CHANGES[what]]
    for old, new in (ends, reversed(ends)):
        found = [*search(old, new, Facts()).affected()]
        assert found == [*search(old, new, Facts(), everything=True).affected()]


@pytest.mark.parametrize("what", ["a timeout", "a step more"])
def test_siblings_are_not_planned_one_by_one(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    build = WorkflowBuilder.build

    def counted(self: WorkflowBuilder) -> Any:
        made.append("plan")
        return build(self)

    monkeypatch.setattr(WorkflowBuilder, "build", counted)
    assert len([*search(*CHANGES[what], Facts()).affected()]) == 5
    assert len(made) == 4, "one of those with resources, one of those without, both at both ends"
