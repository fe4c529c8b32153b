"""What a rule needs to find in a file before it can have anything to say: keys of mappings, or words of the text.

Asking for them is a look into a set; asking the rule is a walk over the document. Most documents have few of them.
"""

import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import NamedTuple, TypeVar

R = TypeVar("R", bound=Callable[..., object])


class Needs(NamedTuple):
    """One of the keys, or one of the texts; neither: nothing is needed."""

    keys: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()

    def are_met(self, keys: AbstractSet[str] | None, text: str) -> bool:
        """Whether a file has one of them; `keys` None and `text` empty stand for what nobody knows."""
        if not self.keys and not self.texts:
            return True
        if (self.keys and keys is None) or (self.texts and not text):
            return True
        if keys is not None and not self.keys.isdisjoint(keys):
            return True
        for word in self.texts:  # noqa: SIM110 - `any` makes a generator
            if word in text:
                return True
        return False


NOTHING = Needs()
_of_rules: dict[Callable[..., object], Needs] = {}


def needs(*keys: str, texts: tuple[str, ...] = ()) -> Needs:
    """One of these keys, in snake_case too, or of these texts."""
    return Needs(frozenset((*keys, *(re.sub("(?=[A-Z])", "_", key).lower() for key in keys))), texts)


def only_with(*keys: str, texts: tuple[str, ...] = ()) -> Callable[[R], R]:
    """Marks a rule that finds nothing in a file without one of these; keys in other older spellings are named too."""

    def mark(rule: R) -> R:
        _of_rules[rule] = needs(*keys, texts=texts)
        return rule

    return mark


def needs_of(rule: Callable[..., object]) -> Needs:
    """What a rule needs."""
    return _of_rules.get(rule, NOTHING)


def mark_like(rule: R, other: Callable[..., object]) -> R:
    """Marks a rule that is made of another one."""
    _of_rules[rule] = needs_of(other)
    return rule
