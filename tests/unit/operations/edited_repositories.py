"""Repositories that are edited at random, for tests that compare two ways to check them.

Each text is drawn from few names, so that files speak of each other, and is mostly as it should be, so that what is
kept of a file depends on what surrounds it. The same seed gives the same edits.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

WORKFLOWS = (
    "workflows/platform/a.yaml",
    "workflows/platform/b.yaml",
    "workflows/products/shop/a.yaml",
    "workflows/products/shop/b.yaml",
    "workflows/products/Shop!/a.yaml",
    "workflows/golden-paths/a.yaml",
    "flows/products/shop/a.yaml",
    "workflows/shared/a.yaml",
    "workflows/orgs/acme/platform/a.yaml",
    "workflows/orgs/acme/products/shop/a.yaml",
)
POLICIES = ("workflows/policies/p.yaml", "workflows/orgs/acme/policies/p.yaml")
SCORES = ("apps/score.yaml", "apps/score-web.yaml", "workflows/platform/score.yaml")
STEP_TYPE = (
    "apiVersion: workflow.dev/v1\nkind: StepType\nmetadata: {name: lint, description: x, version: 1.0.0}\n"
    "spec:\n  command: [lint]\n"
)
INPUTS = "  inputs: {type: object, properties: {x: {type: boolean}}}\n"
GOLDEN_PATH = (
    "goldenpaths:\n  ship:\n    description: x\n    workflow: platform/a.yaml\n    parameters:\n"
    "      ttl: {type: string}\n"
)
PROVIDER = (
    "apiVersion: innominatus.io/v1\nkind: Provider\nmetadata: {name: p, version: 1.0.0}\n"
    "capabilities: {resourceTypes: [postgres]}\n"
)
FIXED = {
    "workflows/step-types/lint.yaml": STEP_TYPE,
    "workflows/goldenpaths.yaml": GOLDEN_PATH,
    "providers/p/provider.yaml": PROVIDER,
    "apps/data.txt": "x\n",
}
PLACES = (*WORKFLOWS, *SCORES, *FIXED, *POLICIES, "admin-config.yaml")
SPEAKING_SCRIPTS = (
    "echo ${parameters.ttl}",
    "echo ${workflows.shop/a.outputs.url}",
    "echo ${environment.zone}",
    "echo ${env.HOME}",
    "echo $HOME $zone",
    "echo ${secrets.token}",
    "echo ${variables.zone}",
    "echo {{ .parameters.ttl }}",
    "echo ${steps.nothing.outputs.x}",
    "echo ${steps.build.outputs.url}",
)
CONDITIONS = ("variables.zone == 'x'", "secrets.token == 'x'", "environment.zone == 'x'")
STEPS = (
    "type: lint, config: {x: y}",
    "type: '', config: {x: y}",
    "type: validation, config: {healthChecks: [up]}",
    "type: validation, config: {alerts: [down]}",
    "type: approval, config: {teams: [ops], count: 2}",
    "type: kubernetes, config: {namespace: a, manifests: ./k8s}",
    "type: script, config: {script: make}, env: {PASSWORD: hunter22}",
    "type: script, config: {script: make}, env: {PASSWORD: token}",
    "type: workflow, workflow: workflows/platform/b.yaml",
    "type: workflow, workflow: shared/a.yaml, parameters: {ttl: 1h}",
    "type: workflow, workflow: shop/a",
)


class Writer:
    """Draws texts and edits."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - nothing secret

    def one(self, *texts: str) -> str:
        return self._random.choice(texts)

    def maybe(self, *texts: str, of: int = 3) -> str:
        """One of the texts, once in `of` times."""
        return self.one(*texts) if self._random.randrange(of) == 0 else ""

    def workflow(self, path: str) -> str:
        """A workflow, mostly of the tier of its folder, named after its file or not."""
        fitting = "ProductWorkflow" if "products" in path else "PlatformWorkflow"
        kind = self.maybe("PlatformWorkflow", "ProductWorkflow", "Workflow", of=6) or fitting
        metadata = (
            f"name: {self.one('a', 'a', 'b')}",
            "description: x, owner: y, phase: deployment",
            self.one("product: shop", "product: shop", "product: shop", "product: Shop!", "")
            if kind == "ProductWorkflow"
            else "",
            self.maybe("dependsOn: [b]", "dependsOn: [a, b]", "dependsOn: [shop/a]", of=6),
            self.maybe("overrides: shop/a", "overrides: b", of=8),
        )
        return (
            self.maybe("# innominatus: ignore-file ORC-4006 -- known\n", of=8)
            + f"apiVersion: workflow.dev/v1\nkind: {kind}\nmetadata: {{{_joined(metadata)}}}\nspec:\n"
            + "  triggers: [all_deployments]\n"
            + self.maybe("  parameters: [{name: ttl, type: string}]\n", of=8)
            + self.maybe("  variables: {zone: x}\n", of=8)
            + self.maybe("  outputs: {url: x}\n", of=6)
            + self.maybe("  timeout: 10m\n", "  timeout: 2h\n", "  timeout: 90\n")
            + self.steps("  ")
        )

    def steps(self, indent: str) -> str:
        """Up to three steps, which now and then speak of what surrounds the workflow."""
        lines = []
        for name in ("build", "test", "wait")[: self._random.randrange(4)]:
            script = self.maybe(*SPEAKING_SCRIPTS, of=10)
            condition = self.maybe(*CONDITIONS, of=20)
            parts = (
                f"name: {name}",
                f"type: script, config: {{script: '{script}'}}"
                if script
                else self.maybe(*STEPS, of=4) or "type: script, config: {script: make it}",
                self.maybe("timeout: 10m", "timeout: 2h", of=5),
                condition and f'if: "{condition}"',
                self.maybe("approval: {teams: [ops], count: 2}", of=20),
                self.maybe("setVariables: {zone: x}", of=20),
                self.maybe("continueOnError: true", of=20),
            )
            lines.append(f"{indent}  - {{{_joined(parts)}}}\n")
        return f"{indent}steps:\n{''.join(lines)}" if lines else f"{indent}steps: []\n"

    def score(self) -> str:
        """A Score file, perhaps with files, resources and a workflow of its own."""
        kind = self.maybe("sqlite", "postgres", "redis", of=2)
        return (
            "apiVersion: score.dev/v1b1\nmetadata:\n  name: web\n"
            + self.maybe("  organization: acme\n", "  organization: beta\n", of=4)
            + self.maybe("  product: shop\n", "  product: bank\n", "  labels: {innominatus.dev/product: bank}\n")
            + "containers:\n  web:\n    image: example.com/web:1\n"
            + self.maybe("    files: {/etc/x: {source: data.txt}}\n")
            + self.maybe("    variables: {PASSWORD: hunter22}\n", "    variables: {URL: '${resources.db.host}'}\n")
            + (kind and f"resources:\n  db:\n    type: {kind}\n")
            + (self.maybe("workflows:\n  own:\n", of=4) and f"workflows:\n  own:\n{self.steps('    ')}")
        )

    def policies(self) -> str:
        """Rules over workflows, few of them such as nobody can read."""
        rules = (
            self.maybe("maxStepsPerWorkflow: 1", "maxStepsPerWorkflow: 2", "maxStepsPerWorkflow: x", of=6),
            self.maybe("maxWorkflowDuration: 5m", "maxWorkflowDuration: 1h", "maxWorkflowDuration: 60", of=6),
            self.maybe(
                "allowedStepTypes: [script]", "allowedStepTypes: [script, lint, '']", "allowedStepTypes: []", of=6
            ),
            self.maybe("allowedProductWorkflows: [shop/a]", "allowedProductWorkflows: [shop/b, Shop!/a]", of=6),
            self.maybe("requiredPlatformWorkflows: [a]", "requiredPlatformWorkflows: [b, c]", of=6),
        )
        return "".join(f"  {rule}\n" for rule in rules if rule)

    def admin_config(self) -> str:
        """An admin-config.yaml; now and then one that is none."""
        rules = self.maybe("  workflowsRoot: ./flows\n", of=5) + self.policies()
        return (
            "admin: {}\n"
            + (rules and f"workflowPolicies:\n{rules}")
            + self.maybe("secrets: {token: {}}\n", "secrets: {hunter22: {}}\n", "secrets: {}\n")
            + self.maybe("healthChecks: {up: {type: http, url: 'https://example.com'}}\n", "healthChecks: {}\n")
            + self.maybe("teams: {ops: {members: [me]}}\n", "teams: {}\n")
            + self.maybe("env: [HOME]\n", "env: [zone]\n")
            + self.maybe("environments: {dev: {variables: {zone: x}}}\n")
            + self.maybe("resourceDefinitions: {postgres: sqlite, sqlite: nobody}\n")
            + self.maybe("productProvisioners: [{product: shop, type: redis}]\n")
            + self.maybe("providers: [{name: p, type: filesystem, path: providers/p, enabled: true}]\n")
            + self.maybe("applications: ['apps/*.yaml']\n")
            + self.maybe("validation: {ignores: [{code: ORC-4008, path: '**', reason: known}]}\n", of=6)
            + self.maybe("workflowPolicies: [\n", of=20)
        )

    def edit(self) -> tuple[str, str | Path | None]:
        """A path, and what happens to it: a text is written, it is deleted (None), or renamed (a path)."""
        kinds: Sequence[str] = ("workflow",) * 6 + ("score",) * 2 + ("admin",) * 5
        kinds = (*kinds, "policies", "policies", "fixed", "fixed", "odd", "two", "deleted", "renamed", "renamed")
        kind = self.one(*kinds)
        workflow, place = self.one(*WORKFLOWS), self.one(*PLACES)
        fixed = self.one(*FIXED)
        head = "apiVersion: workflow.dev/v1\nkind: WorkflowPolicies\nmetadata: {name: p}\nspec:\n"
        possible: dict[str, tuple[str, str | Path | None]] = {
            "workflow": (workflow, self.workflow(workflow)),
            "two": (workflow, f"{self.workflow(workflow)}---\n{self.workflow(workflow)}"),
            "odd": (workflow, self.one("a: [\n", "# nothing\n", "a: 1\n", "\n\n")),
            "score": (self.one(*SCORES), self.score()),
            "admin": ("admin-config.yaml", self.admin_config()),
            "policies": (self.one(*POLICIES), head + (self.policies() or "  {}\n")),
            "fixed": (fixed, FIXED[fixed] + (self.maybe(INPUTS, of=2) if FIXED[fixed] is STEP_TYPE else "")),
            "deleted": (place, None),
            "renamed": (place, Path(self.one(*PLACES))),
        }
        return possible[kind]

    def edits(self, most: int) -> list[tuple[str, str | Path | None]]:
        """Up to so many edits."""
        return [self.edit() for _ in range(1 + self._random.randrange(most))]


def apply(repository: Path, edits: list[tuple[str, str | Path | None]]) -> None:
    """Makes edits; what is not there is not renamed."""
    for path, change in edits:
        here = repository / path
        if isinstance(change, str):
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text(change)
        elif change is None:
            here.unlink(missing_ok=True)
        elif here.exists():
            (repository / change).parent.mkdir(parents=True, exist_ok=True)
            here.rename(repository / change)


def _joined(parts: Sequence[str]) -> str:
    return ", ".join(part for part in parts if part)
