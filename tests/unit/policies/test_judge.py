import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from innominatus_cli.documents.plan import AbsentWorkflow, Plan
from innominatus_cli.documents.secret_definitions import SecretDefinition
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.documents.vocabulary import Operation, Tier
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Finding, Severity
from innominatus_cli.policies.environment_rules import is_production
from innominatus_cli.policies.facts import JudgeFacts
from innominatus_cli.policies.judge import POLICIES, judge, policy_input
from innominatus_cli.policies.policy_set import PolicySet

Policies = Callable[[str], PolicySet]
Make = Callable[..., Any]


def told(plan: Plan, policies: PolicySet, facts: JudgeFacts) -> list[Finding]:
    """The errors of a judgement, which must all refuse."""
    judgement = judge(plan, policies, facts)
    errors = [finding for finding in judgement.findings if finding.severity is Severity.ERROR]
    assert judgement.verdict.allowed is (errors == [])
    refusing = {ExitStatus.POLICY_REFUSED, ExitStatus.WAITS_FOR_APPROVAL}
    assert all(finding.code.exit_status in refusing for finding in errors)
    return errors


def shown(findings: list[Finding]) -> list[str]:
    return [f"{finding.place}: {finding.code.number} {finding.message}" for finding in findings]


def test_without_policies_everything_is_allowed(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
) -> None:
    assert told(make_plan(make_workflow()), policies("{}\n"), facts) == []


class TestRequiredPlatformWorkflows:
    RULE = "workflowPolicies:\n  requiredPlatformWorkflows:\n    - security-scan\n"

    def test_a_planned_one_is_enough(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        plan = make_plan(make_workflow("security-scan", Tier.PLATFORM))
        assert told(plan, policies(self.RULE), facts) == []

    def test_an_absent_one_is_refused_at_its_name_with_the_reason(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        absent = AbsentWorkflow(
            identity="security-scan", tier=Tier.PLATFORM, path="workflows/platform/s.yaml", reason="it is manual"
        )
        findings = told(make_plan(), policies(self.RULE), replace(facts, absent=(absent,)))
        assert shown(findings) == [
            (
                "admin-config.yaml:3:7: ORC-4001 required platform workflow 'security-scan' is not in the plan: "
                "it is manual"
            )
        ]
        assert findings[0].related[0].place.path == "workflows/platform/s.yaml"

    def test_a_product_workflow_of_that_name_is_not_it_and_a_near_name_is_told(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        plan = make_plan(make_workflow("security-scan"), make_workflow("security-scans", Tier.PLATFORM))
        (finding,) = told(plan, policies(self.RULE), facts)
        assert finding.message.endswith("the repository has none of that name; did you mean 'security-scans'?")

    @pytest.mark.parametrize("trigger", ["manual", "first_deployment"])
    def test_one_that_another_deployment_may_lack_is_refused_at_the_workflow(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, trigger: str
    ) -> None:
        plan = make_plan(make_workflow("security-scan", Tier.PLATFORM, trigger=trigger))
        (finding,) = told(plan, policies(self.RULE), facts)
        assert finding.code.number == "ORC-4002"
        assert str(finding.place) == "workflows/security-scan.yaml:7:3"
        assert str(finding.related[0].place) == "admin-config.yaml:3:7"

    @pytest.mark.parametrize(
        "more",
        [
            {"conditions": {"if_text": "a == b", "if_tree": False}},
            {"conditions": {"unless_text": "a == b", "unless_tree": True}},
            {"conditions": {"when": "on_failure"}},
            {"conditions": {"when": "manual"}},
            {"cleanup": True},
        ],
    )
    def test_one_whose_every_step_may_be_skipped_is_refused(
        self,
        policies: Policies,
        facts: JudgeFacts,
        make_plan: Make,
        make_workflow: Make,
        make_step: Make,
        more: dict[str, Any],
    ) -> None:
        scan = make_workflow("security-scan", Tier.PLATFORM)
        plan = make_plan(scan, steps=[make_step(scan, **more)])
        (finding,) = told(plan, policies(self.RULE), facts)
        assert finding.message == "required platform workflow 'security-scan' has no step that always runs"
        with_another = make_plan(scan, steps=[make_step(scan, **more), make_step(scan, "always")])
        assert told(with_another, policies(self.RULE), facts) == []

    def test_an_overridden_one_is_refused_whatever_overrides_say(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        rules = policies(self.RULE + "  workflowOverrides: {product: true}\n")
        findings = told(make_plan(make_workflow("ecommerce/scan", override_of="security-scan")), rules, facts)
        assert shown(findings) == [
            (
                "workflows/ecommerce/scan.yaml:7:3: ORC-4014 'ecommerce/scan' overrides 'security-scan', "
                "which every deployment must run"
            )
        ]

    @pytest.mark.parametrize("operation", [Operation.TASK, Operation.UNDEPLOY])
    def test_they_are_asked_of_deployments_alone(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, operation: Operation
    ) -> None:
        assert told(make_plan(operation=operation), policies(self.RULE), facts) == []


class TestAllowedProductWorkflows:
    def test_one_off_the_list_is_refused_at_its_line_with_the_lists_place(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        rules = policies("workflowPolicies:\n  allowedProductWorkflows: [ecommerce/database-setup]\n")
        plan = make_plan(make_workflow(), make_workflow("ecommerce/payment-integration"))
        findings = told(plan, rules, facts)
        assert shown(findings) == [
            (
                "workflows/ecommerce/payment-integration.yaml:7:3: ORC-4003 product workflow "
                "'ecommerce/payment-integration' is not in allowedProductWorkflows"
            )
        ]
        assert [str(related.place) for related in findings[0].related] == ["admin-config.yaml:2:3"]

    def test_an_empty_list_refuses_all_of_them_each_once(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        again = make_workflow(id="post-deployment/product/-/x")
        plan = make_plan(make_workflow(), again, make_workflow("analytics/pipeline"))
        findings = told(plan, policies("workflowPolicies: {allowedProductWorkflows: []}\n"), facts)
        assert [finding.place.path for finding in findings] == [
            "workflows/analytics/pipeline.yaml",
            "workflows/ecommerce/database-setup.yaml",
        ]
        assert all(finding.message.endswith("which allows none") for finding in findings)

    def test_one_that_a_golden_path_runs_as_the_application_tier_is_asked_too(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        plan = make_plan(make_workflow("ecommerce/payment", Tier.APPLICATION, product="ecommerce"))
        (finding,) = told(plan, policies("workflowPolicies: {allowedProductWorkflows: []}\n"), facts)
        assert finding.code.number == "ORC-4003"

    def test_other_tiers_are_not_asked(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        plan = make_plan(make_workflow("scan", Tier.PLATFORM), make_workflow("shop/deploy", Tier.APPLICATION))
        assert told(plan, policies("workflowPolicies: {allowedProductWorkflows: []}\n"), facts) == []


class TestAllowedStepTypes:
    def test_every_step_of_every_tier_is_asked_and_refused_at_its_own_line(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        scan = make_workflow("scan", Tier.PLATFORM)
        app = make_workflow("shop/deploy", Tier.APPLICATION)
        steps = [
            make_step(scan, "a", "script", 11),
            make_step(scan, "b", "kubernets", 12),
            make_step(app, "c", "terraform", 13, cleanup=True),
        ]
        rules = policies("workflowPolicies: {allowedStepTypes: [script, kubernetes]}\n")
        assert shown(told(make_plan(scan, app, steps=steps), rules, facts)) == [
            (
                "workflows/scan.yaml:12:7: ORC-4004 type 'kubernets' of step 'b' is not in allowedStepTypes; "
                "did you mean 'kubernetes'?"
            ),
            "workflows/shop/deploy.yaml:13:7: ORC-4004 type 'terraform' of step 'c' is not in allowedStepTypes",
        ]

    def test_a_barrier_is_no_step(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        scan = make_workflow("scan", Tier.PLATFORM)
        barrier = make_step(scan, "x", "").model_copy(update={"kind": "barrier", "workflow_id": None})
        plan = make_plan(scan, steps=[make_step(scan), barrier])
        assert told(plan, policies("workflowPolicies: {allowedStepTypes: [script]}\n"), facts) == []


class TestWorkflowOverrides:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("{}\n", "workflowOverrides does not allow that"),
            ("workflowPolicies: {workflowOverrides: {platform: true}}\n", "workflowOverrides does not allow that"),
            ("workflowPolicies: {workflowOverrides: {product: false}}\n", "workflowOverrides.product is false"),
        ],
    )
    def test_they_need_a_yes_for_the_tier(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, text: str, why: str
    ) -> None:
        (finding,) = told(make_plan(make_workflow(override_of="shop/deploy")), policies(text), facts)
        assert finding.code.number == "ORC-4005"
        assert finding.message.endswith(why)
        assert finding.place.line == 7

    def test_a_yes_lets_them_through(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
    ) -> None:
        rules = policies("workflowPolicies: {workflowOverrides: {product: true}}\n")
        assert told(make_plan(make_workflow(override_of="shop/deploy")), rules, facts) == []


class TestLimits:
    def test_written_timeouts_are_judged_and_defaults_are_not(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        slow = make_workflow("ecommerce/slow", timeout_seconds=3601)
        fine = make_workflow("ecommerce/fine", timeout_seconds=3600)
        steps = [
            make_step(fine, "default", timeout_seconds=7200),
            make_step(fine, "written", line=30, timeout_seconds=5400, timeout_written=True),
        ]
        rules = policies("workflowPolicies: {maxWorkflowDuration: 1h}\n")
        assert shown(told(make_plan(slow, fine, steps=steps, limits={"workflow_seconds": 3600}), rules, facts)) == [
            "workflows/ecommerce/fine.yaml:30:7: ORC-4006 step 'written' may take 1h30m; maxWorkflowDuration is 1h",
            (
                "workflows/ecommerce/slow.yaml:7:3: ORC-4006 workflow 'ecommerce/slow' may take 1h1s; "
                "maxWorkflowDuration is 1h"
            ),
        ]

    @pytest.mark.parametrize(
        ("limits", "refused"),
        [({}, True), ({"workflow_seconds": 3601}, True), ({"workflow_seconds": 60}, False)],
    )
    def test_a_plan_must_carry_a_deadline_for_workflows_within_the_limit(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, limits: dict[str, int], refused: bool
    ) -> None:
        rules = policies("workflowPolicies:\n  maxWorkflowDuration: 1h\n")
        findings = told(make_plan(limits=limits), rules, facts)
        assert [f"{f.place}: {f.code.number}" for f in findings] == ["admin-config.yaml:2:3: ORC-4007"] * refused

    @pytest.mark.parametrize(
        ("limits", "refused"),
        [({}, True), ({"workflows": 5}, True), ({"workflows": 4}, False), ({"workflows": 1}, False)],
    )
    def test_a_plan_must_carry_a_cap_on_concurrent_workflows_within_the_limit(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, limits: dict[str, int], refused: bool
    ) -> None:
        rules = policies("workflowPolicies:\n  maxConcurrentWorkflows: 4\n")
        findings = told(make_plan(limits=limits), rules, facts)
        assert [f"{f.place}: {f.code.number}" for f in findings] == ["admin-config.yaml:2:3: ORC-4007"] * refused

    def test_cleanup_steps_count(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        flow = make_workflow()
        steps = [make_step(flow, "a"), make_step(flow, "b"), make_step(flow, "c", cleanup=True)]
        plan = make_plan(flow, steps=steps)
        assert told(plan, policies("workflowPolicies: {maxStepsPerWorkflow: 3}\n"), facts) == []
        assert shown(told(plan, policies("workflowPolicies: {maxStepsPerWorkflow: 2}\n"), facts)) == [
            (
                "workflows/ecommerce/database-setup.yaml:7:3: ORC-4008 workflow 'ecommerce/database-setup' "
                "has 3 steps; maxStepsPerWorkflow is 2"
            )
        ]


class TestSecurity:
    def test_an_environment_that_needs_an_approval_is_refused_and_others_are_not(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        rules = policies("workflowPolicies:\n  security:\n    requireApproval: [production]\n")
        assert told(make_plan(environment="staging"), rules, facts) == []
        assert shown(told(make_plan(environment="production"), rules, facts)) == [
            ("admin-config.yaml:3:23: ORC-4009 environment 'production' needs an approval")
        ]

    EXECUTORS = (
        "workflowPolicies: {security: {allowedExecutors: [platform-team]}}\n"
        "teams: {platform-team: {members: ['*@shop.example']}}\n"
    )

    def test_who_is_in_no_allowed_team_is_refused_and_called_unverified(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        (finding,) = told(make_plan(), policies(self.EXECUTORS), facts)
        assert finding.code.number == "ORC-4010"
        assert finding.message == (
            "'Ada <ada@shop.example>' (from git config, unverified) is in no team; 'platform-team' may run"
        )

    def test_who_is_in_an_allowed_team_may_run(self, policies: Policies, facts: JudgeFacts, make_plan: Make) -> None:
        member = Actor(name="Ada", email="ada@shop.example", source="git config", teams=["developers", "platform-team"])
        assert told(make_plan(), policies(self.EXECUTORS), replace(facts, actor=member)) == []

    def test_an_empty_list_of_executors_lets_nobody_run(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {allowedExecutors: []}}\n")
        (finding,) = told(make_plan(), rules, facts)
        assert finding.message.endswith("nobody may run")

    def test_an_undefined_team_is_named_in_the_remedy(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {allowedExecutors: [a, b]}}\nteams: {a: {}}\n")
        (finding,) = told(make_plan(), rules, facts)
        assert finding.help == "Define 'b' under `teams` in admin-config.yaml."


class TestSecretsAccess:
    @pytest.mark.parametrize(
        ("access", "more", "objection"),
        [
            ("vault-setup: none", {}, "it may use none"),
            ("vault: none", {}, "it may use none"),
            ("local: none", {}, "it may use none"),
            ("env: none", {}, None),
            ("kubernetes: none", {}, None),
            ("vault: read-write", {}, None),
            ("vault: read-only", {}, "it would generate the secret"),
            ("vault: namespace-scoped", {}, None),
            ("vault: namespace-scoped", {"namespace": "shop"}, None),
            ("vault: namespace-scoped", {"namespace": "shop-payment"}, None),
            ("vault: namespace-scoped", {"namespace": "team-a"}, None),
            ("vault: namespace-scoped", {"namespace": "shopping"}, "namespace 'shopping' is not one of"),
            ("vault: namespace-scoped", {"namespace": {"$ref": "steps.a.outputs.b"}}, "known only at run time"),
        ],
    )
    def test_each_word_means_what_it_says(
        self,
        policies: Policies,
        facts: JudgeFacts,
        make_plan: Make,
        make_workflow: Make,
        make_step: Make,
        access: str,
        more: dict[str, Any],
        objection: str | None,
    ) -> None:
        rules = policies(
            f"workflowPolicies: {{security: {{secretsAccess: {{{access}}}}}}}\n"
            "environments: {development: {kubernetes: {namespace: team-a}}}\n"
        )
        flow = make_workflow()
        steps = [make_step(flow, "bind", "vault-setup", inputs=more, secrets=["stripe-api-key"])]
        known = replace(facts, secrets={"stripe-api-key": SecretDefinition(generate=True)})
        findings = told(make_plan(flow, steps=steps), rules, known)
        if objection is None:
            assert findings == []
        else:
            (finding,) = findings
            assert finding.code.number == "ORC-4011"
            assert objection in finding.message
            assert str(finding.place) == "workflows/ecommerce/database-setup.yaml:20:7"

    def test_reading_a_secret_that_exists_is_reading_only(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {secretsAccess: {vault: read-only}}}\n")
        flow = make_workflow()
        plan = make_plan(flow, steps=[make_step(flow, "bind", "vault-setup", secrets=["token"])])
        known = replace(facts, secrets={"token": SecretDefinition(store="env", env="TOKEN")})
        assert told(plan, rules, known) == []

    @pytest.mark.parametrize("store", ["env", "file", "vault", "aws", "azure", "gcp", "command"])
    def test_a_rule_for_a_store_holds_for_steps_of_every_type_that_use_its_secrets(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make, store: Any
    ) -> None:
        rules = policies(f"workflowPolicies: {{security: {{secretsAccess: {{{store}: none}}}}}}\n")
        flow = make_workflow()
        plan = make_plan(flow, steps=[make_step(flow, "a", env={"A": {"$ref": "secrets.token"}}, secrets=["token"])])
        (finding,) = told(plan, rules, replace(facts, secrets={"token": SecretDefinition(store=store)}))
        assert finding.code.number == "ORC-4011"
        assert told(plan, rules, replace(facts, secrets={"token": SecretDefinition()})) == []

    def test_a_secret_that_a_variable_carries_to_a_step_counts(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {secretsAccess: {script: none}}}\n")
        flow = make_workflow(variables={"TOKEN": {"$ref": "secrets.k"}, "PLAIN": "x"})
        steps = [
            make_step(flow, "a", line=11, env={"A": {"$ref": "variables.TOKEN"}}),
            make_step(
                flow, "b", "validation", line=12, set_variables={"COPY": {"$template": ["<", {"$ref": "secrets.j"}]}}
            ),
            make_step(flow, "c", line=13, inputs={"script": {"$template": [{"$ref": "variables.COPY"}]}}),
            make_step(flow, "d", line=14, env={"A": {"$ref": "variables.PLAIN"}}),
            make_step(make_workflow("other/flow"), "e", line=15, env={"A": {"$ref": "variables.TOKEN"}}),
        ]
        findings = told(make_plan(flow, make_workflow("other/flow"), steps=steps), rules, facts)
        assert [(finding.place.line, finding.message.split("'")[3]) for finding in findings] == [(11, "k"), (13, "j")]

    def test_a_step_without_secrets_is_not_asked(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make, make_step: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {secretsAccess: {vault: none}}}\n")
        flow = make_workflow()
        assert told(make_plan(flow, steps=[make_step(flow, "bind", "vault-setup")]), rules, facts) == []

    def test_a_key_that_restricts_nothing_is_a_warning_with_a_near_name(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        rules = policies("workflowPolicies: {security: {secretsAccess: {vault-step: none, vault: none}}}\n")
        judgement = judge(make_plan(), rules, facts)
        assert judgement.verdict.allowed
        assert shown(list(judgement.findings)) == [
            (
                "admin-config.yaml:1:47: ORC-4021 'vault-step' is neither a step type nor a store of secrets; "
                "did you mean 'vault-setup' or 'vault'?"
            )
        ]


class TestEnvironments:
    def test_one_off_the_list_is_refused_with_what_named_it(
        self, policies: Policies, facts: JudgeFacts, make_plan: Make
    ) -> None:
        rules = policies("policies:\n  allowedEnvironments: [development, staging]\n")
        assert told(make_plan(environment="staging"), rules, facts) == []
        assert shown(told(make_plan(environment="stagin"), rules, facts)) == [
            (
                "admin-config.yaml:2:3: ORC-4012 environment 'stagin' (from argument --env) is not in "
                "allowedEnvironments; did you mean 'staging'?"
            )
        ]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("production", True),
            ("prod", True),
            ("eu-prod", True),
            ("Production-EU", True),
            ("development", False),
            ("product-test", False),
            ("preprod", False),
            ("pre-prod", False),
            ("non-production", False),
            ("live", True),
            ("prod-copy", False),
        ],
    )
    def test_production_is_known_by_its_name_unless_admin_config_says(
        self, policies: Policies, name: str, expected: bool
    ) -> None:
        rules = policies("environments: {live: {production: true}, prod-copy: {production: false}}\n")
        assert is_production(name, rules) is expected


class TestBackups:
    RULE = "policies: {enforceBackups: true}\n"

    def judged(
        self, rules: PolicySet, facts: JudgeFacts, plan: Make, flow: Any, step: Make, **inputs: Any
    ) -> list[str]:
        steps = [step(flow, "provision-data", "resource-provisioning", inputs={"resource": "data", **inputs})]
        return shown(told(plan(flow, steps=steps, environment="production"), rules, facts))

    @pytest.mark.parametrize("params", [{}, {"size": "5Gi"}, {"backup": False}, {"backup": "none"}, {"backup": {}}])
    def test_a_stateful_resource_without_one_is_refused_in_production(
        self,
        policies: Policies,
        facts: JudgeFacts,
        make_plan: Make,
        make_workflow: Make,
        make_step: Make,
        params: dict[str, Any],
    ) -> None:
        flow = make_workflow("shop/deploy", Tier.APPLICATION)
        found = self.judged(
            policies(self.RULE), facts, make_plan, flow, make_step, resourceType="volume", params=params
        )
        assert found == [
            (
                "workflows/shop/deploy.yaml:20:7: ORC-4013 resource 'data' of type 'volume' declares no backup, "
                "and 'production' is a production environment"
            )
        ]

    @pytest.mark.parametrize(
        "inputs",
        [
            {"resourceType": "volume", "params": {"backup": {"schedule": "daily"}}},
            {"resourceType": "sqlite", "params": {"backup": "daily"}},
            {"resourceType": "postgres", "params": {"backup": True}},
            {"resourceType": "postgres", "annotations": {"innominatus.dev/backup": "daily"}},
            {"resourceType": "route", "params": {}},
        ],
    )
    def test_a_declared_one_or_a_resource_without_state_is_enough(
        self,
        policies: Policies,
        facts: JudgeFacts,
        make_plan: Make,
        make_workflow: Make,
        make_step: Make,
        inputs: dict[str, Any],
    ) -> None:
        flow = make_workflow("shop/deploy", Tier.APPLICATION)
        assert self.judged(policies(self.RULE), facts, make_plan, flow, make_step, **inputs) == []

    @pytest.mark.parametrize(
        ("text", "environment"), [("policies: {enforceBackups: false}\n", "production"), (RULE, "development")]
    )
    def test_nothing_is_asked_elsewhere(
        self,
        policies: Policies,
        facts: JudgeFacts,
        make_plan: Make,
        make_workflow: Make,
        make_step: Make,
        text: str,
        environment: str,
    ) -> None:
        flow = make_workflow("shop/deploy", Tier.APPLICATION)
        steps = [make_step(flow, "p", "resource-provisioning", inputs={"resource": "d", "resourceType": "volume"})]
        assert told(make_plan(flow, steps=steps, environment=environment), policies(text), facts) == []


def test_all_violations_are_told_at_once_and_in_order_of_their_places(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
) -> None:
    rules = policies(
        """\
        policies: {allowedEnvironments: []}
        workflowPolicies:
          requiredPlatformWorkflows: [security-scan]
          allowedProductWorkflows: []
          allowedStepTypes: []
          maxStepsPerWorkflow: 1
          maxConcurrentWorkflows: 1
          security: {requireApproval: [development], allowedExecutors: [a]}
        """
    )
    findings = told(make_plan(make_workflow()), rules, facts)
    assert [finding.code.number for finding in findings] == [
        "ORC-4012",
        "ORC-4001",
        "ORC-4007",
        "ORC-4009",
        "ORC-4010",
        "ORC-4003",
        "ORC-4004",
    ]
    assert all(finding.place.line and finding.help for finding in findings)


def test_the_verdict_holds_digests_actor_time_and_every_finding(
    policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make
) -> None:
    rules = replace(policies("workflowPolicies: {allowedProductWorkflows: []}\n"), read_from="revision main")
    plan = make_plan(make_workflow())
    data = judge(plan, rules, facts).verdict.as_json()
    assert data["plan"] == plan.digest
    assert data["policies"] == rules.digest
    assert data["policies_from"] == "revision main"
    assert data["actor"]["verification"] == "unverified"
    assert data["judged_at"] == "2026-11-20T20:03:25.123Z"
    assert data["allowed"] is False
    assert [(f["code"], f["path"], f["line"], f["column"]) for f in data["findings"]] == [
        ("ORC-4003", "workflows/ecommerce/database-setup.yaml", 7, 3)
    ]


def test_judging_changes_no_plan(policies: Policies, facts: JudgeFacts, make_plan: Make, make_workflow: Make) -> None:
    plan = make_plan(make_workflow())
    before = plan.digest
    judge(plan, policies("workflowPolicies: {allowedProductWorkflows: []}\n"), facts)
    assert plan.digest == before


def test_policy_input_is_plain_json_without_a_secrets_value(
    facts: JudgeFacts, make_plan: Make, make_workflow: Make
) -> None:
    known = replace(facts, secrets={"k": SecretDefinition(store="env", env="KEY_VARIABLE")})
    data = policy_input(make_plan(make_workflow()), known)
    assert json.loads(json.dumps(data)) == data
    assert data["schema"] == "innominatus.dev/policy-input/v1"
    assert data["secrets"] == {"k": {"store": "env", "generated": False}}
    assert data["plan"]["workflows"][0]["identity"] == "ecommerce/database-setup"


def test_every_policy_is_one_function_with_a_name_of_its_own() -> None:
    assert len({policy.__name__ for policy in POLICIES}) == len(POLICIES) == 13
