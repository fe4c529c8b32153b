"""The longest way through a plan, and how many steps can run at once."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.plan import Application, Plan, PlannedStep
from innominatus_cli.documents.vocabulary import Operation, Phase, Tier
from innominatus_cli.planning.paths import longest_path, widths


def graph(needs: list[list[int]], barriers: frozenset[int] = frozenset()) -> Plan:
    """A plan of steps that need earlier ones, by number."""
    steps = [
        PlannedStep(
            id=f"s{number}",
            kind="barrier" if number in barriers else "step",
            name=f"s{number}",
            phase=Phase.DEPLOYMENT,
            tier=Tier.PLATFORM,
            needs=[f"s{need}" for need in before],
        )
        for number, before in enumerate(needs)
    ]
    return Plan(
        operation=Operation.DEPLOY,
        application=Application(name="a"),
        environment="development",
        sources=[],
        inputs=[],
        workflows=[],
        steps=steps,
    )


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    return [
        draw(st.lists(st.sampled_from(range(number)), unique=True, max_size=3)) if number else []
        for number in range(draw(st.integers(1, 9)))
    ]


def ancestors(needs: list[list[int]]) -> list[set[int]]:
    found: list[set[int]] = []
    for before in needs:
        found.append(set(before).union(*(found[need] for need in before)))
    return found


def test_a_chain_is_one_wide_and_its_own_longest_path() -> None:
    plan = graph([[], [0], [1]])
    assert widths(plan) == [(Phase.DEPLOYMENT, 3, 1)]
    assert [step.id for step in longest_path(plan, lambda _: 2)[0]] == ["s0", "s1", "s2"]
    assert longest_path(plan, lambda _: 2)[1] == 6


def test_a_barrier_between_groups_counts_as_no_step() -> None:
    plan = graph([[], [], [0, 1], [2], [2], [2]], frozenset({2}))
    assert widths(plan) == [(Phase.DEPLOYMENT, 5, 3)]
    assert len(longest_path(plan, lambda _: 1)[0]) == 2


def test_no_steps_have_no_way() -> None:
    assert longest_path(graph([]), lambda _: 1) == ([], 0)
    assert widths(graph([])) == []


@settings(deadline=None)
@given(graphs(), st.lists(st.integers(0, 5), min_size=9, max_size=9))
def test_path_and_width_are_those_of_trying_everything(needs: list[list[int]], weights: list[int]) -> None:
    before = ancestors(needs)
    numbers = range(len(needs))
    subsets = [set(one) for size in range(1, len(needs) + 1) for one in combinations(numbers, size)]
    free = (one for one in subsets if not any(a in before[b] for a in one for b in one))
    chains = (one for one in subsets if all(a in before[b] or b in before[a] for a, b in combinations(one, 2)))
    plan = graph(needs)
    assert widths(plan)[0][2] == max(map(len, free))
    path, weight = longest_path(plan, lambda step: weights[int(step.id[1:])])
    assert weight == max(sum(weights[number] for number in chain) for chain in chains)
    assert weight == sum(weights[int(step.id[1:])] for step in path)


def test_a_thousand_steps_are_measured_at_once() -> None:
    groups: list[list[int]] = [[]] * 100 + [[number - 100] for number in range(100, 1000)]
    assert widths(graph(groups)) == [(Phase.DEPLOYMENT, 1000, 100)]
