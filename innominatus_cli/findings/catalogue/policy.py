"""Block 4xxx: policies; every error here ends with exit status 3."""

from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code, Severity


def _refusal(number: str, title: str, remedy: str, detail: str) -> Code:
    return Code(number, title, remedy, exit_status=ExitStatus.POLICY_REFUSED, detail=detail)


REQUIRED_WORKFLOW_ABSENT = _refusal(
    "ORC-4001",
    "A required platform workflow is not in the plan",
    "Bring the workflow back with the trigger all_deployments, or take its name off requiredPlatformWorkflows.",
    "requiredPlatformWorkflows names what every deployment runs. The workflow is missing from workflows/platform, its "
    "trigger did not match, or it could not be read. The place is the name in the list.",
)
REQUIRED_WORKFLOW_AVOIDABLE = _refusal(
    "ORC-4002",
    "A required platform workflow can be left out",
    "Give it the trigger all_deployments and at least one step without if, unless, forEach or when.",
    "A name in the plan is not enough: a required workflow must run for every deployment, and at least one of its "
    "steps must run whatever the conditions say. `finally` steps do not count.",
)
PRODUCT_WORKFLOW_NOT_ALLOWED = _refusal(
    "ORC-4003",
    "A product workflow is not on the list of allowed ones",
    "Ask the platform team to add it to workflowPolicies.allowedProductWorkflows in admin-config.yaml.",
    "Where allowedProductWorkflows is written, only what it names may run, by `<product>/<workflow>`. Without the key "
    "every product workflow may run; an empty list allows none. The place is the workflow's own.",
)
STEP_TYPE_NOT_ALLOWED = _refusal(
    "ORC-4004",
    "A step's type is not allowed",
    "Use one of the allowed types, or ask the platform team to add this one to workflowPolicies.allowedStepTypes.",
    "Where allowedStepTypes is written, every step of a plan must be of a type that it names: the steps of platform, "
    "product and application workflows, `finally` steps, and those made from a Score file (`resource-provisioning` "
    "for each resource, `kubernetes` for the containers).",
)
OVERRIDE_NOT_ALLOWED = _refusal(
    "ORC-4005",
    "A workflow overrides another one, and policies do not allow that",
    "Take metadata.overrides out, or ask the platform team to set workflowOverrides for the tier to true.",
    "A workflow with metadata.overrides takes the place of a workflow of a lower tier. That needs "
    "workflowOverrides.<tier of the overriding workflow>: true; where nothing is said, it is not allowed.",
)
DURATION_BEYOND_LIMIT = _refusal(
    "ORC-4006",
    "A timeout is longer than policies allow",
    "Write a timeout within maxWorkflowDuration, or split the workflow.",
    "maxWorkflowDuration bounds what was written: the timeout of a workflow and of each step. Defaults of step types "
    "are not judged; when the plan runs, the limit is a deadline for every workflow.",
)
LIMIT_OF_PLAN_TOO_HIGH = _refusal(
    "ORC-4007",
    "A limit of the plan is higher than policies allow",
    "Lower the limit, or judge with the policies that the change brings.",
    "maxConcurrentWorkflows caps how many workflows run at once, and maxWorkflowDuration is each workflow's deadline; "
    "a plan carries both under `limits`, where execution keeps them. This plan carries a higher one, or none: it was "
    "made under other policies than those that judge it (--policies-from).",
)
TOO_MANY_STEPS = _refusal(
    "ORC-4008",
    "A workflow has more steps than policies allow",
    "Split the workflow, or take steps out.",
    "maxStepsPerWorkflow counts every step of a workflow as planned: expanded ones and `finally` steps too.",
)
APPROVAL_NEEDED = Code(
    "ORC-4009",
    "This environment needs an approval",
    "Run it: the run waits, and says who must approve. Or approve the plan file before (`approve`).",
    exit_status=ExitStatus.WAITS_FOR_APPROVAL,
    detail="security.requireApproval names the environments in which every run needs an approval; who gives it is said "
    "by `approvals.environments` in admin-config.yaml. A run without one starts no step and ends with exit status 6 "
    "(docs/how-to/approve-a-run.md).",
)
EXECUTOR_NOT_ALLOWED = _refusal(
    "ORC-4010",
    "You are in none of the teams that may run",
    "Ask the platform team to add your e-mail address to a team of security.allowedExecutors, under `teams`.",
    "security.allowedExecutors names teams of admin-config's table `teams`. Who runs is what git says (user.name and "
    "user.email), which nobody has verified: records say so. A guard against mistakes, not against an attacker.",
)
SECRET_NOT_ALLOWED = _refusal(
    "ORC-4011",
    "A step uses a secret in a way that policies do not allow",
    "Take the secret out of the step, or ask the platform team to change security.secretsAccess.",
    "security.secretsAccess says by step type or secret store what steps may do with secrets: `none` (use none), "
    "`read-only` (use those that exist, generate none), `namespace-scoped` (only in a namespace of the application), "
    "`read-write`. Every word that applies to a step counts.",
)
ENVIRONMENT_NOT_ALLOWED = _refusal(
    "ORC-4012",
    "The environment is not allowed",
    "Name one of the allowed environments with --env, or add this one to policies.allowedEnvironments.",
    "policies.allowedEnvironments is the list of environments that exist for this repository. Without the key every "
    "name is good; an empty list allows none.",
)
BACKUP_MISSING = _refusal(
    "ORC-4013",
    "A stateful resource has no backup",
    "Declare one: the annotation innominatus.dev/backup on the resource, or `params.backup` where its type has that.",
    "With policies.enforceBackups, every stateful resource of a deployment to a production environment must declare a "
    "backup. An environment is one for production where admin-config's `environments.<name>.production` says so, "
    "else where its name has the part prod or production.",
)
REQUIRED_WORKFLOW_OVERRIDDEN = _refusal(
    "ORC-4014",
    "A required platform workflow is overridden",
    "Take metadata.overrides out: a required platform workflow can never be overridden.",
    "workflowOverrides does not reach workflows that requiredPlatformWorkflows names.",
)

POLICIES_DISAGREE = Code(
    "ORC-4020",
    "Two documents say different things about one policy",
    "Say it once, or say the same in both: the stricter value counts.",
    Severity.WARNING,
    detail="workflowPolicies in admin-config.yaml and WorkflowPolicies documents are merged: allow-lists by "
    "intersection, lists of what is required by union, numbers by the smallest, booleans by false.",
)
UNKNOWN_SECRETS_ACCESS_KEY = Code(
    "ORC-4021",
    "A key of secretsAccess restricts nothing",
    "Name a step type (vault-setup) or a store of secrets (local, env).",
    Severity.WARNING,
    detail="Keys of security.secretsAccess are step types, stores of secrets, or `vault` for the step type "
    "vault-setup. This key is none of them, so no step is restricted by it.",
)
WORKFLOWS_ROOT_WITHOUT_EFFECT = Code(
    "ORC-4022",
    "The key workflowsRoot has no effect here",
    "Write it under workflowPolicies in admin-config.yaml.",
    Severity.WARNING,
    detail="A WorkflowPolicies document is itself found below the workflows root, so it cannot move it.",
)
NOT_ON_ALLOW_LIST = Code(
    "ORC-4023",
    "A valid product workflow is not on the list of allowed ones",
    "Ask the platform team to add it to workflowPolicies.allowedProductWorkflows; a deployment would be refused.",
    Severity.WARNING,
    detail="The workflow itself is right. `validate-product-workflow` and `test-product-workflow` say early that `run` "
    "would refuse it with ORC-4003 as long as the list leaves it out.",
)

# Rollback: 4030 to 4039.

ROLLBACK_COVERAGE_LOW = _refusal(
    "ORC-4030",
    "Too little of a plan could be rolled back",
    "Let `rollback` of the steps that are named say what takes them back, or ask for a lower minimum.",
    "rollbackCoverage.minimum is a share, in percent, of the steps that change something: those whose type takes back "
    "its own work, and those whose `rollback` names what does. It is judged before the first step; `plan` shows the "
    "numbers, and `explain` each step.",
)
IRREVERSIBLE_WITHOUT_GATE = _refusal(
    "ORC-4031",
    "A step that nothing takes back has no approval before it",
    "Give the step an `approval`, or a `rollback` that names what takes it back.",
    "Where rollbackCoverage.gateIrreversible is true, somebody decides before a step starts whose work cannot be "
    "rolled back: a gate of that very step.",
)
