"""`affected`: nothing is missed against planning everything, documents are read once, equal changes are told once."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.operations.affected import AffectedReport, find_affected
from innominatus_cli.operations.planning import PlanWish
from tests.integration.operations.conftest import Tree

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
)
WRONG = (
    '    - {name: wrong, type: script, config: {script: "make ${application.nmae}"}}\n',
    "    - {name: unknown, type: nonsense}\n",
)
WORDS = st.sampled_from(("low", "high"))


@st.composite
def workflow(draw: st.DrawFn, kind: str, product: str = "") -> str:
    name = draw(st.sampled_from(("scan", "audit")))
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
    wrong = draw(st.sampled_from(WRONG)) if draw(st.integers(0, 9)) == 9 else ""
    return head + "".join(steps) + wrong


@st.composite
def score(draw: st.DrawFn) -> str:
    files = draw(st.sampled_from(("", ", files: {/etc/x: {source: x.conf}}")))
    return SCORE.format(
        name=draw(st.sampled_from(("shop-web", "shop-api", "news-web"))),
        product=draw(st.sampled_from(("", ", product: shop", ", product: news", ", product: none"))),
        tag=draw(st.sampled_from(("1", "2"))),
        files=files,
    )


TEXTS: Mapping[str, st.SearchStrategy[str]] = {
    "admin-config.yaml": st.builds(
        ADMIN.format,
        from_name=st.sampled_from(("true", "false")),
        cost=WORDS,
        region=WORDS,
        types=st.sampled_from(("script, kubernetes, validation", "kubernetes, script", "script")),
    ),
    "workflows/policies/limits.yaml": st.builds(POLICIES.format, most=st.integers(1, 2), steps=st.integers(1, 3)),
    "workflows/golden-paths/deploy.yaml": st.builds(
        GOLDEN.format, word=WORDS, workflow=st.sampled_from(("", ", workflow: ../own.yaml"))
    ),
    "workflows/own.yaml": workflow("PlatformWorkflow"),
    "workflows/platform/a.yaml": workflow("PlatformWorkflow"),
    "workflows/platform/b.yaml": workflow("PlatformWorkflow"),
    "workflows/platform/deep/c.yaml": workflow("PlatformWorkflow"),
    "workflows/products/shop/a.yaml": workflow("ProductWorkflow", "shop"),
    "workflows/products/shop/b.yaml": workflow("ProductWorkflow", "shop"),
    "workflows/products/news/a.yaml": workflow("ProductWorkflow", "news"),
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


@st.composite
def states(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """A repository, and what a change of a few of its files makes of it."""
    likely = [path for path in TEXTS if path != "k8s/all"]
    paths = set(likely) - draw(st.sets(st.sampled_from(likely), max_size=6))
    old = {path: draw(TEXTS[path]) for path in sorted(paths)}
    new = dict(old)
    for path in draw(st.sets(st.sampled_from(sorted(TEXTS)), min_size=1, max_size=3)):
        if path in new and draw(st.booleans()):
            del new[path]
        else:
            new[path] = draw(TEXTS[path])
    if "k8s/all" in new:
        new = {path: text for path, text in new.items() if not path.startswith("k8s/all/")}
    return old, new


def write(root: Path, files: Mapping[str, str]) -> None:
    for name in ("admin-config.yaml", "workflows", "apps", "k8s", "x.conf", "notes.md"):
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def outcome(*, everything: bool) -> Any:
    try:
        return find_affected("main", PlanWish(), everything=everything)
    except CannotContinue as problem:
        return problem.findings


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(both=states())
def test_nothing_is_missed_against_planning_everything(
    both: tuple[dict[str, str], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        monkeypatch.chdir(root)
        tree = Tree(root)
        write(root, both[0])
        tree.commit()
        write(root, both[1])
        quick, thorough = outcome(everything=False), outcome(everything=True)
        if isinstance(thorough, AffectedReport):
            assert quick.affected == thorough.affected
            assert quick.planned <= thorough.planned
        else:
            assert quick == thorough
