"""How people name the steps of a plan or a run: by an id, by its end, or by the loop or call that they came of."""

from collections.abc import Iterable


def names_step(word: str, step: str) -> bool:
    """Whether `word` names the step with the id `step`: that id, its end, or the loop or call that it is a part of.

    What is an organisation's may be named as people know it (`acme/scan/run`) or as in ids (`acme:scan/run`).
    """
    if ":" in step and names_step(word, step.replace(":", "/")):
        return True
    if f"/{step}".endswith(f"/{word}"):
        return True
    folder, _, last = word.rpartition("/")
    above, _, name = step.rpartition("/")
    return f"/{above}".endswith(f"/{folder}" if folder else "") and name.startswith((f"{last}[", f"{last}."))


def ends_like(word: str, steps: Iterable[str]) -> list[str]:
    """The ends of ids that have as many parts as `word`, in their order: what it may be a slip of."""
    parts = word.count("/") + 1
    return list(dict.fromkeys("/".join(step.replace(":", "/").split("/")[-parts:]) for step in steps))
