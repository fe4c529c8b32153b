"""Loops and sub-workflows in plans: ids, needs, values, limits, and what is refused."""

from collections.abc import Callable
from textwrap import dedent, indent
from typing import TypeAlias

import pytest

from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.planning.request import PlanOutcome

Planner: TypeAlias = Callable[..., PlanOutcome]

ADMIN = {"admin-config.yaml": "admin: {}\nsecrets: {token: {}}\n"}
RUN = "type: script, config: {script: 'true'}"
FLOW = "deployment/platform/-/flow"


def workflow(steps: str, kind: str = "PlatformWorkflow", name: str = "flow", spec: str = "", more: str = "") -> str:
    if kind == "PlatformWorkflow":
        spec, more = f"triggers: [all_deployments]\n{dedent(spec)}", ", phase: deployment"
    metadata = f"{{name: {name}, description: d, owner: o{more}}}"
    head = f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {metadata}\nspec:\n"
    return head + indent(f"{dedent(spec).strip()}\nsteps:\n{indent(dedent(steps).strip(), '  ')}\n", "  ")


def shared(**bodies: str) -> dict[str, str]:
    """Workflows to call, by name; each body is its steps, or a spec that begins with another key."""
    found = {}
    for name, body in bodies.items():
        text = dedent(body).strip()
        spec, _, steps = text.rpartition("steps:\n") if "steps:\n" in text else ("", "", text)
        found[f"workflows/shared/{name}.yaml"] = workflow(steps, "Workflow", name, spec)
    return found


def planned(plan: Planner, steps: str, files: "dict[str, str] | None" = None, spec: str = "") -> PlanOutcome:
    return plan({**ADMIN, "workflows/platform/flow.yaml": workflow(steps, spec=spec), **(files or {})})


def nodes(outcome: PlanOutcome) -> dict[str, PlannedStep]:
    """The nodes of the workflow by name, in order."""
    assert outcome.plan is not None, [f"{one.place}: {one.code.number} {one.message}" for one in outcome.findings]
    return {step.id.removeprefix(f"{FLOW}/"): step for step in outcome.plan.steps if step.id.startswith(f"{FLOW}/")}


def needs(outcome: PlanOutcome) -> dict[str, list[str]]:
    return {name: [need.removeprefix(f"{FLOW}/") for need in step.needs] for name, step in nodes(outcome).items()}


def errors(outcome: PlanOutcome) -> list[str]:
    assert outcome.plan is None
    return [
        f"{one.code.number} {one.place.path}:{one.place.line} {one.message}"
        for one in outcome.findings
        if one.severity == "error"
    ]


def test_a_loop_stands_in_the_plan_step_by_step_with_a_barrier_of_its_name_behind_it(plan: Planner) -> None:
    outcome = planned(
        plan,
        f"""
        - {{name: before, {RUN}}}
        - {{name: deploy, {RUN}, forEach: [eu, us], maxParallel: 1}}
        - {{name: after, {RUN}}}
        """,
    )
    assert needs(outcome) == {
        "before": [],
        "deploy[0]": ["before"],
        "deploy[1]": ["before"],
        "deploy": ["deploy[0]", "deploy[1]"],
        "after": ["deploy"],
    }
    loop = nodes(outcome)["deploy"].group
    assert loop is not None
    assert (loop.kind, loop.size, loop.max_parallel) == ("loop", 2, 1)
    assert [step.cell.item for step in nodes(outcome).values() if step.cell is not None] == ["eu", "us"]


@pytest.mark.parametrize(
    ("loop", "spec", "values"),
    [
        ("forEach: '${parameters.r}'", "parameters: [{name: r, type: list, default: [eu, us]}]", ["eu", "us"]),
        ("forEach: '${variables.REGIONS}'", "variables: {REGIONS: '[\"eu\", \"us\"]'}", ["eu", "us"]),
        ("forEach: '${metadata.regions}'", "", ["eu", "us"]),
        ("forEach: {us: 2, eu: 1}", "", [{"key": "eu", "value": 1}, {"key": "us", "value": 2}]),
        ("forEach: ['${application.name}', {a: 1}]", "", ["shop-web", {"a": 1}]),
        ("forEach: [{$ref: secrets.token}]", "", [{"$literal": {"$ref": "secrets.token"}}]),
    ],
)  # fmt: skip
def test_values_of_a_loop_come_from_the_file_parameters_variables_and_the_score_file(
    plan: Planner, loop: str, spec: str, values: list[object]
) -> None:
    score = {
        "score.yaml": """
            apiVersion: score.dev/v1b1
            metadata: {name: shop-web, regions: [eu, us]}
            containers: {web: {image: "registry.example.com/web:1.2"}}
            """
    }
    outcome = planned(plan, f"- {{name: a, {RUN}, {loop}, env: {{ITEM: '${{item.index}}'}}}}", score, spec)
    cells = [step.cell for step in nodes(outcome).values() if step.cell is not None]
    assert [cell.item for cell in cells] == values
    assert [nodes(outcome)[f"a[{number}]"].env["ITEM"] for number in range(len(values))] == list(range(len(values)))


def test_a_value_that_only_the_run_knows_may_stand_in_a_list(plan: Planner) -> None:
    outcome = planned(
        plan,
        f"""
        - {{name: find, {RUN}, outputs: [host]}}
        - {{name: a, {RUN}, forEach: ["${{steps.find.outputs.host}}", fixed], env: {{HOST: "x-${{item}}"}}}}
        """,
    )
    assert nodes(outcome)["a[0]"].env == {"HOST": {"$template": ["x-", {"$ref": "item"}]}}
    assert nodes(outcome)["a[1]"].env == {"HOST": "x-fixed"}


def test_a_call_stands_in_the_plan_with_the_steps_of_what_it_calls(plan: Planner) -> None:
    files = shared(
        db=f"""
        variables: {{NAME: "${{parameters.name}}"}}
        parameters: [{{name: name, required: true}}, {{name: size, type: int, default: 3}}]
        outputs: {{host: "${{steps.create.outputs.host}}"}}
        finally:
          - {{name: clean, {RUN}}}
        steps:
          - {{name: create, {RUN}, outputs: [host], env: {{SIZE: "${{parameters.size}}"}},
              setVariables: {{NAME: "${{outputs.host}}"}}}}
          - {{name: check, {RUN}, if: create.succeeded, env: {{NAME: "${{variables.NAME}}"}}}}
        """
    )
    outcome = planned(
        plan,
        f"""
        - {{name: before, {RUN}}}
        - {{name: db, type: workflow, workflow: shared/db.yaml, parameters: {{name: orders}}}}
        - {{name: after, {RUN}, env: {{HOST: "${{steps.db.outputs.host}}"}}}}
        """,
        files,
    )
    assert needs(outcome) == {
        "before": [],
        "db.create": ["before"],
        "db.check": ["db.create"],
        "db.clean": ["db.check"],
        "db": ["db.clean"],
        "after": ["db"],
    }
    found = nodes(outcome)
    assert found["db.create"].env == {"SIZE": 3}
    assert found["db.create"].set_variables == {"db/NAME": {"$ref": "outputs.host"}}
    assert found["db.check"].env == {"NAME": {"$ref": "variables.db/NAME"}}
    assert found["db.check"].conditions.if_tree == {"status": "db.create", "is": "succeeded", "at": 0}
    assert found["after"].env == {"HOST": {"$ref": "steps.db.outputs.host"}}
    group, written = found["db"].group, found["db.create"].provenance
    assert group is not None
    assert written is not None
    assert written.calls is not None
    assert group.parameters == {"name": "orders", "size": 3}
    assert group.outputs == {"host": {"$ref": "steps.db\\.create.outputs.host"}}
    assert (written.path, written.tier, written.workflow) == (
        "workflows/shared/db.yaml",
        "platform",
        "workflows/shared/db.yaml",
    )
    assert [(call.step, call.path) for call in written.calls] == [("db", "workflows/platform/flow.yaml")]
    assert outcome.plan is not None
    assert "workflows/shared/db.yaml" in [source.path for source in outcome.plan.sources]


def test_calls_stand_inside_of_calls_and_of_loops(plan: Planner) -> None:
    files = shared(
        outer="- {name: in, type: workflow, workflow: inner, forEach: [1, 2]}", inner=f"- {{name: x, {RUN}}}"
    )
    files |= {"workflows/inner.yaml": files.pop("workflows/shared/inner.yaml")}
    outcome = planned(plan, "- {name: a, type: workflow, workflow: shared/outer, forEach: [p, q]}", files)
    assert [name for name, step in nodes(outcome).items() if step.kind == "step"] == [
        "a[0].in[0].x",
        "a[0].in[1].x",
        "a[1].in[0].x",
        "a[1].in[1].x",
    ]
    assert nodes(outcome)["a[0].in[0].x"].within == f"{FLOW}/a[0].in[0]"
    assert nodes(outcome)["a[0].in[0]"].within == f"{FLOW}/a[0].in"
    assert nodes(outcome)["a[0].in"].within == f"{FLOW}/a[0]"


def test_a_workflow_of_the_product_and_of_a_provider_is_called_by_its_identity(plan: Planner) -> None:
    provider = """
        apiVersion: v1
        kind: Provider
        metadata: {name: data, version: 1.0.0}
        workflows: [{name: migrate, file: flows/m.yaml}]
        """
    product = workflow(
        f"- {{name: x, {RUN}}}",
        "ProductWorkflow",
        "prepare",
        "triggers: [manual]",
        ", product: shop, phase: deployment",
    )
    caller = workflow(
        "- {name: a, type: workflow, workflow: shop/prepare}\n- {name: b, type: workflow, workflow: data/migrate}",
        "ProductWorkflow",
        "roll",
        "triggers: [product_deployment]",
        ", product: shop, phase: deployment",
    )
    files = {
        **ADMIN,
        "workflows/products/shop/prepare.yaml": product,
        "workflows/products/shop/roll.yaml": caller,
        "workflows/providers/data/provider.yaml": provider,
        "workflows/providers/data/flows/m.yaml": workflow(f"- {{name: y, {RUN}}}", "Workflow", "m"),
    }
    outcome = plan(files)
    assert outcome.plan is not None, outcome.findings
    names = {step.name: step for step in outcome.plan.steps if step.group is not None and step.group.workflow}
    assert {name: step.group and step.group.workflow for name, step in names.items()} == {
        "a": "shop/prepare",
        "b": "workflows/providers/data/flows/m.yaml",
    }
    other = {**files, "workflows/products/shop/roll.yaml": caller.replace("shop/prepare", "other/prepare")}
    other["workflows/products/other/prepare.yaml"] = product.replace("product: shop", "product: other")
    assert any(error.startswith("ORC-2195") for error in errors(plan(other)))


def test_of_several_versions_the_newest_is_called_or_the_one_that_is_named(plan: Planner) -> None:
    def version(number: str, more: str = "") -> str:
        metadata = f", product: shop, phase: deployment, version: {number}{more}"
        return workflow(
            f"- {{name: v{number[0]}, {RUN}}}", "ProductWorkflow", "prepare", "triggers: [manual]", metadata
        )

    caller = "\n".join(f"- {{name: {name}, type: workflow, workflow: '{called}'}}"
                       for name, called in (("a", "shop/prepare"), ("b", "shop/prepare@^1")))  # fmt: skip
    spec = "triggers: [product_deployment]"
    files = {
        **ADMIN,
        "workflows/products/shop/prepare.yaml": version("2.0.0"),
        "workflows/products/shop/prepare-1.yaml": version("1.4.0", ", deprecated: {message: old}"),
        "workflows/products/shop/r.yaml": workflow(
            caller, "ProductWorkflow", "r", spec, ", product: shop, phase: deployment"
        ),
    }
    outcome = plan(files)
    assert outcome.plan is not None, outcome.findings
    assert [step.name for step in outcome.plan.steps if step.name[:2] in {"a.", "b."}] == ["a.v2", "b.v1"]
    assert [one.message for one in outcome.findings if "deprecated" in one.message] == [
        "workflow 'shop/prepare' is deprecated: old"
    ]
    other = {**files, "workflows/products/shop/r.yaml": files["workflows/products/shop/r.yaml"].replace("^1", "^3")}
    assert any("no version of workflow 'shop/prepare' is in '^3'" in error for error in errors(plan(other)))


CIRCLE = shared(
    one="- {name: a, type: workflow, workflow: shared/two.yaml}",
    two="- {name: b, type: workflow, workflow: shared/one.yaml}",
)


P = "workflows/platform/flow.yaml"
ONE, TWO = "workflows/shared/one.yaml", "workflows/shared/two.yaml"
CALLED = "workflows/shared/p.yaml"
TYPED = f"parameters: [{{name: n, type: int, max: 9}}, {{name: m, required: true}}]\nsteps:\n- {{name: x, {RUN}}}"
OPEN = f"parameters: [{{name: n}}]\nsteps:\n- {{name: x, {RUN}}}"
SECRET_OUTPUT = f"""
- {{name: f, {RUN}, outputs: [k], secretOutputs: [k]}}
- {{name: s, {RUN}, forEach: '${{steps.f.outputs.k}}', maxItems: 2}}
"""
WRONG: tuple[tuple[str, dict[str, str], str], ...] = (
    (
        "- {name: s, type: workflow, workflow: shared/one.yaml}",
        CIRCLE,
        f"ORC-2192 {TWO}:7 workflows call each other in a circle: {ONE} → {TWO} → {ONE}",
    ),
    (
        "- {name: s, type: workflow, workflow: shared/none.yaml}",
        {},
        f"ORC-2191 {P}:7 step 's' calls 'shared/none.yaml', which is no workflow here",
    ),
    (
        "- {name: s, type: workflow, workflow: ../../etc/x.yaml}",
        {},
        f"ORC-2191 {P}:7 step 's' calls '../../etc/x.yaml', which is no workflow here",
    ),
    (
        "- {name: s, type: workflow, workflow: shared/p.yaml, parameters: {n: 200, m: 1}}",
        shared(p=TYPED),
        f"ORC-2194 {P}:7 step 's': parameter 'n' of '{CALLED}' must be at most 9",
    ),
    (
        "- {name: s, type: workflow, workflow: shared/p.yaml, parameters: {n: 2, o: 1}}",
        shared(p=TYPED),
        f"ORC-2194 {P}:7 step 's': '{CALLED}' has no parameter 'o'",
    ),
    (
        "- {name: s, type: workflow, workflow: shared/p.yaml, parameters: {n: 2}}",
        shared(p=TYPED),
        f"ORC-2194 {P}:7 step 's' gives no 'm', which '{CALLED}' needs",
    ),
    (
        "- {name: s, type: workflow, workflow: shared/p.yaml, parameters: {n: '${secrets.token}'}}",
        shared(p=OPEN),
        f"ORC-2194 {P}:7 step 's': parameter 'n' of '{CALLED}' is not declared with `secret: true`",
    ),
    (
        f"- {{name: s, {RUN}, forEach: ['${{secrets.token}}']}}",
        {},
        f"ORC-3102 {P}:7 step 's' would go over a secret (token)",
    ),
    (SECRET_OUTPUT, {}, f"ORC-3102 {P}:8 step 's' would go over a secret (steps.f.outputs.k)"),
    (
        f"- {{name: s, {RUN}, forEach: '${{run.id}}'}}",
        {},
        f"ORC-2135 {P}:7 'forEach' takes its values from what only the run knows, and 'maxItems' does not say",
    ),
    (
        f"- {{name: s, {RUN}, forEach: '${{application.name}}'}}",
        {},
        f"ORC-2135 {P}:7 'forEach' is text, neither a list nor a mapping",
    ),
    (f"- {{name: s, {RUN}, matrix: {{a: [1]}}, env: {{X: '${{matrix.b}}'}}}}", {}, "ORC-2015"),
    (f"- {{name: s, {RUN}, env: {{X: '${{item}}'}}}}", {}, "ORC-2015"),
    (f"- {{name: s, {RUN}}}\n- {{name: t, {RUN}, env: {{X: '${{steps.s[0].outputs.y}}'}}}}", {}, "ORC-2016"),
    (
        f"- {{name: s, forEach: [a, b], {RUN}}}\n- {{name: t, {RUN}, env: {{X: '${{steps.s[2].outputs.y}}'}}}}",
        {},
        "ORC-2016",
    ),
)


@pytest.mark.parametrize(("steps", "files", "problem"), WRONG)
def test_what_cannot_be_expanded_is_a_finding_at_its_place(
    plan: Planner, steps: str, files: dict[str, str], problem: str
) -> None:
    assert any(error.startswith(problem) for error in errors(planned(plan, steps, files)))


def test_a_plan_of_countless_steps_is_refused_before_it_is_built(plan: Planner) -> None:
    levels = {f"w{level}": "\n".join(f"- {{name: s{number}, type: workflow, workflow: shared/w{level + 1}.yaml}}"
                                     for number in range(10)) for level in range(12)}  # fmt: skip
    files = shared(**levels, w12=f"- {{name: x, {RUN}}}")
    (error,) = errors(planned(plan, "- {name: a, type: workflow, workflow: shared/w0.yaml}", files))
    assert error.startswith("ORC-3100")
    axes = ", ".join(f"k{number}: [{', '.join(map(str, range(99)))}]" for number in range(9))
    (error,) = errors(planned(plan, f"- {{name: a, {RUN}, maxItems: 99999999, matrix: {{{axes}}}}}"))
    assert error.endswith("'matrix' has more than a billion combinations, over 10000")


def test_calls_have_a_deepest_place(plan: Planner) -> None:
    files = shared(
        **{f"w{level}": f"- {{name: s, type: workflow, workflow: shared/w{level + 1}.yaml}}" for level in range(40)}
    )
    files |= shared(w40=f"- {{name: x, {RUN}}}")
    (error,) = errors(planned(plan, "- {name: a, type: workflow, workflow: shared/w0.yaml}", files))
    assert "is more than 16 calls deep" in error


def test_a_wide_loop_behind_a_wide_group_has_a_barrier_and_no_square_of_edges(plan: Planner) -> None:
    group = "\n".join(f"- {{name: p{number}, {RUN}, parallel: true}}" for number in range(20))
    outcome = planned(plan, f"{group}\n- {{name: loop, {RUN}, forEach: [{', '.join(map(str, range(50)))}]}}")
    assert nodes(outcome)["loop[49]"].needs == [f"{FLOW}/[1]"]
    assert sum(len(step.needs) for step in nodes(outcome).values()) < 150


def test_a_default_may_name_parameters_that_have_a_value(plan: Planner) -> None:
    files = shared(
        greet="""
            parameters: [{name: name, required: true}, {name: space, default: "ns-${parameters.name}"}]
            steps:
              - {name: say, type: script, config: {script: "echo ${parameters.space}"}}
        """
    )
    step = "- {name: greet, type: workflow, workflow: ../shared/greet.yaml, parameters: {name: shop}}"
    (said,) = [one for name, one in nodes(planned(plan, step, files)).items() if name == "greet.say"]
    assert said.inputs["script"] == "echo ns-shop"


def test_a_default_that_names_a_parameter_without_a_value_is_an_error(plan: Planner) -> None:
    files = shared(
        greet="""
            parameters: [{name: space, default: "ns-${parameters.later}"}, {name: later, default: x}]
            steps:
              - {name: say, type: script, config: {script: "echo ${parameters.space}"}}
        """
    )
    found = errors(planned(plan, "- {name: greet, type: workflow, workflow: ../shared/greet.yaml}", files))
    assert any("there is no parameter 'later' with a value" in one for one in found)
