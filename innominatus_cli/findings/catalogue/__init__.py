"""The catalogue of ORC codes, one module a block; numbers are never reused, a retired one stays as a comment.

Blocks: 1xxx document (and ignores), 2xxx workflow (and score), 3xxx plan, 4xxx policy, 5xxx execution, 6xxx ledger and
git, 7xxx engines, 8xxx catalogue, 9xxx internal. `every_code()` is for docs, `explain` and tests; checks import the
block that they need.
"""

from innominatus_cli.findings.finding import Code

BLOCKS = (
    "document",
    "tree",
    "ignores",
    "workflow",
    "steps",
    "expansion",
    "definitions",
    "score",
    "structure",
    "plan",
    "revisions",
    "workflow_tests",
    "plan_files",
    "policy",
    "provisioning",
    "approvals",
    "execution",
    "infrastructure",
    "rollback",
    "secrets",
    "resuming",
    "services",
    "delivery",
    "judging",
    "databases",
    "doctor",
    "ledger",
    "ledger_branch",
    "resources",
    "environments",
    "retention",
    "locks",
    "vendoring",
    "internal",
)


def every_code() -> dict[str, Code]:
    """All codes by number, in order of their numbers."""
    from importlib import import_module  # noqa: PLC0415 - only docs and `explain` need every block

    found: dict[str, Code] = {}
    for block in BLOCKS:
        module = import_module(f"{__name__}.{block}")
        for value in vars(module).values():
            if isinstance(value, Code):
                if value.number in found and found[value.number] is not value:
                    raise AssertionError(f"{value.number} is defined twice")
                found[value.number] = value
    return dict(sorted(found.items()))
