"""Tests of planning: which workflows, in which order, with which inputs, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.score_overrides import Overrides, apply_overrides
from innominatus_cli.documents.snapshot import WorkingTreeSnapshot
from innominatus_cli.documents.vocabulary import Operation
from innominatus_cli.expressions.values import references_in
from innominatus_cli.findings.finding import Severity
from innominatus_cli.planning.planner import plan_application
from innominatus_cli.planning.request import Deployed, DeployedResource, Facts, PlanOutcome, PlanRequest

Planner: TypeAlias = Callable[..., PlanOutcome]


def workflow(
    name: str = "w",
    steps: str = "[{name: s, type: script, config: {script: 'true'}}]",
    *,
    phase: str = "pre-deployment",
    trigger: str = "all_deployments",
    product: str | None = None,
    more: str = "",
    spec: str = "",
) -> str:
    kind, owner = ("ProductWorkflow", f", product: {product}") if product else ("PlatformWorkflow", "")
    return (
        f"apiVersion: workflow.dev/v1\nkind: {kind}\n"
        f"metadata: {{name: {name}, phase: {phase}, description: d, owner: o{owner}{more}}}\n"
        f"spec:\n  triggers: [{trigger}]\n  steps: {steps}\n{spec}"
    )


def made(outcome: PlanOutcome) -> Plan:
    assert outcome.plan is not None, [f"{f.place} {f.code.number} {f.message}" for f in outcome.findings]
    return outcome.plan


def codes(outcome: PlanOutcome) -> set[str]:
    return {finding.code.number for finding in outcome.findings}


def ids(plan: Plan) -> list[str]:
    return [step.id for step in plan.steps]


ADMIN = {"admin-config.yaml": "workflowPolicies: {}\n"}
PRODUCT = "workflows/products/shop"


def test_without_admin_config_the_application_tier_runs_alone_and_says_what_is_off(plan: Planner) -> None:
    outcome = plan({"workflows/platform/w.yaml": workflow()})
    assert {workflow.tier for workflow in made(outcome).workflows} == {"application"}
    (warning,) = outcome.findings
    assert warning.code.number == "ORC-3043"
    assert "admin-config.yaml" in warning.help


def test_a_malformed_admin_config_is_an_error_and_never_ignored(plan: Planner) -> None:
    outcome = plan({"admin-config.yaml": "policies: [1\n"})
    assert outcome.plan is None
    assert outcome.findings[0].place.path == "admin-config.yaml"


def test_tiers_and_phases_come_in_order_with_barriers_between(plan: Planner) -> None:
    outcome = plan(
        {
            **ADMIN,
            "workflows/platform/after.yaml": workflow("after", phase="post-deployment"),
            "workflows/platform/scan.yaml": workflow("scan"),
            f"{PRODUCT}/db.yaml": workflow("db", product="shop", trigger="product_deployment"),
        }
    )
    assert ids(made(outcome)) == [
        "pre-deployment/platform/-/scan/s",
        "pre-deployment/platform",
        "pre-deployment/product/shop/db/s",
        "pre-deployment/product",
        "deployment/application/-/resources/provision-db",
        "deployment/application/-/resources",
        "deployment/application/-/workload/deploy-application",
        "deployment/application",
        "post-deployment/platform/-/after/s",
        "post-deployment/platform",
    ]
    needs = {step.id: step.needs for step in made(outcome).steps}
    assert needs["pre-deployment/product/shop/db/s"] == ["pre-deployment/platform"]
    assert needs["deployment/application/-/resources/provision-db"] == ["pre-deployment/product"]
    assert needs["post-deployment/platform/-/after/s"] == ["deployment/application"]


SCORE = "apiVersion: score.dev/v1b1\nmetadata: {{name: shop-web{}}}\ncontainers: {{web: {{image: 'x:1'}}}}\n"


@pytest.mark.parametrize(
    ("metadata", "admin", "planned"),
    [
        (", product: shop", "{}", True),
        (", annotations: {innominatus.dev/product: shop}", "{}", True),
        (", labels: {innominatus.dev/product: shop}", "{}", True),
        ("", "{}", False),
        ("", "{admin: {productFromName: true}}", True),
        (", product: other", "{admin: {productFromName: true}}", False),
    ],
)
def test_only_a_declared_product_brings_product_workflows_in(
    plan: Planner, metadata: str, admin: str, planned: bool
) -> None:
    outcome = plan(
        {
            "admin-config.yaml": f"{admin}\n",
            "score.yaml": SCORE.format(metadata),
            f"{PRODUCT}/w.yaml": workflow(product="shop", trigger="product_deployment"),
        }
    )
    assert any(one.tier == "product" for one in made(outcome).workflows) is planned
    assert bool(outcome.absent) is not planned


def test_a_first_deployment_is_a_fact_with_evidence_and_only_where_it_is_asked_for(plan: Planner) -> None:
    files = {**ADMIN, "workflows/platform/seed.yaml": workflow("seed", trigger="first_deployment")}
    first = made(plan(files))
    later = plan(files, Facts(first_deployment=False, first_deployment_evidence="record .innominatus/runs/1.json"))
    fact = {one.name: (one.value, one.evidence) for one in made(later).inputs}["first_deployment"]
    assert fact == (False, "record .innominatus/runs/1.json")
    assert "seed" in [one.name for one in first.workflows]
    assert "not the first deployment" in later.absent[0].reason
    assert first.digest != made(later).digest


def test_a_fact_that_nobody_asks_for_changes_no_digest(plan: Planner) -> None:
    files = {**ADMIN, "workflows/platform/w.yaml": workflow()}
    assert made(plan(files)).digest == made(plan(files, Facts(first_deployment=False, git={"commit": "1"}))).digest


def test_a_manual_workflow_comes_when_it_is_named(plan: Planner) -> None:
    files = {**ADMIN, f"{PRODUCT}/fix.yaml": workflow("fix", product="shop", trigger="manual")}
    assert "named with --workflow" in plan(files).absent[0].reason
    assert "shop/fix" in [one.identity for one in made(plan(files, workflows=("shop/fix",))).workflows]
    assert codes(plan(files, workflows=("shop/fx",))) >= {"ORC-3020"}


def test_naming_a_workflow_without_the_trigger_manual_is_refused(plan: Planner) -> None:
    files = {**ADMIN, "workflows/platform/w.yaml": workflow(trigger="first_deployment")}
    assert codes(plan(files, Facts(first_deployment=False), workflows=("w",))) >= {"ORC-3021"}


def test_a_workflow_of_several_phases_runs_in_each(plan: Planner) -> None:
    text = workflow(more=", phases: [pre-deployment, post-deployment]").replace("phase: pre-deployment, ", "")
    found = [one.id for one in made(plan({**ADMIN, "workflows/platform/w.yaml": text})).workflows]
    assert {"pre-deployment/platform/-/w", "post-deployment/platform/-/w"} <= set(found)


def test_a_workflow_that_others_depend_on_has_a_barrier_of_its_own(plan: Planner) -> None:
    files = {
        **ADMIN,
        "workflows/platform/a.yaml": workflow("a", more=", dependsOn: [b]"),
        "workflows/platform/b.yaml": workflow("b"),
    }
    needs = {step.id: step.needs for step in made(plan(files)).steps}
    assert needs["pre-deployment/platform/-/a/s"] == ["pre-deployment/platform/-/b"]
    assert needs["pre-deployment/platform"] == ["pre-deployment/platform/-/a/s"]


def test_between_two_large_groups_stands_a_barrier_and_no_square_of_edges(plan: Planner) -> None:
    steps = "".join(
        f"\n  - {{name: s{group}-{i}, type: script, parallelGroup: {group}, config: {{script: 'true'}}}}"
        for group in (1, 2, 3)
        for i in range(6)
    )
    plan_ = made(plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps)}))
    first = plan_.step("pre-deployment/platform/-/w/[1]")
    assert first.kind == "barrier"
    assert first.needs == [f"pre-deployment/platform/-/w/s1-{i}" for i in range(6)]
    assert plan_.step("pre-deployment/platform/-/w/s2-5").needs == ["pre-deployment/platform/-/w/[1]"]
    assert plan_.step("pre-deployment/platform/-/w/s3-0").needs == ["pre-deployment/platform/-/w/[2]"]
    assert sum(len(step.needs) for step in plan_.steps) < 40


def test_workflows_in_a_circle_are_refused(plan: Planner) -> None:
    files = {
        **ADMIN,
        "workflows/platform/a.yaml": workflow("a", more=", dependsOn: [b]"),
        "workflows/platform/b.yaml": workflow("b", more=", dependsOn: [a]"),
    }
    (finding,) = [one for one in plan(files).findings if one.code.number == "ORC-3025"]
    assert "a → b → a" in finding.message


def test_static_references_become_values_and_later_ones_stay_references(plan: Planner) -> None:
    steps = """
    - {name: make, type: script, config: {script: "true"}, outputs: [id]}
    - name: use
      type: script
      env: {APP: "${application.name}-${environment.name}", ID: "${make.id}", TEAM: "${metadata.team}", W: "${w}"}
      config: {script: "true"}
"""
    text = workflow(steps=steps, spec="  variables: {w: x1}\n")
    step = made(plan({**ADMIN, "workflows/platform/w.yaml": text})).step("pre-deployment/platform/-/w/use")
    assert step.env == {
        "APP": "shop-web-development",
        "ID": {"$ref": "steps.make.outputs.id"},
        "TEAM": "storefront",
        "W": "x1",
    }


def test_an_unresolved_reference_is_an_error_at_its_line_and_column(plan: Planner) -> None:
    text = workflow(steps='\n  - {name: s, type: script, env: {A: "x ${metadata.taem}"}, config: {script: "true"}}')
    (finding,) = [one for one in plan({**ADMIN, "workflows/platform/w.yaml": text}).findings if "taem" in one.message]
    line = text.splitlines()[finding.place.line - 1]
    assert line[finding.place.column - 1 :].startswith("${metadata.taem}")
    assert "team" in finding.help


def test_the_workload_holds_references_and_the_words_of_the_score_file(plan: Planner) -> None:
    step = made(plan({})).step("deployment/application/-/workload/deploy-application")
    variables = step.inputs["workload"]["containers"]["web"]["variables"]
    assert variables == {"DB": {"$template": [{"$json": "resources.db.path"}]}}
    assert references_in(step.inputs) == {"resources.db.path"}


def test_resources_are_provisioned_in_the_order_of_their_placeholders_and_routes_last(plan: Planner) -> None:
    score = """
        apiVersion: score.dev/v1b1
        metadata: {name: shop-web}
        service: {ports: {http: {port: 80}}}
        containers: {web: {image: "x:1"}}
        resources:
          a-cache: {type: volume, params: {near: "${resources.z-db.path}"}}
          z-db: {type: sqlite, id: shared}
          entry: {type: route, params: {host: x.localhost}}
    """
    plan_ = made(plan({"score.yaml": score}))
    assert [step.name for step in plan_.steps if step.kind == "step"] == [
        "provision-z-db",
        "provision-a-cache",
        "deploy-application",
        "provision-entry",
    ]
    cache = plan_.step("deployment/application/-/resources/provision-a-cache")
    assert cache.inputs["params"] == {"near": {"$template": [{"$json": "resources.z-db.path"}]}}


def test_a_resource_with_two_names_is_provisioned_once_behind_what_either_needs(plan: Planner) -> None:
    score = """
        apiVersion: score.dev/v1b1
        metadata: {name: app}
        containers:
          web: {image: 'x:1', variables: {A: '${resources.one.path}', B: '${resources.two.path}'}}
        resources:
          one: {type: volume, id: shared}
          two: {type: volume, id: shared, params: {size: '${resources.dep.name}'}}
          dep: {type: sqlite}
    """
    made_plan = made(plan({"score.yaml": score}))
    steps = {step.name: step for step in made_plan.steps if step.type == "resource-provisioning"}
    assert list(steps) == ["provision-dep", "provision-one"]
    assert steps["provision-one"].needs == ["deployment/application/-/resources/provision-dep"]
    assert steps["provision-one"].inputs["params"] == {"size": {"$template": [{"$json": "resources.dep.name"}]}}
    assert steps["provision-one"].description == "volume 'one' and 'two' of the Score file"
    (deploy,) = [step for step in made_plan.steps if step.type == "kubernetes"]
    variables = deploy.inputs["workload"]["containers"]["web"]["variables"]
    assert variables == {name: {"$template": [{"$json": "resources.one.path"}]} for name in ("A", "B")}


OVERRIDES = "containers: {web: {image: 'x:2'}}\nresources: {extra: {type: sqlite}}\n"


def _overridden(folder: Path, file: str, *properties: str) -> PlanOutcome:
    """The plan of a small Score file, with an overrides file and properties put into it."""
    (folder / "score.yaml").write_text(SCORE.format(""))
    (folder / "prod.yaml").write_text(file)
    repository = Repository(WorkingTreeSnapshot(folder))
    overrides = Overrides("prod.yaml", file.encode(), properties)
    repository.amend("score.yaml", lambda document: apply_overrides(document, overrides), {})
    request = PlanRequest(environment="development", score_path="score.yaml", overrides=overrides)
    return plan_application(repository, request, Facts())


def test_overrides_are_planned_from_and_stand_among_sources_and_inputs(tmp_path: Path) -> None:
    found = made(_overridden(tmp_path, OVERRIDES, "containers.web.args=[-v]", "metadata.team="))
    (deploy,) = [step for step in found.steps if step.type == "kubernetes"]
    assert deploy.inputs["workload"]["containers"]["web"] == {"image": "x:2", "args": ["-v"]}
    (extra,) = [step for step in found.steps if step.name == "provision-extra"]
    assert extra.provenance is not None
    assert (extra.provenance.path, extra.provenance.line, extra.provenance.column) == ("prod.yaml", 2, 20)
    assert [(source.path, source.role) for source in found.sources] == [
        ("prod.yaml", "document"),
        ("score.yaml", "document"),
    ]
    assert [(one.name, one.value, one.evidence) for one in found.inputs if one.name.startswith("score.")] == [
        ("score.containers.web.args", ["-v"], "argument --override-property"),
        ("score.metadata.team", None, "argument --override-property"),
    ]


def test_another_overrides_file_is_another_plan(tmp_path: Path) -> None:
    first = made(_overridden(tmp_path, OVERRIDES))
    again = made(_overridden(tmp_path, OVERRIDES))
    other = made(_overridden(tmp_path, OVERRIDES + "# the same values\n"))
    assert first.digest == again.digest
    assert first.digest != other.digest


@pytest.mark.parametrize(
    ("file", "properties", "place"),
    [
        ("containers: [\n", (), "prod.yaml:2:1"),
        ("containers: {web: {image: 5}}\n", (), "prod.yaml:1:27"),
        ("resources: {db: {type: volume, params: {a: '${resources.x.y}'}}}\n", (), "prod.yaml:1:45"),
        ("{}\n", ("containers.web.image=5",), "--override-property:1:22"),
        ("{}\n", ("containers.web",), "--override-property:1:1"),
        ("{}\n", ("resources.db.params.a=${resources.x.y}", "resources.db.type=volume"), "--override-property:1:23"),
    ],
)
def test_what_is_wrong_with_overrides_stands_in_the_way_of_a_plan_at_its_own_place(
    tmp_path: Path, file: str, properties: tuple[str, ...], place: str
) -> None:
    outcome = _overridden(tmp_path, file, *properties)
    assert outcome.plan is None
    assert place in [str(finding.place) for finding in outcome.findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("score", "code", "place"),
    [
        ("metadata: {name: 9to5}\nservice: {ports: {http: {port: 80}}}\n", "ORC-2109", "score.yaml:2:18"),
        ("metadata: {name: ok}\nresources: {entry: {type: route}}\n", "ORC-2119", "score.yaml:3:27"),
        ("metadata: {name: ok}\ncontainers: {web: {image: .}}\n", "ORC-2120", "score.yaml:3:27"),
        (
            "metadata: {name: ok}\nservice: {ports: {aa: {port: 1}, bb: {port: 1}}}\n",
            "ORC-2111",
            "score.yaml:3:45",
        ),
    ],
)
def test_what_kubernetes_will_refuse_is_an_error_where_the_plan_deploys_to_it(
    plan: Planner, score: str, code: str, place: str
) -> None:
    containers = "" if "containers" in score else "containers: {web: {image: 'x:1'}}\n"
    text = f"apiVersion: score.dev/v1b1\n{score}{containers}"
    outcome = plan({"score.yaml": text})
    assert outcome.plan is None
    assert [(str(one.place), one.severity) for one in outcome.findings if one.code.number == code] == [(place, "error")]
    own = {
        "score.yaml": text,
        "own.yaml": "kind: Workflow\nsteps: [{name: a, type: script, config: {script: 'true'}}]\n",
    }
    paths = {"goldenpaths.yaml": "goldenpaths: {own: {workflow: own.yaml}}\n"}
    assert plan({**own, **paths}, golden_path="own").plan is not None


def test_the_dialects_environment_is_resolved_where_the_file_has_one(plan: Planner) -> None:
    score = """
        apiVersion: score.dev/v1b1
        metadata: {name: shop}
        environment: {type: production, ttl: 2h}
        containers:
          web: {image: 'x:1', variables: {A: '${environment.type}-${environment.ttl}', B: '$${environment.type}'}}
    """
    (deploy,) = [step for step in made(plan({"score.yaml": score})).steps if step.type == "kubernetes"]
    variables = deploy.inputs["workload"]["containers"]["web"]["variables"]
    assert variables == {"A": "development-2h", "B": "${environment.type}"}
    assert codes(plan({"score.yaml": score.replace("environment.ttl", "environment.tll")})) >= {"ORC-3040"}
    alone = score.replace("environment: {type: production, ttl: 2h}", "")
    assert codes(plan({"score.yaml": alone})) >= {"ORC-3040"}


def test_resource_types_go_through_the_definitions_of_admin_config(plan: Planner) -> None:
    files = {"admin-config.yaml": "resourceDefinitions: {sqlite: volume}\n"}
    step = made(plan(files)).step("deployment/application/-/resources/provision-db")
    assert step.inputs["resourceType"] == "volume"


def test_resources_that_need_each_other_are_refused(plan: Planner) -> None:
    score = """
        apiVersion: score.dev/v1b1
        metadata: {name: shop-web}
        containers: {web: {image: "x:1"}}
        resources:
          aa: {type: volume, params: {x: "${resources.bb.path}"}}
          bb: {type: volume, params: {x: "${resources.aa.path}"}}
    """
    assert plan({"score.yaml": score}).plan is None


def test_a_path_is_found_beside_the_workflow_first_and_covers_every_file_of_a_folder(plan: Planner) -> None:
    steps = "[{name: s, type: script, config: {script: 'true', files: [data, top.sh]}}]"
    outcome = plan(
        {
            **ADMIN,
            "workflows/platform/w.yaml": workflow(steps=steps),
            "workflows/platform/data/b.sql": "select 2;\n",
            "workflows/platform/data/a.sql": "select 1;\n",
            "data/wrong.sql": "x\n",
            "top.sh": "true\n",
        }
    )
    step = made(outcome).step("pre-deployment/platform/-/w/s")
    assert step.inputs["files"] == ["workflows/platform/data", "top.sh"]
    assert step.input_files == ["top.sh", "workflows/platform/data/a.sql", "workflows/platform/data/b.sql"]
    sources = {source.path: source.role for source in made(outcome).sources}
    assert sources["top.sh"] == "input"
    assert sources["workflows/platform/w.yaml"] == "document"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../../../etc/passwd", "ORC-3033"),
        ("/etc/passwd", "ORC-3033"),
        ("missing", "ORC-3032"),
        ("${make.path}", "ORC-3034"),
        (".git/config", "ORC-3032"),
    ],
)
def test_a_path_that_cannot_be_covered_is_refused(plan: Planner, path: str, code: str) -> None:
    steps = (
        "\n  - {name: make, type: script, config: {script: 'true'}, outputs: [path]}"
        f"\n  - {{name: s, type: script, config: {{script: 'true', files: ['{path}']}}}}"
    )
    assert code in codes(plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps)}))


def test_names_become_entries_of_the_tables_as_the_environment_has_them(plan: Planner) -> None:
    admin = """
        healthChecks:
          api:
            type: http
            url: https://api.example.com
            environments: {development: {type: dns, host: localhost}}
        secrets: {token: {generate: true}}
    """
    steps = """
    - {name: s, type: validation, config: {healthChecks: [api]}}
    - {name: v, type: vault-setup, config: {secrets: [token]}}
"""
    plan_ = made(plan({"admin-config.yaml": admin, "workflows/platform/w.yaml": workflow(steps=steps)}))
    check = plan_.step("pre-deployment/platform/-/w/s").inputs["healthChecks"][0]
    assert (check["name"], check["type"], check["host"]) == ("api", "dns", "localhost")
    assert "url" not in check
    assert plan_.step("pre-deployment/platform/-/w/v").secrets == ["token"]


def test_an_undefined_name_is_refused_with_near_ones(plan: Planner) -> None:
    files = {
        "admin-config.yaml": "secrets: {stripe-api-key: {generate: true}}\n",
        "workflows/platform/w.yaml": workflow(
            steps="[{name: v, type: vault-setup, config: {secrets: [stripe-api-ky]}}]"
        ),
    }
    outcome = plan(files)
    assert outcome.plan is None
    assert any("stripe-api-key" in finding.help for finding in outcome.findings)


def test_values_from_the_environment_and_git_are_listed_only_where_they_are_used(plan: Planner) -> None:
    admin = {"admin-config.yaml": "env: [CI, OTHER]\n"}
    steps = "[{name: s, type: script, env: {A: '${env.CI}', B: '${git.commit}'}, config: {script: 'true'}}]"
    facts = Facts(env={"CI": "yes", "OTHER": "x", "HOME": "/root"}, git={"commit": "abc", "branch": "main"})
    outcome = plan({**admin, "workflows/platform/w.yaml": workflow(steps=steps)}, facts)
    inputs = {one.name: one.evidence for one in made(outcome).inputs}
    assert inputs.keys() == {"env.CI", "environment", "git.commit", "golden_path"}
    assert inputs["env.CI"] == "environment variable CI"
    hidden = steps.replace("env.CI", "env.HOME")
    assert plan({**admin, "workflows/platform/w.yaml": workflow(steps=hidden)}, facts).plan is None


def test_conditions_are_trees_with_static_parts_folded(plan: Planner) -> None:
    steps = """
    - {name: build, type: script, config: {script: "true"}, outputs: [v]}
    - {name: s, type: script, if: "${environment.name} == 'development' and build.v == 'x'", config: {script: "true"}}
    - {name: clean, type: script, if: failure(), config: {script: "true"}}
"""
    plan_ = made(plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps)}))
    tree = plan_.step("pre-deployment/platform/-/w/s").conditions.if_tree
    assert tree["op"] == "and"
    assert references_in({"$ref": tree["args"][0]["args"][0]["ref"]}) == {"steps.build.outputs.v"}
    assert plan_.step("pre-deployment/platform/-/w/clean").conditions.when == "always"


def test_a_wrong_condition_is_an_error(plan: Planner) -> None:
    steps = "[{name: s, type: script, if: 'a ==', config: {script: 'true'}}]"
    assert plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps)}).plan is None


def test_finally_steps_stand_behind_everything_and_before_the_barrier(plan: Planner) -> None:
    spec = "  finally: [{name: clean, type: script, config: {script: 'true'}}]\n"
    steps = """
    - {name: a, type: script, config: {script: "true"}}
    - {name: b, type: script, dependsOn: [], config: {script: "true"}}
"""
    plan_ = made(plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps, spec=spec)}))
    clean = plan_.step("pre-deployment/platform/-/w/clean")
    assert clean.cleanup
    assert clean.needs == ["pre-deployment/platform/-/w/a", "pre-deployment/platform/-/w/b"]
    assert plan_.step("pre-deployment/platform").needs == ["pre-deployment/platform/-/w/clean"]


GOLDEN_PATH = """
    apiVersion: workflow.dev/v1
    kind: GoldenPath
    metadata: {name: preview, description: d, owner: o}
    spec:
      operation: deploy
      workflow: ../preview.yaml
      parameters:
        ttl: {type: duration, default: 2h}
        token: {secret: true, default: "${secrets.token}"}
"""
PREVIEW = """
    apiVersion: workflow.dev/v1
    kind: Workflow
    metadata: {name: preview}
    spec:
      steps:
        - name: up
          type: script
          env: {TTL: "${parameters.ttl}", TOKEN: "${parameters.token}"}
          config: {script: "true"}
"""


def test_a_golden_path_replaces_the_generated_tier_by_its_workflow_and_gives_parameters(plan: Planner) -> None:
    files = {
        "admin-config.yaml": "secrets: {token: {generate: true}}\n",
        "workflows/golden-paths/preview.yaml": GOLDEN_PATH,
        "workflows/preview.yaml": PREVIEW,
    }
    plan_ = made(plan(files, golden_path="preview", parameters=(("ttl", "30m"),)))
    step = plan_.step("deployment/application/-/preview/up")
    assert step.env == {"TTL": "30m", "TOKEN": {"$ref": "secrets.token"}}
    assert step.secrets == ["token"]
    assert [one.trigger for one in plan_.workflows] == ["golden path preview"]
    assert {one.name for one in plan_.inputs} == {"environment", "golden_path", "parameters.ttl"}
    assert "ORC-3011" in codes(plan(files, golden_path="preview", parameters=(("tll", "1h"),)))
    assert "ORC-3010" in codes(plan(files, golden_path="previw"))


def test_a_task_runs_one_named_workflow(plan: Planner) -> None:
    files = {**ADMIN, "workflows/platform/w.yaml": workflow(trigger="manual")}
    plan_ = made(plan(files, task="w", score_path=None))
    assert plan_.operation is Operation.TASK
    assert ids(plan_) == ["pre-deployment/platform/-/w/s", "pre-deployment/platform"]


def test_an_undeployment_removes_what_the_records_say_in_reverse_order(plan: Planner) -> None:
    def inputs(name: str) -> dict[str, Any]:
        return {"resource": name, "resourceType": "sqlite", "operation": "create"}

    deployed = Deployed(
        "record .innominatus/runs/x.json",
        (DeployedResource("one", inputs("one")), DeployedResource("two", inputs("two"))),
        {"operation": "apply", "manifest": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}},
    )
    plan_ = made(plan(ADMIN, Facts(deployed=deployed), operation=Operation.UNDEPLOY))
    steps = [step for step in plan_.steps if step.kind == "step"]
    assert [step.name for step in steps] == ["remove-application", "deprovision-two", "deprovision-one"]
    assert all(step.inputs["operation"] == "delete" for step in steps)
    assert [one.evidence for one in plan_.inputs if one.name == "deployed"] == ["record .innominatus/runs/x.json"]


def test_an_undeployment_of_nothing_is_an_empty_plan_with_a_warning(plan: Planner) -> None:
    outcome = plan(ADMIN, operation=Operation.UNDEPLOY)
    assert made(outcome).steps == []
    assert codes(outcome) == {"ORC-3044"}


def test_a_deployment_without_a_score_file_is_refused(plan: Planner) -> None:
    outcome = plan(ADMIN, score_path=None)
    assert [(one.code.number, one.place.path) for one in outcome.findings] == [("ORC-3042", "SCORE")]
    assert outcome.sketch is None


def test_the_applications_own_workflows_stand_between_its_resources_and_its_containers(plan: Planner) -> None:
    score = """
        apiVersion: score.dev/v1b1
        metadata: {name: shop-web}
        containers: {web: {image: "x:1"}}
        resources: {db: {type: sqlite}}
        workflows:
          seed:
            steps: [{name: fill, type: script, env: {P: "${resources.db.path}"}, config: {script: "true"}}]
    """
    plan_ = made(plan({"score.yaml": score}))
    assert [step.name for step in plan_.steps if step.kind == "step"] == ["provision-db", "fill", "deploy-application"]
    fill = plan_.step("deployment/application/-/seed/fill")
    assert fill.env == {"P": {"$ref": "resources.db.path"}}
    assert fill.provenance is not None
    assert fill.provenance.trigger == "score workflows.seed"


def test_a_resource_is_no_value_before_it_is_provisioned(plan: Planner) -> None:
    steps = "[{name: s, type: script, env: {P: '${resources.db.path}'}, config: {script: 'true'}}]"
    early = plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps)})
    late = plan({**ADMIN, "workflows/platform/w.yaml": workflow(steps=steps, phase="post-deployment")})
    assert early.plan is None
    assert late.plan is not None


def test_outputs_of_a_workflow_are_there_behind_a_barrier_and_nowhere_else(plan: Planner) -> None:
    giving = workflow("give", spec="  outputs: {x: '${steps.s.outputs.y}'}\n")
    taking = "[{name: t, type: script, env: {X: '${workflows.give.outputs.x}'}, config: {script: 'true'}}]"
    files = {**ADMIN, "workflows/platform/give.yaml": giving}
    late = workflow("take", steps=taking, phase="post-deployment")
    same = workflow("take", steps=taking)
    plan_ = made(plan({**files, "workflows/platform/take.yaml": late}))
    assert plan_.step("post-deployment/platform/-/take/t").env == {"X": {"$ref": "workflows.give.outputs.x"}}
    assert plan({**files, "workflows/platform/take.yaml": same}).plan is None


GRAPHS = st.lists(
    st.tuples(
        st.sampled_from(["pre-deployment", "deployment", "post-deployment"]),
        st.booleans(),
        st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GRAPHS)
def test_every_plan_keeps_its_barriers_and_says_the_same_twice(
    tmp_path_factory: pytest.TempPathFactory, graph: list[tuple[str, bool, list[tuple[int, bool]]]]
) -> None:
    root = tmp_path_factory.mktemp("graph")
    (root / "admin-config.yaml").write_text("admin: {}\n")
    (root / "score.yaml").write_text(SCORE.format(", product: shop"))
    for number, (phase, of_product, steps) in enumerate(graph):
        listed = "".join(
            f"\n  - {{name: s{i}, type: script, parallelGroup: {group}, parallel: {str(flag).lower()},"
            " config: {script: 'true'}}"
            for i, (group, flag) in enumerate(steps)
        )
        folder = root / ("workflows/products/shop" if of_product else "workflows/platform")
        folder.mkdir(parents=True, exist_ok=True)
        product = "shop" if of_product else None
        (folder / f"w{number}.yaml").write_text(workflow(f"w{number}", listed, phase=phase, product=product))
    request = PlanRequest(environment="development", score_path="score.yaml")
    first = made(plan_application(Repository(WorkingTreeSnapshot(root)), request, Facts()))
    again = made(plan_application(Repository(WorkingTreeSnapshot(root)), request, Facts()))
    assert first.canonical == again.canonical
    place = {step.id: index for index, step in enumerate(first.steps)}
    assert all(place[need] < place[step.id] for step in first.steps for need in step.needs)
    reached: dict[str, set[str]] = {}
    for step in first.steps:
        reached[step.id] = {step.id}.union(*(reached[need] for need in step.needs))
    barriers = [step for step in first.steps if step.kind == "barrier" and step.id.count("/") == 1]
    for barrier in barriers:
        before = {step.id for step in first.steps[: place[barrier.id]]}
        assert before <= reached[barrier.id]
        assert all(barrier.id in reached[step.id] for step in first.steps[place[barrier.id] + 1 :])


@pytest.mark.parametrize(
    "config",
    [
        'command: [curl, "-u", "${secrets.token}"]',
        'command: [curl, "https://user:${secrets.token}@example.com"]',
    ],
)
def test_a_secret_reaches_a_step_by_its_environment_only(plan: Planner, config: str) -> None:
    files = {
        "admin-config.yaml": "secrets: {token: {generate: true}}\n",
        "workflows/platform/w.yaml": workflow(steps=f"\n  - name: s\n    type: script\n    config: {{{config}}}\n"),
    }
    outcome = plan(files)
    assert outcome.plan is None
    assert "ORC-3048" in codes(outcome)


def test_a_bare_name_is_the_platforms_workflow_where_it_has_one_of_that_name(plan: Planner) -> None:
    files = {
        **ADMIN,
        "workflows/platform/tidy.yaml": workflow("tidy", trigger="manual"),
        f"{PRODUCT}/tidy.yaml": workflow("tidy", product="shop", trigger="first_deployment"),
    }
    outcome = plan(files, facts=Facts(first_deployment=False), workflows=("tidy",))
    assert "pre-deployment/platform/-/tidy/s" in ids(made(outcome))
    assert codes(plan(files, facts=Facts(first_deployment=False), workflows=("shop/tidy",))) == {"ORC-3021"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("workflows/golden-paths/mine.yaml", GOLDEN_PATH.replace("kind: GoldenPath", "kind: GoldenPath\n    no: 1")),
        ("goldenpaths.yaml", "goldenpaths: [\n"),
    ],
)
def test_a_golden_path_whose_file_has_errors_is_never_replaced_by_the_built_in_one(
    plan: Planner, path: str, text: str
) -> None:
    outcome = plan({path: text}, golden_path="deploy-app")
    assert outcome.plan is None
    assert path in {finding.place.path for finding in outcome.findings}


def test_another_golden_path_that_is_right_leaves_the_built_in_one_alone(plan: Planner) -> None:
    files = {"goldenpaths.yaml": "goldenpaths: {own: {workflow: own.yaml}}\n", "own.yaml": workflow("own")}
    assert plan(files, golden_path="deploy-app").plan is not None


def test_a_retry_comes_from_the_step_else_its_workflow_else_the_table_of_its_type(plan: Planner) -> None:
    steps = "[{name: own, type: script, retry: {attempts: 5}, config: {script: 'true'}}, "
    steps += "{name: none, type: script, config: {script: 'true'}}]"
    files = {
        "admin-config.yaml": "retries: {script: {attempts: 2}}\nlimits: {owners: {o: 1}, stepTypes: {script: 3}}\n",
        "workflows/platform/w.yaml": workflow("w", steps, spec="  retry: {attempts: 4}\n"),
        "workflows/platform/v.yaml": workflow("v"),
    }
    plan_ = made(plan(files))
    attempts = {one.id.rpartition("/-/")[2]: one.retry.attempts for one in plan_.steps if one.retry is not None}
    assert attempts == {"w/own": 5, "w/none": 4, "v/s": 2}
    assert plan_.limits == {"owners.o": 1, "step_types.script": 3}
    assert {one.owner for one in plan_.workflows if one.tier == "platform"} == {"o"}


def test_a_task_that_speaks_of_an_application_says_what_to_type_where_no_score_file_is_named(plan: Planner) -> None:
    steps = "[{name: s, type: script, config: {script: 'true'}, env: {APP: '${application.name}'}}]"
    files = {"workflows/platform/rotate.yaml": workflow("rotate", steps, trigger="manual")}
    outcome = plan(files, task="rotate", operation=Operation.TASK, score_path=None)
    (finding,) = [one for one in outcome.findings if one.code.number == "ORC-3001"]
    assert finding.message == "'${application.name}': no Score file was named"
    assert finding.help.startswith("Type `innominatus-ctl run rotate SCORE`,")
    files["workflows/platform/rotate.yaml"] = workflow("rotate", trigger="manual")
    assert made(plan(files, task="rotate", operation=Operation.TASK, score_path=None)).steps, "it needs none"


def test_a_deployment_without_a_score_file_names_those_that_there_are(plan: Planner) -> None:
    outcome = plan({}, score_path=None)
    (finding,) = [one for one in outcome.findings if one.code.number == "ORC-3042"]
    assert finding.help == "Name the application's Score file. Known: score.yaml."


def test_a_workflow_that_cannot_be_read_is_told_beside_the_name_that_nothing_has(plan: Planner) -> None:
    broken = workflow("rotate", trigger="manual").replace("phase: pre-deployment", "phase: sometime")
    outcome = plan({"workflows/platform/rotate.yaml": broken}, golden_path="rotate", score_path=None)
    told = [(one.code.number, one.place.path) for one in outcome.findings if one.severity is Severity.ERROR]
    assert told == [("ORC-3010", "GOLDENPATH"), ("ORC-1036", "workflows/platform/rotate.yaml")]
