"""A step's conditions for people: as written, and what is known of them when planning."""

from collections.abc import Iterator

from innominatus_cli.documents.plan import StepConditions
from innominatus_cli.expressions.truth import is_true


def condition_texts(conditions: StepConditions) -> Iterator[str]:
    """`if: parameters.replicas > 1 → false, so it never runs`; the text alone where only the run knows."""
    for word, text, tree in (
        ("if", conditions.if_text, conditions.if_tree),
        ("unless", conditions.unless_text, conditions.unless_tree),
    ):
        if text is None:
            continue
        known = known_truth(tree)
        if known is None:
            yield f"{word}: {text}"
        else:
            never = "" if known is (word == "if") else ", so it never runs"
            yield f"{word}: {text} → {'true' if known else 'false'}{never}"


def known_truth(tree: object) -> bool | None:
    """What a folded condition is in any run; None where only the run knows."""
    return is_true(tree["value"]) if isinstance(tree, dict) and "value" in tree else None
