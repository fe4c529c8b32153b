"""What `affected` keeps between two runs: it never says anything else than a run that keeps nothing."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.checked_out import CheckedOutSnapshot
from innominatus_cli.operations import kept_comparisons
from innominatus_cli.operations.affected_applications import Affected
from innominatus_cli.operations.kept_comparisons import KeptComparisons
from innominatus_cli.operations.planning import PlanWish
from innominatus_cli.operations.two_states import Around, Search
from innominatus_cli.planning.request import Facts
from innominatus_cli.system.git_identity import Identity
from tests.unit.operations.test_two_states import GOOD, NOW, OF_ACME, STEPS, Blobs, states

FILE = ".git/innominatus/cache/affected.v2"
ADA = Identity("Ada", "ada@shop.example", "git config")
FACTS = Facts(True, "no record", {"CI": "true"}, {"commit": "c0ffee"})
Files = Mapping[str, str]


class Runs:
    """Runs of `affected` in one repository."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".git").mkdir(parents=True, exist_ok=True)

    def affected(
        self, old: Files, new: Files, facts: Facts = FACTS, *, about: object = None, everything: bool = False
    ) -> tuple[list[Affected], int]:
        """What is affected, and how many plans were made for that."""

        def first(_application: str, _environment: str) -> tuple[bool, str]:
            return facts.first_deployment, facts.first_deployment_evidence

        kept = None if everything else KeptComparisons.of(str(self.root), about, first, facts)
        around = Around(PlanWish(list_others=False), Path("/"), lambda _repository, _request: facts, ADA, NOW)
        before, after = (CheckedOutSnapshot(Blobs(files), name) for files, name in ((old, "old"), (new, "new")))
        search = Search(before, after, around, kept, everything=everything)
        return [*search.affected()], search.planned

    def same(self, old: Files, new: Files, facts: Facts = FACTS) -> int:
        """Holds a run against one that keeps and shares nothing; how many plans it made."""
        found, planned = self.affected(old, new, facts)
        assert found == self.affected(old, new, facts, everything=True)[0]
        return planned


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


FACTS_OF_RUNS = st.builds(
    Facts,
    st.booleans(),
    st.sampled_from(("no record", "record 1")),
    st.sampled_from(({}, {"CI": "true"}, {"CI": "false"})),
    st.sampled_from(({}, {"commit": "c0ffee"}, {"commit": "decaf"})),
)
OUTSIDE = "    - {name: outside, type: script, env: {C: '${git.commit}', I: '${env.CI}'}, config: {script: 'true'}}\n"


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(both=states(), facts=st.lists(FACTS_OF_RUNS, min_size=2, max_size=2), asks=st.booleans())
def test_a_run_with_kept_comparisons_says_what_one_without_says(
    tmp_path_factory: pytest.TempPathFactory,
    both: tuple[dict[str, str], dict[str, str]],
    facts: list[Facts],
    asks: bool,
) -> None:
    runs = Runs(tmp_path_factory.mktemp("repository"))
    old, new = map(dict, both)
    if asks and "workflows/platform/a.yaml" in old and "admin-config.yaml" in old:
        old["workflows/platform/a.yaml"] += OUTSIDE
        old["admin-config.yaml"] += "env: [CI]\n"
    for before, after in ((old, new), (old, old), (new, old), (old, new)):
        for one in (*facts, facts[0]):
            runs.same(before, after, one)


def changed(path: str, was: str, now: str, files: Files = GOOD) -> dict[str, str]:
    assert was in files[path]
    return {**files, path: files[path].replace(was, now)}


SCAN = "workflows/platform/scan.yaml"
LONGER = changed(SCAN, "5m", "6m")


def test_a_second_run_plans_nothing(runs: Runs) -> None:
    assert runs.same(GOOD, LONGER) == 40
    assert runs.same(GOOD, LONGER) == 0


def test_what_lies_elsewhere_plans_nothing_again(runs: Runs) -> None:
    runs.same(GOOD, LONGER)
    assert runs.same({**GOOD, "README.md": "words"}, {**LONGER, "docs/a.md": "words"}) == 0


def test_a_change_that_is_taken_back_needs_no_plan(runs: Runs) -> None:
    runs.same(GOOD, LONGER)
    assert runs.same(GOOD, GOOD) == 0


def test_only_what_changed_since_is_planned(runs: Runs) -> None:
    runs.same(GOOD, LONGER)
    assert runs.same(GOOD, changed("apps/7.yaml", "web:7", "web:new", LONGER)) == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("k8s/all/a.yaml", "b"),
        ("k8s/all/new.yaml", "a"),
        ("workflows/platform/k8s/all/a.yaml", "a"),
        ("workflows/platform/new.yaml", GOOD[SCAN].replace("name: scan", "name: new")),
        ("workflows/policies/limits.yaml", "kind: WorkflowPolicies\napiVersion: workflow.dev/v1\n"),
        ("admin-config.yaml", GOOD["admin-config.yaml"].replace("[script, kubernetes]", "[script]")),
    ],
)
def test_whatever_a_plan_or_a_policy_rests_on_makes_it_again(runs: Runs, path: str, text: str) -> None:
    runs.same(GOOD, GOOD)
    assert runs.same(GOOD, {**GOOD, path: text}) > 0
    assert runs.same({**GOOD, path: text}, GOOD) > 0


def test_policies_of_an_organisation_count_for_its_applications(runs: Runs) -> None:
    old = {**GOOD, **OF_ACME}
    strict = changed("workflows/orgs/acme/policies/own.yaml", "[script, kubernetes]", "[script]", old)
    runs.same(old, old)
    assert runs.same(old, strict) == 2, "both plans of the one application of acme"
    assert runs.same(old, strict) == 0


ASKING = {
    **GOOD,
    "admin-config.yaml": GOOD["admin-config.yaml"] + "env: [CI]\n",
    SCAN: GOOD[SCAN] + OUTSIDE,
}


@pytest.mark.parametrize(
    ("facts", "counts"),
    [
        (Facts(True, "no record", {"CI": "false"}, {"commit": "c0ffee"}), True),
        (Facts(True, "no record", {}, {"commit": "c0ffee"}), True),
        (Facts(True, "no record", {"CI": "true"}, {"commit": "decaf"}), True),
        (Facts(False, "record 1", {"CI": "true"}, {"commit": "c0ffee"}), True),
        (Facts(True, "no record", {"CI": "true", "HOME": "/"}, {"commit": "c0ffee", "branch": "main"}), False),
    ],
)
def test_values_from_outside_count_where_a_plan_takes_them(runs: Runs, facts: Facts, counts: bool) -> None:
    longer = changed(SCAN, "5m", "6m", ASKING)
    runs.same(ASKING, longer)
    assert bool(runs.same(ASKING, longer, facts)) is counts


def test_no_value_from_outside_is_written(runs: Runs) -> None:
    facts = Facts(env={"CI": "hunter2hunter2"}, git={"commit": "c0ffee"})
    runs.same(ASKING, changed(SCAN, "5m", "6m", ASKING), facts)
    assert b"hunter2" not in (runs.root / FILE).read_bytes()


def test_another_wish_and_another_tool_find_nothing(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.affected(GOOD, LONGER, about="staging")
    assert runs.affected(GOOD, LONGER, about="production")[1] == 40
    assert runs.affected(GOOD, LONGER, about="production")[1] == 0
    monkeypatch.setattr(kept_comparisons, "digest_of_code", lambda: b"another")
    assert runs.affected(GOOD, LONGER, about="production")[1] == 40


def test_applications_that_cannot_be_planned_are_planned_each_time(runs: Runs) -> None:
    broken = changed("apps/3.yaml", "app-3", "${nonsense}")
    runs.same(GOOD, broken)
    assert runs.same(GOOD, broken) > 0
    assert runs.same(broken, GOOD) > 0


def test_a_plan_that_breaks_is_told_with_its_findings_again(runs: Runs) -> None:
    wrong = {**GOOD, SCAN: GOOD[SCAN] + "    - {name: wrong, type: script, config: {script: 'make ${nothing.here}'}}\n"}
    runs.same(GOOD, wrong)
    assert runs.same(GOOD, wrong) == 0


def test_a_gate_and_a_refusal_are_told_again(runs: Runs) -> None:
    strict = changed("admin-config.yaml", "[script, kubernetes]", "[script]")
    strict[SCAN] += next(text for text in STEPS if "approval" in text)
    runs.same(GOOD, strict)
    assert runs.same(GOOD, strict) == 0


def walk(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in JSON data, of long lists to the first ones."""
    inside = value[:3] if isinstance(value, list) else []
    return [way, *(one for index, item in enumerate(inside) for one in walk(item, (*way, index)))]


@pytest.mark.parametrize("put", [None, True, -2, 10**6, "x", [], ["x"], {}, {"a": 1}])
def test_what_somebody_else_wrote_into_the_file_is_not_believed(runs: Runs, put: Any) -> None:
    few = {path: text for path, text in GOOD.items() if not path.startswith("apps/") or path == "apps/0.yaml"}
    longer = changed(SCAN, "5m", "6m", few)
    expected, _ = runs.affected(few, longer)
    file = runs.root / FILE
    data = file.read_text()
    key, *rest = json.loads(data)
    for way in walk(rest):
        spoilt = json.loads(json.dumps(rest))
        at: Any = spoilt
        for index in way[:-1]:
            at = at[index]
        if way:
            at[way[-1]] = put
        else:
            spoilt = put
        file.write_text(json.dumps([key, *spoilt] if isinstance(spoilt, list) else [key, spoilt]))
        found, _ = runs.affected(few, longer)
        if not is_a_value(way):
            assert [(one.path, one.how) for one in found] == [(one.path, one.how) for one in expected], way


def is_a_value(way: tuple[Any, ...]) -> bool:
    """Whether the way leads into what came of applications, where any text may stand."""
    return way[:1] == (1,)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"[" * 5000, b'["x", [], [], []]'])
def test_a_file_that_is_none_of_ours_is_none(runs: Runs, data: bytes) -> None:
    (runs.root / FILE).parent.mkdir(parents=True)
    (runs.root / FILE).write_bytes(data)
    assert runs.same(GOOD, LONGER) == 40
    assert runs.same(GOOD, LONGER) == 0


def test_a_link_in_its_place_is_not_followed(runs: Runs, tmp_path: Path) -> None:
    runs.same(GOOD, LONGER)
    elsewhere = tmp_path / "elsewhere"
    (runs.root / FILE).rename(elsewhere)
    (runs.root / FILE).symlink_to(elsewhere)
    assert runs.same(GOOD, LONGER) == 40


def test_the_last_comparisons_of_an_application_are_kept_and_gone_ones_are_not(runs: Runs) -> None:
    for minutes in range(2, 9):
        runs.affected(GOOD, changed(SCAN, "5m", f"1{minutes}m"))
    *_, rows = json.loads((runs.root / FILE).read_bytes())
    assert len(rows) == 20 * 4
    assert runs.same(GOOD, changed(SCAN, "5m", "18m")) == 0
    left = {path: text for path, text in GOOD.items() if path != "apps/3.yaml"}
    runs.affected(left, changed(SCAN, "5m", "1m", left))
    *_, rows = json.loads((runs.root / FILE).read_bytes())
    assert "apps/3.yaml" not in {row[0] for row in rows}
