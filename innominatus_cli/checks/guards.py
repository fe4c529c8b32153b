"""Whether the surroundings of a document change what a rule finds in it, by what the document says alone.

A rule that stands here reads surroundings; all other rules over the kinds of documents that a repository has many of
find the same wherever the document stands. So what they find can be kept with the document, and where no guard says
that surroundings matter, that is all there is to find. A test holds this against every case and corpus.
"""

import posixpath
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from innominatus_cli.checks.details import Details
from innominatus_cli.checks.facts import Facts, spoken_rules
from innominatus_cli.checks.said import CALL, Said
from innominatus_cli.checks.steps import TABLES
from innominatus_cli.documents.durations import seconds_of
from innominatus_cli.documents.nodes import Document, ScalarNode
from innominatus_cli.documents.schemas import step_type_names

MANY = frozenset(("PlatformWorkflow", "ProductWorkflow", "Workflow", "Workload"))
"""Kinds of which a repository has many documents."""
_READ_FROM_SURROUNDINGS = frozenset(("parameters", "environment", "env", "workflows"))
"""Contexts whose names admin-config.yaml, golden paths or other workflows give."""


class Subject(NamedTuple):
    """A document, as far as it is known without its nodes."""

    path: str
    kind: str
    said: Said
    details: Details


Guard = Callable[[Subject, Facts], bool]


def _types(subject: Subject, facts: Facts) -> bool:
    return not _allowed_types(_policies(facts)).issuperset(subject.said.step_types)


def _own_types(subject: Subject, _facts: Facts) -> bool:
    return not frozenset(step_type_names()).issuperset(subject.said.step_types)


def _policies(facts: Facts) -> Facts:
    """Only the policies of what surrounds a document, so that what is made of them is kept with them."""
    return Facts(facts.admin_config, facts.policies, judges=facts.judges)


@lru_cache(maxsize=2)
def _allowed_types(policies: Facts) -> frozenset[str]:
    """The built-in step types that every policy allows; those of the repository are for the rule."""
    allowed = frozenset(step_type_names())
    return allowed.intersection(*(rule.names() for rule in spoken_rules(policies, "allowedStepTypes")))


def _tables(subject: Subject, facts: Facts) -> bool:
    return facts.admin_config is not None and not _defined(facts.admin_config).issuperset(subject.details.table_names)


@lru_cache(maxsize=2)
def _defined(admin_config: Document) -> frozenset[str]:
    return frozenset(f"{table}/{name}" for table in TABLES for name in admin_config.mapping.mapping(table).values)


def _missing_timeouts(subject: Subject, facts: Facts) -> bool:
    if subject.details.steps_without_timeout < 2 or facts.admin_config is None:  # noqa: PLR2004 - one alone is told nothing
        return False
    return not spoken_rules(facts, "maxWorkflowDuration")


def _limits(subject: Subject, facts: Facts) -> bool:
    most_steps, longest = _bounds(_policies(facts))
    return subject.details.steps > most_steps or subject.details.longest_timeout > longest


@lru_cache(maxsize=2)
def _bounds(policies: Facts) -> tuple[float, float]:
    """The most steps and seconds that all policies allow."""
    bounds = []
    for key in ("maxStepsPerWorkflow", "maxWorkflowDuration"):
        values = [rule.node.value for rule in spoken_rules(policies, key) if isinstance(rule.node, ScalarNode)]
        bounds.append(min((_amount(value) for value in values), default=float("inf")))
    return bounds[0], bounds[1]


def _amount(value: str | float | bool | None) -> float:
    try:
        return seconds_of(value) if isinstance(value, str) else float(value or 0)
    except ValueError:
        return 0


def _secrets(subject: Subject, facts: Facts) -> bool:
    return subject.details.may_hold_secrets and facts.admin_config is not None


def _references(subject: Subject, facts: Facts) -> bool:
    return "secrets" in subject.details.contexts and facts.admin_config is not None


def _contexts(subject: Subject, _facts: Facts) -> bool:
    return not _READ_FROM_SURROUNDINGS.isdisjoint(subject.details.contexts)


def _conditions(subject: Subject, _facts: Facts) -> bool:
    words = subject.details.words
    return "secrets" in words or not _READ_FROM_SURROUNDINGS.isdisjoint(words)


def _scripts(subject: Subject, facts: Facts) -> bool:
    has_own = facts.admin_config is not None and "env" in facts.admin_config.mapping.values
    return subject.details.has_scripts and has_own


def _gates(subject: Subject, facts: Facts) -> bool:
    return subject.details.has_gates and facts.admin_config is not None


def _required(subject: Subject, facts: Facts) -> bool:
    rules = spoken_rules(facts, "requiredPlatformWorkflows") if subject.kind == "PlatformWorkflow" else ()
    return any(subject.said.name in rule.names() for rule in rules)


def _allowed(subject: Subject, facts: Facts) -> bool:
    rules = spoken_rules(facts, "allowedProductWorkflows")
    return any(subject.said.identity not in rule.names() for rule in rules)


def _sources(subject: Subject, facts: Facts) -> bool:
    folder = posixpath.dirname(subject.path)
    is_file = facts.is_file
    return is_file is not None and not all(
        is_file(posixpath.normpath(posixpath.join(folder, source))) for source in subject.details.source_files
    )


def _provisioners(subject: Subject, facts: Facts) -> bool:
    from innominatus_cli.checks.score import BUILT_IN_RESOURCE_TYPES  # noqa: PLC0415 - workflows have no resources

    if facts.admin_config is None:
        return False
    definitions = facts.admin_config.mapping.mapping("resourceDefinitions")
    wanted = (definitions.text(kind) or kind for kind in subject.details.resource_types)
    return any(kind not in BUILT_IN_RESOURCE_TYPES for kind in wanted if kind)


def _products(subject: Subject, facts: Facts) -> bool:
    product = subject.details.product
    if not product or facts.products is None or facts.admin_config is None:
        return False
    products = facts.products()
    return bool(products) and product not in products


def _calls(subject: Subject, _facts: Facts) -> bool:
    """What a step calls decides what is wrong with the call, and which outputs the step has."""
    return CALL in subject.said.step_types


def _organization(subject: Subject, _facts: Facts) -> bool:
    return bool(subject.said.organization)


def _embedded(subject: Subject, _facts: Facts) -> bool:
    return bool(subject.said.embedded)


GUARDS: dict[str, Guard] = {
    "steps.check_types": _types,
    "steps.check_config": _types,
    "steps.check_tables": _tables,
    "timing.check_missing_timeouts": _missing_timeouts,
    "timing.check_policy_limits": _limits,
    "hard_coded_secrets.check_literal_secrets": _secrets,
    "references.check_references": _references,
    "contexts.check_contexts": _contexts,
    "conditions.check_conditions": _conditions,
    "names.check_shell_variables": _scripts,
    "names.check_unused_variables": _scripts,
    "names.check_unused_parameters": _scripts,
    "names.check_set_variables": _scripts,
    "step_settings.check_gates": _gates,
    "sub_workflows.check_called": _calls,
    "sub_workflows.check_circles": _calls,
    "tier_workflow.check_required": _required,
    "tier_workflow.check_required_failures": _required,
    "product_workflow.check_allowed": _allowed,
    "score.check_source_files": _sources,
    "score.check_provisioners": _provisioners,
    "score.check_product": _products,
    "score.check_organization": _organization,
    "score_workflows.check_embedded_workflows": _embedded,
    "score_workflows.check_resources": _embedded,
}
"""By module and rule. A rule without a guard reads nothing but its document."""


def surroundings_matter(subject: Subject, facts: Facts) -> bool:
    """Whether a rule may find something else in the document than it would anywhere.

    What belongs to an organisation is judged by policies of its own, whatever the rule.
    """
    if subject.said.organization:
        return True
    for guard in _guards_of(subject.kind):  # noqa: SIM110 - `any` makes a generator
        if guard(subject, facts):
            return True
    return False


@lru_cache(maxsize=8)
def _guards_of(kind: str) -> tuple[Guard, ...]:
    from innominatus_cli.checks.checking import modules_of  # noqa: PLC0415 - not in a circle

    modules = modules_of(kind)
    return tuple(dict.fromkeys(guard for name, guard in GUARDS.items() if name.partition(".")[0] in modules))
