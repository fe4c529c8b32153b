"""Applications from templates: every template in every flavour, and values that no YAML can be broken with."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.documents.yaml_reader import read_yaml
from innominatus_cli.operations.creation.application import APPLICATION
from innominatus_cli.operations.creation.files import Creation, write_creation
from innominatus_cli.operations.creation.questions import LABEL, Asked, no_name, problem_with
from innominatus_cli.operations.creation.surroundings import Surroundings
from innominatus_cli.operations.creation.templates import application_templates, filled

Make = Callable[..., Creation]
FLAVOURS = [
    (template, flavour) for template, found in application_templates().items() for flavour in found.manifest.flavours
]
WORD = re.compile(r"<([a-z-]+)>")


def score_of(creation: Creation) -> Any:
    return yaml.safe_load(creation.files[0].text)


@pytest.mark.parametrize(("template", "language"), FLAVOURS)
def test_every_template_in_every_flavour_validates_strictly(
    make: Make, repository: Path, strict: Callable[[], list[str]], template: str, language: str
) -> None:
    creation = make("application", name="reports", template=template, language=language)
    write_creation(repository, creation)

    assert strict() == []
    container = next(iter(score_of(creation)["containers"].values()))
    sources = {file["source"] for file in container["files"].values() if "source" in file}
    assert {f"./{Path(file.path).name}" for file in creation.files[1:]} == sources
    assert "description" in application_templates()[template].manifest.model_dump()


def test_the_usual_kinds_of_applications_are_there() -> None:
    assert set(application_templates()) == {
        "web-service",
        "worker",
        "static-site",
        "api-with-database",
        "scheduled-job",
    }
    assert all(name in APPLICATION.help for name in application_templates())
    languages = {flavour for _, flavour in FLAVOURS}
    shown = next(question.shown for question in APPLICATION.questions if question.name == "language")
    assert set(shown.split("|")) == languages


@pytest.mark.parametrize("template", application_templates())
def test_the_words_of_a_template_stand_where_a_whole_value_stands(template: str) -> None:
    text = application_templates()[template].folder.joinpath("score.yaml").read_text(encoding="utf-8")

    documents, findings = read_yaml("score.yaml", text.encode())
    assert findings == []
    scalars = list(scalars_of(documents[0].root.plain()))
    for word in WORD.findall(text):
        assert f"<{word}>" in scalars
    assert all(WORD.fullmatch(scalar) for scalar in scalars if WORD.search(scalar))
    assert not any(WORD.search(comment) for comment in re.findall(r"#.*", text))


def scalars_of(data: object) -> list[str]:
    if isinstance(data, Mapping):
        return [text for key, value in data.items() for text in (str(key), *scalars_of(value))]
    if isinstance(data, list):
        return [text for item in data for text in scalars_of(item)]
    return [str(data)]


TEMPLATE = "a:\n  name: <name>  # said\n  <key>: [1, <list>]\n  list: <list>\n  gone: <gone>\n"


@given(st.text(max_size=30), st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3))
def test_no_value_breaks_a_template(name: str, key: str, values: list[str]) -> None:
    text = filled(TEMPLATE, {"name": name, "key": f"k{key}", "list": values, "gone": ""})

    expected = {"name": name, f"k{key}": [1, values], "list": values}
    if name == "":
        del expected["name"]
    documents, _ = read_yaml("x.yaml", text.encode("utf-8", "surrogatepass"))
    assert [document.root.plain() for document in documents] == [{"a": expected}]
    assert yaml.safe_load(text) == {"a": expected}


HOSTILE = ["a: b", "# x", "x\ny: z", "- a", "'", '"', "{{ x }}", "*a", "&a", "!!str x", "\t", "null", "%", "💥"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=30), st.sampled_from(["image", "team", "cpu", "memory"]))
def test_what_is_typed_is_refused_or_stands_in_the_file_as_it_is(repository: Path, value: str, question: str) -> None:
    asked = Asked(Surroundings.around(repository), {"name": ("reports",)})
    wanted = next(one for one in APPLICATION.questions if one.name == question)
    full = {"template": ("web-service",), "language": ("node",), "image": ("node:1.0",), "port": ("80",)}
    full |= {"cpu": ("1",), "memory": ("1Gi",), "team": ("t",), "name": ("reports",), question: (value,)}

    if problem_with(APPLICATION, asked, wanted, (value,)) == "":
        made = score_of(APPLICATION.make(asked._replace(answers=full)))
        container = made["containers"]["web"]
        places = {"image": container["image"], "team": made["metadata"]["team"], **container["resources"]["limits"]}
        assert str(places[question]) == value


@pytest.mark.parametrize("name", ["", "x", "Shop", "shop-", "a: b", "a\nb", "../x", "a" * 64, "shop\n", "café"])
def test_a_name_that_score_refuses_is_refused(name: str) -> None:
    assert no_name(LABEL, name)


@pytest.mark.parametrize(
    ("question", "value", "problem"),
    [
        ("name", "web-shop2", ""),
        ("name", "Web", "must be a label"),
        ("product", "storefrnt", "did you mean 'storefront'?"),
        ("template", "web-servce", "did you mean 'web-service'?"),
        ("template", "spaceship", "there is web-service, "),
        ("language", "golang", "there is node, python, go or java"),
        ("language", "pyton", "did you mean 'python'?"),
        ("image", "node", "ORC-2089"),
        ("image", "node:latest", "ORC-2089"),
        ("image", " ", "something must be said here"),
        ("port", "8080", ""),
        ("port", "0", "is no port"),
        ("port", "65536", "is no port"),
        ("port", "http", "is no port"),
        ("cpu", "half", "an amount of CPU"),
        ("memory", "12 MB", "an amount of memory"),
        ("memory", "512Mi", ""),
        ("schedule", "*/5 * * * *", ""),
        ("schedule", "@reboot", "five fields"),
        ("schedule", "0 3 * *", "five fields"),
        ("schedule", "0 3 * * *\n* * * * * rm", "five fields"),
        ("team", "a\0b", "NUL"),
        ("team", "a\udcff", "no UTF-8"),
    ],
)
def test_an_answer_is_judged_at_once_with_the_rules_of_validate(
    repository: Path, question: str, value: str, problem: str
) -> None:
    asked = Asked(Surroundings.around(repository), {"name": ("reports",), "template": ("web-service",)})
    wanted = next(one for one in APPLICATION.questions if one.name == question)

    found = problem_with(APPLICATION, asked, wanted, (value,))
    assert problem in found
    assert bool(found) == bool(problem)


def test_an_application_of_the_same_name_elsewhere_is_told(repository: Path) -> None:
    score = (repository / "apps/web-shop/score.yaml").read_text()
    (repository / "old").mkdir()
    (repository / "old/score.yaml").write_text(score.replace("web-shop", "reports"))
    asked = Asked(Surroundings.around(repository), {})

    problem = problem_with(APPLICATION, asked, APPLICATION.questions[0], ("reports",))
    assert "old/score.yaml" in problem


def test_without_products_an_application_has_none(tmp_path: Path) -> None:
    (tmp_path / "admin-config.yaml").write_text("admin: {}\n")
    asked = Asked(Surroundings.around(tmp_path), {"name": ("reports",), "product": ()})
    full = {"template": ("worker",), "language": ("go",), "image": ("a:1",), "cpu": ("1",), "memory": ("1Gi",)}

    made = score_of(APPLICATION.make(asked._replace(answers={**asked.answers, **full, "team": ("t",)})))
    assert made["metadata"] == {"name": "reports", "team": "t"}


def test_the_next_three_commands_name_the_file_and_an_environment(make: Make) -> None:
    assert make("application", name="reports").commands == (
        "innominatus-ctl validate apps/reports/score.yaml",
        "innominatus-ctl plan apps/reports/score.yaml --env development",
        "innominatus-ctl deploy apps/reports/score.yaml --env development",
    )


def test_people_are_told_where_validate_does_not_look(make: Make, repository: Path) -> None:
    config = repository / "admin-config.yaml"
    config.write_text(f"{config.read_text()}\napplications: ['services/*/score.yaml']\n")

    assert "services/*/score.yaml" in make("application", name="reports").remarks[0]
