"""A repository of many good files, the same for the same count: product workflows and Score files of about 30 lines."""

from pathlib import Path

WORKFLOWS_A_PRODUCT = 50
ADMIN_CONFIG = """\
admin:
  defaultCostCenter: engineering
policies:
  allowedEnvironments: [development, staging, production]
workflowPolicies:
  workflowsRoot: ./workflows
  maxWorkflowDuration: 30m
  maxStepsPerWorkflow: 20
  allowedStepTypes: [script, validation, kubernetes, database-migration]
healthChecks:
  orders-ready:
    type: http
    url: https://orders.example.com/healthz
applications:
  - apps/*/score.yaml
"""
WORKFLOW = """\
# Prepares the database of {name} and rolls its manifests out.
# When it fails: https://wiki.example.com/{product}/runbooks/{name}
apiVersion: workflow.dev/v1
kind: ProductWorkflow
metadata:
  name: {name}
  description: Prepares what {name} needs before it takes any traffic
  product: {product}
  owner: {product}-infrastructure-team
  phase: deployment
spec:
  triggers:
    - product_deployment
  variables:
    region: eu-central-{zone}
  steps:
    - name: migrate-database
      type: database-migration
      config:
        connectionString: ${{resources.database.connection_string}}
        migrationsPath: ./migrations/{name}
    - name: roll-out
      type: kubernetes
      env:
        REGION: ${{variables.region}}
      config:
        namespace: "${{application.name}}-{product}"
        manifests: ./k8s/{product}/{name}
    - name: check-health
      type: validation
      config:
        healthChecks: [orders-ready]
"""
SCORE = """\
# The service {name} of {product}: what the team runs, and what it needs.
apiVersion: score.dev/v1b1
metadata:
  name: {name}
  annotations:
    example.com/owner: {product}-infrastructure-team
    example.com/runbook: https://wiki.example.com/{product}/{name}
service:
  ports:
    web:
      port: 80
      targetPort: 8080
containers:
  web:
    image: registry.example.com/{product}/{name}:1.{zone}.{number}
    variables:
      DATABASE_URL: ${{resources.database.connection_string}}
      SERVICE_NAME: ${{metadata.name}} in eu-central-{zone}
      LOG_LEVEL: info
    resources:
      limits:
        cpu: 500m
        memory: {memory}Mi
    livenessProbe:
      httpGet:
        path: /healthz
        port: 8080
resources:
  database:
    type: sqlite
"""


def generate(folder: Path, files: int) -> int:
    """Writes `files` files and an admin-config.yaml, half of them workflows; returns the bytes of all.

    Nothing but `files` decides what is written. The folder is created, and made a git repository in name only.
    """
    (folder / ".git").mkdir(parents=True)
    size = _write(folder / "admin-config.yaml", ADMIN_CONFIG)
    for number in range(files):
        index, is_score = divmod(number, 2)
        product = f"product-{index // WORKFLOWS_A_PRODUCT:03}"
        values = {
            "product": product,
            "number": index,
            "zone": 1 + index % 8,
            "memory": 256 * (1 + index % 4),
        }
        if is_score:
            name = f"service-{index:05}"
            size += _write(folder / "apps" / name / "score.yaml", SCORE.format(name=name, **values))
        else:
            name = f"setup-{index:05}"
            path = folder / "workflows" / "products" / product / f"{name}.yaml"
            size += _write(path, WORKFLOW.format(name=name, **values))
    return size


def _write(path: Path, text: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_text(text, encoding="utf-8")
