"""`affected` compares once what siblings have in common, and says what planning everything says."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.operations.two_states import Search
from innominatus_cli.planning.request import Facts
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
