"""Tests of the order of steps."""

from itertools import pairwise, permutations

from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.checks.order import Before, follows
from innominatus_cli.documents.nodes import MappingNode, node_of
from innominatus_cli.documents.workflow import StepDefinition
from innominatus_cli.planning.ordering import in_order, order_steps


def step(name: str, **fields: object) -> StepDefinition:
    return StepDefinition.model_validate({"name": name, "type": "script", **fields})


def needs_of(*steps: StepDefinition) -> dict[str, set[str]]:
    order = order_steps(steps)
    assert not order.cycle
    return {name: set(needs) for name, needs in order.needs.items()}


def test_steps_follow_each_other_in_the_order_of_the_list() -> None:
    assert needs_of(step("a"), step("b"), step("c")) == {"a": set(), "b": {"a"}, "c": {"b"}}


def test_consecutive_parallel_steps_form_a_group_at_their_place() -> None:
    """examples/archive/parallel-workflow.yaml, document 1, in the documented order."""
    found = needs_of(
        step("validate-syntax", parallelGroup=1),
        step("security-scan", parallelGroup=1),
        step("policy-check", parallelGroup=1),
        step("provision-database"),
        step("deploy-backend", parallelGroup=2),
        step("deploy-frontend", parallelGroup=2),
        step("deploy-worker", parallelGroup=2),
        step("health-check"),
        step("setup-monitoring"),
    )
    first = {"validate-syntax", "security-scan", "policy-check"}
    deploys = {"deploy-backend", "deploy-frontend", "deploy-worker"}
    assert all(not found[name] for name in first)
    assert found["provision-database"] == first
    assert all(found[name] == {"provision-database"} for name in deploys)
    assert found["health-check"] == deploys
    assert found["setup-monitoring"] == {"health-check"}


def test_groups_with_any_numbers_and_parallel_flags_stand_where_they_are_listed() -> None:
    """examples/archive/parallel-workflow.yaml, document 3."""
    found = needs_of(
        step("initialize"),
        step("setup-database", parallelGroup=10),
        step("setup-cache", parallelGroup=10),
        step("setup-storage", parallelGroup=10),
        step("configure"),
        step("deploy-services", parallel=True),
        step("setup-monitoring", parallel=True),
        step("verify"),
    )
    assert found["configure"] == {"setup-database", "setup-cache", "setup-storage"}
    assert found["deploy-services"] == found["setup-monitoring"] == {"configure"}
    assert found["verify"] == {"deploy-services", "setup-monitoring"}


def test_depends_on_replaces_the_order_of_the_list_and_an_empty_one_starts_at_once() -> None:
    found = needs_of(step("a"), step("b"), step("c", dependsOn=["a"]), step("d", dependsOn=[]), step("e"))
    assert found == {"a": set(), "b": {"a"}, "c": {"a"}, "d": set(), "e": {"d"}}


def test_a_circle_is_found_and_spelled_from_its_first_step() -> None:
    order = order_steps([step("a", dependsOn=["c"]), step("b"), step("c"), step("d")])
    assert order.cycle == ("a", "c", "b")


def test_unknown_and_duplicate_names_are_told() -> None:
    order = order_steps([step("a", dependsOn=["x"]), step("a"), step("b")])
    assert order.unknown == (("a", "x"),)
    assert order.duplicates == ("a",)


NAMES = [f"s{index}" for index in range(8)]
EDGES = st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20)


@given(EDGES)
def test_what_is_needed_comes_first_or_there_is_a_circle(edges: set[tuple[str, str]]) -> None:
    needs = {name: tuple(sorted(need for user, need in edges if user == name)) for name in NAMES}
    order = in_order(NAMES, needs)
    if order.cycle:
        circle = (*order.cycle, order.cycle[0])
        assert all(need in needs[name] for name, need in pairwise(circle))
        return
    place = {name: index for index, name in enumerate(order.names)}
    assert sorted(place) == NAMES
    assert all(place[need] < place[name] for name in NAMES for need in needs[name])
    assert all(need in order.before(name) for name in NAMES for need in needs[name])


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=10))
def test_groups_never_lose_a_step_and_keep_the_order_of_the_list(shape: list[tuple[int, bool]]) -> None:
    steps = [step(f"s{i}", parallelGroup=group, parallel=flag) for i, (group, flag) in enumerate(shape)]
    order = order_steps(steps)
    assert not order.cycle
    assert sorted(order.names) == sorted(one.name for one in steps)


STEPS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "parallelGroup": st.integers(0, 2),
            "parallel": st.booleans(),
            "dependsOn": st.lists(st.sampled_from(NAMES[:4]), max_size=2),
        },
    ),
    max_size=8,
)


@given(STEPS)
def test_rules_and_plans_see_one_order(written: list[dict[str, object]]) -> None:
    """`validate` reads the order from nodes, planning from models; what one calls earlier, the other does too."""
    named = [{"name": name, **fields} for name, fields in zip(NAMES, written, strict=False)]
    planned = order_steps([step(str(fields.pop("name")), **fields) for fields in ({**one} for one in named)])
    nodes = [node for one in named if isinstance(node := node_of(one, MappingNode()), MappingNode)]
    if planned.cycle or planned.unknown:
        return
    checked = Before(follows(nodes))
    for earlier, later in permutations(planned.names, 2):
        assert checked.is_before(earlier, later) is (earlier in planned.before(later)), (earlier, later)
