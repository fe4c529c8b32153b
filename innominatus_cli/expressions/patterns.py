r"""Regular expressions in linear time: what people write in conditions and parameters must not hang a run.

A pattern becomes a nondeterministic automaton, simulated over all its states at once (Thompson 1968): time grows with
the product of both lengths, whatever they say. The language is the common part of RE2 and Python's `re`: literals, `.`,
classes, `\d \w \s \b` and their opposites, `^ $`, groups, `|`, `* + ? {m,n}`; no backreferences, lookaround or flags.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

LONGEST_PATTERN = 500
LONGEST_TEXT = 10_000
_MOST_STATES = 2_000
_MOST_REPEATS = 1_000
_DEEPEST = 50

_Takes: TypeAlias = Callable[[str], bool]
_CLASSES: dict[str, _Takes] = {
    "d": str.isdecimal,
    "w": lambda char: char.isalnum() or char == "_",
    "s": str.isspace,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_BOUNDED = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")


class PatternError(ValueError):
    """The pattern is wrong, or uses what cannot be matched in linear time; `offset` says where."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Char:
    """One character. Without docstrings here, dataclasses load `inspect` to write their own."""

    takes: _Takes


@dataclass(frozen=True, slots=True)
class _Assert:
    """A place between characters."""

    holds: Callable[[str, int], bool]


@dataclass(frozen=True, slots=True)
class _Sequence:
    """One after the other."""

    items: "tuple[_Tree, ...]"


@dataclass(frozen=True, slots=True)
class _Either:
    """One of several."""

    choices: "tuple[_Tree, ...]"


@dataclass(frozen=True, slots=True)
class _Repeat:
    """Some number of times."""

    item: "_Tree"
    least: int
    most: int | None


_Tree: TypeAlias = "_Char | _Assert | _Sequence | _Either | _Repeat"


_SIGNS: dict[str, _Tree] = {
    ".": _Char(lambda found: found != "\n"),
    "^": _Assert(lambda _text, at: at == 0),
    "$": _Assert(lambda text, at: at == len(text)),
}


def _word_edge(text: str, at: int) -> bool:
    word = _CLASSES["w"]
    return (at > 0 and word(text[at - 1])) != (at < len(text) and word(text[at]))


class _Parser:
    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def parse(self) -> _Tree:
        tree = self._either(0)
        if self._at < len(self._text):
            raise PatternError("')' closes nothing", self._at)
        return tree

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _either(self, depth: int) -> _Tree:
        if depth > _DEEPEST:
            raise PatternError("groups are nested too deep", self._at)
        choices = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            choices.append(self._sequence(depth))
        return choices[0] if len(choices) == 1 else _Either(tuple(choices))

    def _sequence(self, depth: int) -> _Tree:
        items: list[_Tree] = []
        while self._peek() not in {"", "|", ")"}:
            items.append(self._repeated(self._atom(depth)))
        return _Sequence(tuple(items))

    def _repeated(self, atom: _Tree) -> _Tree:
        char = self._peek()
        bounded = _BOUNDED.match(self._text, self._at)
        if char and char in "*+?":
            self._at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        elif bounded:
            least = int(bounded.group(1))
            most = least if not bounded.group(2) else int(bounded.group(3)) if bounded.group(3) else None
            if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
                raise PatternError(f"a repetition is at most {_MOST_REPEATS} times, the smaller number first", self._at)
            self._at = bounded.end()
        else:
            return atom
        if isinstance(atom, _Assert):
            raise PatternError("an anchor cannot be repeated", self._at)
        if self._peek() == "?":
            self._at += 1  # a lazy repetition matches the same texts
        if self._peek() and self._peek() in "*+?":
            raise PatternError("a repetition cannot be repeated", self._at)
        return _Repeat(atom, least, most)

    def _atom(self, depth: int) -> _Tree:
        start = self._at
        char = self._peek()
        self._at += 1
        match char:
            case "(":
                return self._group(start, depth)
            case "[":
                return self._char_class(start)
            case "." | "^" | "$":
                return _SIGNS[char]
            case "\\":
                return self._escape(start)
            case "*" | "+" | "?":
                raise PatternError(f"'{char}' repeats nothing", start)
            case _:
                return _Char(lambda found: found == char)

    def _group(self, start: int, depth: int) -> _Tree:
        if self._text.startswith("?:", self._at):
            self._at += 2
        elif self._peek() == "?":
            raise PatternError("lookaround, flags and named groups cannot be used here", start)
        tree = self._either(depth + 1)
        if self._peek() != ")":
            raise PatternError("'(' is never closed", start)
        self._at += 1
        return tree

    def _escape(self, start: int) -> _Tree:
        char = self._peek()
        self._at += 1
        if char == "b":
            return _Assert(_word_edge)
        if char == "B":
            return _Assert(lambda text, at: not _word_edge(text, at))
        return _Char(self._escaped(char, start))

    @staticmethod
    def _escaped(char: str, start: int) -> _Takes:
        if not char:
            raise PatternError("'\\' stands at the end", start)
        if char.lower() in _CLASSES:
            takes = _CLASSES[char.lower()]
            return takes if char.islower() else lambda found: not takes(found)
        if char.isdecimal():
            raise PatternError("backreferences cannot be used here", start)
        if char in _ESCAPES:
            meant = _ESCAPES[char]
            return lambda found: found == meant
        if char.isalpha():
            raise PatternError(f"'\\{char}' means nothing here", start)
        return lambda found: found == char

    def _char_class(self, start: int) -> _Tree:
        negated = self._peek() == "^"
        self._at += negated
        takers: list[_Takes] = []
        first = True
        while first or self._peek() != "]":
            if not self._peek():
                raise PatternError("'[' is never closed", start)
            takers.append(self._class_item())
            first = False
        self._at += 1
        return _Char(lambda found: any(takes(found) for takes in takers) != negated)

    def _class_item(self) -> _Takes:
        start = self._at
        low = self._class_char()
        if callable(low):
            return low
        if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] not in {"", "]"}:
            self._at += 1
            high = self._class_char()
            if callable(high) or high < low:
                raise PatternError("a range goes from a lower to a higher character", start)
            return lambda found: low <= found <= high
        return lambda found: found == low

    def _class_char(self) -> "str | _Takes":
        char = self._peek()
        start = self._at
        self._at += 1
        if char != "\\":
            return char
        char = self._peek()
        self._at += 1
        if char.lower() in _CLASSES and char:
            return self._escaped(char, start)
        if char.isalpha() and char not in _ESCAPES:
            raise PatternError(f"'\\{char}' means nothing here", start)
        return _ESCAPES.get(char, char)


class Pattern:
    """A compiled pattern; `search` finds it anywhere in a text, in time linear in the text."""

    __slots__ = ("_arrows", "_asserts", "_end", "_start", "_takes")

    def __init__(self, tree: _Tree) -> None:
        self._takes: list[_Takes | None] = []
        self._asserts: list[Callable[[str, int], bool] | None] = []
        self._arrows: list[list[int]] = []
        self._end = self._state()
        self._start = self._build(tree, self._end)

    def _state(self, *arrows: int, takes: _Takes | None = None) -> int:
        if len(self._arrows) >= _MOST_STATES:
            raise PatternError("the pattern is too large", 0)
        self._takes.append(takes)
        self._asserts.append(None)
        self._arrows.append(list(arrows))
        return len(self._arrows) - 1

    def _build(self, tree: _Tree, after: int) -> int:
        """The state from which `tree` is matched and then `after` follows."""
        match tree:
            case _Char(takes=takes):
                return self._state(after, takes=takes)
            case _Assert(holds=holds):
                state = self._state(after)
                self._asserts[state] = holds
                return state
            case _Sequence(items=items):
                for item in reversed(items):
                    after = self._build(item, after)
                return after
            case _Either(choices=choices):
                return self._state(*[self._build(choice, after) for choice in choices])
            case _Repeat(item=item, least=least, most=most):
                return self._build_repeat(item, least, most, after)

    def _build_repeat(self, item: _Tree, least: int, most: int | None, after: int) -> int:
        if most is None:
            again = self._state(after)
            self._arrows[again].insert(0, self._build(item, again))
            after = again
        else:
            for _ in range(most - least):
                after = self._state(self._build(item, after), after)
        for _ in range(least):
            after = self._build(item, after)
        return after

    def _reach(self, states: list[int], text: str, at: int, seen: set[int]) -> list[int]:
        """The states that take a character (or the end) and can be reached without one."""
        reached: list[int] = []
        while states:
            state = states.pop()
            if state in seen:
                continue
            seen.add(state)
            holds = self._asserts[state]
            if holds is not None and not holds(text, at):
                continue
            if self._takes[state] is not None or state == self._end:
                reached.append(state)
            else:
                states.extend(self._arrows[state])
        return reached

    def search(self, text: str) -> bool:
        """Whether the pattern matches somewhere in `text`."""
        active: list[int] = []
        for at in range(len(text) + 1):
            active = self._reach([*active, self._start], text, at, set())
            if self._end in active:
                return True
            if at == len(text):
                return False
            char = text[at]
            active = [self._arrows[state][0] for state in active if self._taken(state, char)]
        return False

    def _taken(self, state: int, char: str) -> bool:
        takes = self._takes[state]
        return takes is not None and takes(char)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Pattern:
    """A pattern ready to search with. Raises PatternError."""
    if len(pattern) > LONGEST_PATTERN:
        raise PatternError(f"a pattern has at most {LONGEST_PATTERN} characters", LONGEST_PATTERN)
    return Pattern(_Parser(pattern).parse())
