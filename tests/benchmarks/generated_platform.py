"""A repository of many applications and workflows that are planned: the same for the same counts.

A tenth of the workflows are the platform's, which every deployment has; the others are of products, ten each.
"""

import subprocess
from pathlib import Path

WORKFLOWS_A_PRODUCT = 10
ADMIN_CONFIG = """\
admin:
  defaultCostCenter: engineering
environments:
  development: {variables: {region: eu-central-1}}
  production: {variables: {region: eu-central-1}, production: true}
policies:
  allowedEnvironments: [development, production]
workflowPolicies:
  maxWorkflowDuration: 1h
  maxStepsPerWorkflow: 20
  allowedStepTypes: [script, validation, kubernetes, resource-provisioning]
healthChecks:
  ready: {type: http, url: https://orders.example.com/healthz}
applications: ["apps/*/score.yaml"]
"""
POLICIES = """\
apiVersion: workflow.dev/v1
kind: WorkflowPolicies
metadata: {name: limits, description: Limits of everybody, owner: platform}
spec: {maxConcurrentWorkflows: 8}
"""
WORKFLOW = """\
apiVersion: workflow.dev/v1
kind: {kind}
metadata:
  name: {name}
  description: What {name} checks before an application takes any traffic
  owner: {owner}
  phase: {phase}
{product}spec:
  triggers:
    - {trigger}
  variables:
    level: high
  steps:
    - name: prepare
      type: script
      timeout: 5m
      config:
        script: make prepare-{name} LEVEL=${{variables.level}}
      outputs: [report]
    - name: look
      type: script
      env:
        APPLICATION: ${{application.name}}
        REGION: ${{environment.region}}
        REPORT: ${{steps.prepare.outputs.report}}
      config:
        script: make look
    - name: check-health
      type: validation
      config:
        healthChecks: [ready]
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata:
  name: {name}
  product: {product}
containers:
  web:
    image: registry.example.com/{product}/{name}:1.{number}
    variables:
      DATABASE_URL: ${{resources.database.path}}
      SERVICE_NAME: ${{metadata.name}}
service:
  ports:
    web: {{port: 80, targetPort: 8080}}
resources:
  database: {{type: sqlite}}
"""


def generate(root: Path, applications: int, workflows: int, platform: int | None = None) -> None:
    """Writes the repository; `platform` is how many of the workflows are the platform's."""
    shared = max(1, workflows // 10) if platform is None else platform
    products = max(1, -(-(workflows - shared) // WORKFLOWS_A_PRODUCT))
    _write(root / "admin-config.yaml", ADMIN_CONFIG)
    _write(root / "workflows/policies/limits.yaml", POLICIES)
    for number in range(shared):
        phase = ("pre-deployment", "post-deployment")[number % 2]
        _write(root / f"workflows/platform/scan-{number:04}.yaml", platform_workflow(f"scan-{number:04}", phase))
    for number in range(workflows - shared):
        product = f"product-{number // WORKFLOWS_A_PRODUCT:04}"
        name = f"step-{number:05}"
        values = {"kind": "ProductWorkflow", "owner": product, "trigger": "product_deployment", "phase": "deployment"}
        text = WORKFLOW.format(name=name, product=f"  product: {product}\n", **values)
        _write(root / f"workflows/products/{product}/{name}.yaml", text)
    for number in range(applications):
        product = f"product-{number % products:04}"
        name = f"app-{number:05}"
        _write(root / f"apps/{name}/score.yaml", SCORE.format(name=name, product=product, number=number))


def platform_workflow(name: str, phase: str = "pre-deployment") -> str:
    """The text of a platform workflow that every deployment has."""
    values = {"kind": "PlatformWorkflow", "owner": "platform", "trigger": "all_deployments", "phase": phase}
    return WORKFLOW.format(name=name, product="", **values)


def commit(root: Path) -> None:
    """Makes a git repository with one commit of it."""
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@shop.example", "-c", "commit.gpgSign=false")
    for words in (("init", "-q", "-b", "main"), ("add", "--all"), (*who, "commit", "-q", "-m", "All of it")):
        subprocess.run(["git", *words], cwd=root, check=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
