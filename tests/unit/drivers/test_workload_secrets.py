"""What a workload is given of secrets, as objects; and texts of variables, which Kubernetes expands."""

import re
from typing import Any

import pytest

from innominatus_cli.documents.score import WorkloadDocument
from innominatus_cli.drivers.kubernetes.secrets import as_data
from innominatus_cli.drivers.kubernetes.unsupported import Unsupported
from innominatus_cli.drivers.kubernetes.workload import RenderOptions, render
from innominatus_cli.expressions.secret_marks import mark_of

_EXPANSION = re.compile(r"\$(\$|\(([^)]*)\))")


def expanded(text: str, variables: dict[str, str]) -> str:
    """What Kubernetes makes of the value of a variable (third_party/forked/golang/expansion)."""
    return _EXPANSION.sub(lambda found: "$" if found[1] == "$" else variables.get(found[2], found[0]), text)


@pytest.mark.parametrize("text", ["$", "$$", "$$$", "$(A)", "$$(A)", "$A $(B", "a$$b$(C)$", "${A}", ""])
def test_a_text_of_a_variable_is_what_the_container_gets(text: str) -> None:
    assert expanded(as_data(text), {"A": "x", "B": "y", "C": "z"}) == text


@pytest.mark.parametrize("text", ["", "a", "$", "a$$", "$("])
def test_a_text_before_a_reference_stays_itself(text: str) -> None:
    assert expanded(as_data(text, before_reference=True) + "$(R)", {"R": "secret"}) == f"{text}secret"


def rendered(container: dict[str, Any], resources: Any = None, **more: Any) -> list[dict[str, Any]]:
    written = {
        "apiVersion": "score.dev/v1b1",
        "metadata": {"name": "shop"},
        "service": {"ports": {"web": {"port": 80}}},
        "containers": {"web": {"image": "registry.example/web:1", **container}},
        "resources": resources or {},
    }
    return render(WorkloadDocument.model_validate(written), RenderOptions(application="shop", **more))


def test_without_secrets_there_is_no_secret() -> None:
    assert "Secret" not in {one["kind"] for one in rendered({"variables": {"A": "b"}})}


def test_two_variables_share_what_they_are_made_of() -> None:
    mark = mark_of("shop-secrets", "db.password")
    objects = rendered({"variables": {"A": f"a{mark}", "B": f"b{mark}"}}, sealed={"db.password": "geheim-geheim"})
    (deployment,) = [one for one in objects if one["kind"] == "Deployment"]
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [one["name"].startswith("__ref_") for one in env] == [True, False, False]
    assert "geheim-geheim" not in str(deployment)


def test_a_secret_where_nothing_can_refer_to_one_is_refused() -> None:
    params = {"host": "shop.example", "path": "/", "port": 80, "ingressClassName": mark_of("x", "y")}
    route = {"address": {"type": "route", "params": params}}
    with pytest.raises(Unsupported, match=r"a secret would stand in Ingress/shop-address at \.spec"):
        rendered({}, route)
    with pytest.raises(Unsupported, match=r"Deployment/shop"):
        rendered({"args": [mark_of("x", "y")]})


def test_a_mark_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(Unsupported, match="container 'web', variable 'A': 'x' names no key of a Secret"):
        rendered({"variables": {"A": "\U0001f510\U0001f4acx\U0001f4ac\U0001f510"}})
