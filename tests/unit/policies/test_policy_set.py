from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.catalogue import policy as codes
from innominatus_cli.findings.finding import Severity
from innominatus_cli.policies.facts import teams_of
from innominatus_cli.policies.policy_set import PolicySet, merge_policies

Make = Callable[[str], Document]
Policies = Callable[[str], PolicySet]


def test_nobody_spoke_means_no_rule(policies: Policies) -> None:
    merged = policies("admin: {}\n")
    assert merged.as_data() == {}
    assert merged.allowed_product_workflows is None


def test_an_empty_list_is_a_rule_that_allows_nothing(policies: Policies) -> None:
    rule = policies("workflowPolicies: {allowedProductWorkflows: []}\n").allowed_product_workflows
    assert rule is not None
    assert rule.value == ()


def test_a_rule_knows_the_place_of_its_key_and_of_each_entry(policies: Policies) -> None:
    rule = policies(
        """\
        workflowPolicies:
          requiredPlatformWorkflows:
            - security-scan
            - cost-monitoring
        """
    ).required_platform_workflows
    assert rule is not None
    assert str(rule.place) == "admin-config.yaml:2:3"
    assert str(rule.place_of("cost-monitoring")) == "admin-config.yaml:4:7"
    assert rule.place_of("cost-monitoring").pointer == "/workflowPolicies/requiredPlatformWorkflows/1"


ADMIN = """\
workflowPolicies:
  requiredPlatformWorkflows: [security-scan]
  allowedProductWorkflows: [ecommerce/a, ecommerce/b]
  workflowOverrides: {platform: true, product: true}
  maxWorkflowDuration: 30m
  maxConcurrentWorkflows: 10
  maxStepsPerWorkflow: 50
  allowedStepTypes: [script, kubernetes, resource-provisioning]
  security:
    requireApproval: [production]
    allowedExecutors: [platform-team, developers]
    secretsAccess: {vault: read-only, kubernetes: read-write}
"""
DOCUMENT = """\
spec:
  requiredPlatformWorkflows: [cost-monitoring]
  allowedProductWorkflows: [ecommerce/b, ecommerce/c]
  workflowOverrides: {platform: false}
  maxWorkflowDuration: 10m
  security:
    requireApproval: [staging]
    allowedExecutors: [platform-team]
    secretsAccess: {vault: namespace-scoped}
  resources:
    maxConcurrentWorkflows: 12
    maxStepsPerWorkflow: 5
    allowedStepTypes: [script, kubernetes]
"""


def test_the_stricter_wins_for_every_key(admin: Make, policies_file: Make) -> None:
    merged = merge_policies([admin(ADMIN), policies_file(DOCUMENT)])
    assert merged.as_data() == {
        "requiredPlatformWorkflows": ["cost-monitoring", "security-scan"],
        "allowedProductWorkflows": ["ecommerce/b"],
        "allowedStepTypes": ["kubernetes", "script"],
        "workflowOverrides": {"platform": False, "product": True},
        "maxWorkflowDuration": 600,
        "maxConcurrentWorkflows": 10,
        "maxStepsPerWorkflow": 5,
        "requireApproval": ["production", "staging"],
        "allowedExecutors": ["platform-team"],
        "secretsAccess": {"kubernetes": ["read-write"], "vault": ["namespace-scoped", "read-only"]},
    }


def test_each_disagreement_is_one_warning_with_both_places(admin: Make, policies_file: Make) -> None:
    merged = merge_policies([admin(ADMIN), policies_file(DOCUMENT)])
    found = {finding.message.split("'")[1]: finding for finding in merged.findings}
    assert sorted(found) == [
        "allowedProductWorkflows",
        "allowedStepTypes",
        "maxConcurrentWorkflows",
        "maxStepsPerWorkflow",
        "maxWorkflowDuration",
        "requiredPlatformWorkflows",
        "security.allowedExecutors",
        "security.requireApproval",
        "security.secretsAccess.vault",
        "workflowOverrides.platform",
    ]
    finding = found["maxWorkflowDuration"]
    assert finding.code is codes.POLICIES_DISAGREE
    assert finding.severity is Severity.WARNING
    assert finding.message == "'maxWorkflowDuration' is 10m here and 30m at admin-config.yaml:5:3: 10m counts"
    assert str(finding.place) == "workflows/policies/p.yaml:5:3"
    assert [str(related.place) for related in finding.related] == ["admin-config.yaml:5:3"]


def test_limits_at_the_top_and_under_resources_of_one_document_are_two_statements(policies_file: Make) -> None:
    merged = merge_policies([policies_file("spec: {maxStepsPerWorkflow: 9, resources: {maxStepsPerWorkflow: 4}}\n")])
    assert merged.max_steps_per_workflow is not None
    assert merged.max_steps_per_workflow.value == 4
    assert [finding.code for finding in merged.findings] == [codes.POLICIES_DISAGREE]


def test_documents_that_agree_give_no_warning(admin: Make, policies_file: Make) -> None:
    merged = merge_policies(
        [
            admin("workflowPolicies: {allowedStepTypes: [a, b], maxWorkflowDuration: 60}\n"),
            policies_file("spec: {maxWorkflowDuration: 1m, resources: {allowedStepTypes: [b, a]}}\n"),
        ]
    )
    assert merged.findings == ()


def test_the_digest_is_of_the_rules_and_not_of_their_places(admin: Make) -> None:
    once = merge_policies([admin("workflowPolicies: {allowedStepTypes: [a, b]}\n")])
    again = merge_policies([admin("# moved\n\nworkflowPolicies:\n  allowedStepTypes:\n    - b\n    - a\n")])
    other = merge_policies([admin("workflowPolicies: {allowedStepTypes: [a]}\n")])
    assert once.digest == again.digest
    assert once.digest != other.digest


def test_the_digest_covers_teams_production_and_namespaces(admin: Make) -> None:
    texts = [
        "{}\n",
        "teams: {a: {members: ['*']}}\n",
        "environments: {live: {production: true}}\n",
        "environments: {live: {kubernetes: {namespace: live}}}\n",
    ]
    assert len({merge_policies([admin(text)]).digest for text in texts}) == len(texts)


def test_environment_policies_come_from_admin_config_alone(admin: Make, policies_file: Make) -> None:
    merged = merge_policies(
        [
            admin("policies: {enforceBackups: true, allowedEnvironments: [production, staging]}\n"),
            policies_file("policies: {enforceBackups: false, allowedEnvironments: [anywhere]}\nspec: {}\n"),
        ]
    )
    assert merged.as_data() == {"enforceBackups": True, "allowedEnvironments": ["production", "staging"]}


def test_a_root_in_a_policies_document_is_told_to_have_no_effect(policies_file: Make) -> None:
    merged = merge_policies([policies_file("spec:\n  workflowsRoot: ./elsewhere\n")])
    assert [(f.code.number, str(f.place)) for f in merged.findings] == [("ORC-4022", "workflows/policies/p.yaml:2:3")]


def test_an_unknown_word_of_secrets_access_is_taken_as_none(policies: Policies) -> None:
    merged = policies("workflowPolicies: {security: {secretsAccess: {vault: everything}}}\n")
    assert merged.secrets_access["vault"].value == ("none",)


def test_values_of_a_wrong_type_are_left_to_the_check_of_the_documents_shape(policies: Policies) -> None:
    merged = policies(
        "workflowPolicies: {allowedStepTypes: script, maxStepsPerWorkflow: true, maxWorkflowDuration: soon,"
        " maxConcurrentWorkflows: x, workflowOverrides: {platform: 1}, security: []}\npolicies: 3\n"
    )
    assert merged.as_data() == {}


WORDS = st.lists(st.sampled_from("abcd"), max_size=4, unique=True)


@given(first=WORDS, second=WORDS)
def test_merging_never_allows_what_one_document_forbids(first: list[str], second: list[str]) -> None:
    from innominatus_cli.documents.yaml_reader import read_yaml

    documents = []
    for number, names in enumerate((first, second)):
        text = f"workflowPolicies: {{allowedStepTypes: [{', '.join(names)}]}}\n"
        read, _ = read_yaml(f"{number}.yaml", text.encode())
        read[0].kind = "AdminConfig"
        documents.append(read[0])
    forwards, backwards = merge_policies(documents), merge_policies(reversed(documents))
    assert forwards.allowed_step_types is not None
    assert set(forwards.allowed_step_types.value) == set(first) & set(second)
    assert forwards.digest == backwards.digest
    assert bool(forwards.findings) == (set(first) != set(second))


def test_teams_are_matched_by_address_without_case() -> None:
    teams = {
        "everybody": ("*",),
        "shop": ("*@shop.example",),
        "named": ("Ada@Shop.example",),
        "others": ("*@other.example", "ada@shop.example.org"),
        "plain": ("ad?@shop.example", "[a]da@shop.example"),
    }
    assert teams_of("ADA@shop.example ", teams) == ["everybody", "named", "shop"]


def test_no_address_is_in_no_team() -> None:
    assert teams_of("", {"everybody": ("*",)}) == []
