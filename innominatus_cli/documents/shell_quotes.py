"""Where in the text of a shell script something stands: enough of a shell's grammar to tell double quotes.

Whatever is not understood is not between double quotes. A wrong answer would let a variable stand where a shell splits
it into words or takes it literally; what it holds never becomes code by that.
"""

import re
from collections.abc import Collection
from typing import Final

_CODE: Final = re.compile(
    r"\b(?:eval|source|xargs|ssh|let|declare|typeset|psql|mysql|sqlite3|awk|su)\b|\[\[|\(\(|printf +-v|\[ +-v|test +-v"
    r"|\b(?:ba|da|z|k)?sh\b[^\n]{0,200} -[a-z]{0,20}c\b"
    r"|\b(?:python3?|perl|ruby|node|php)\b[^\n]{0,200} -[a-z]{0,20}[ce]\b"
)
_HEREDOC: Final = re.compile(r"<<(-?)[ \t]*(?:\"(\w+)\"|'(\w+)'|\\?(\w+))")
_TOP, _COMMAND, _PAREN, _DOUBLE, _PARAMETER = "top", "$(", "(", '"', "${"


def gives_text_to_code(script: str) -> bool:
    """Whether a script has something that takes text for code: another shell or interpreter, arithmetic, SQL."""
    return _CODE.search(script) is not None


def between_double_quotes(script: str, offsets: Collection[int]) -> frozenset[int]:
    """Those of the offsets that stand between double quotes, at whatever depth of command substitutions."""
    return frozenset(_Reader(script, frozenset(offsets)).read())


class _NotUnderstood(Exception):  # noqa: N818 - ends the reading
    """Something of the grammar that is not told apart here."""


class _Reader:
    def __init__(self, script: str, wanted: frozenset[int]) -> None:
        self._text = script
        self._wanted = wanted
        self._found: set[int] = set()
        self._modes = [_TOP]
        self._has_cases = re.search(r"\bcase\b", script) is not None
        self._bodies: list[tuple[str, bool]] = []
        """Words that end here-documents whose bodies begin on the next line, and whether tabs before them count not."""

    def read(self) -> set[int]:
        """The offsets, as far as the script is understood."""
        at = 0
        try:
            while at < len(self._text):
                if at in self._wanted and self._is_quoted():
                    self._found.add(at)
                at = self._step(at)
        except _NotUnderstood:
            pass
        return self._found

    def _is_quoted(self) -> bool:
        """Whether a variable here is one word: between double quotes, or in the default of one that is."""
        return next((mode for mode in reversed(self._modes) if mode != _PARAMETER), _TOP) == _DOUBLE

    def _step(self, at: int) -> int:
        """Reads one piece; where the next one begins."""
        text = self._text
        if text.startswith("{{", at):
            end = text.find("}}", at)
            return len(text) if end < 0 else end + 2
        if text[at] == "\\":
            return at + 2
        if text[at] == "`" or text.startswith(("$((", "$'"), at):
            raise _NotUnderstood
        if text.startswith(("$(", "${"), at):
            self._modes.append(text[at : at + 2])
            return at + 2
        return {_DOUBLE: self._in_double, _PARAMETER: self._in_parameter}.get(self._modes[-1], self._in_command)(at)

    def _in_double(self, at: int) -> int:
        if self._text[at] == '"':
            self._modes.pop()
        return at + 1

    def _in_parameter(self, at: int) -> int:
        if self._text[at] in "\"'":
            raise _NotUnderstood
        if self._text[at] == "}":
            self._modes.pop()
        return at + 1

    def _in_command(self, at: int) -> int:
        text, char = self._text, self._text[at]
        match char:
            case '"':
                self._modes.append(_DOUBLE)
            case "'":
                end = text.find("'", at + 1)
                return len(text) if end < 0 else end + 1
            case "(":
                self._modes.append(_PAREN)
            case ")" if self._modes[-1] in {_COMMAND, _PAREN}:
                if self._has_cases:
                    raise _NotUnderstood
                self._modes.pop()
            case "#" if not at or text[at - 1] in " \t\n;(&|":
                end = text.find("\n", at)
                return len(text) if end < 0 else end
            case "<" if text.startswith("<<<", at):
                return at + 3
            case "<" if (found := _HEREDOC.match(text, at)) is not None:
                self._bodies.append((found[2] or found[3] or found[4], bool(found[1])))
                return found.end()
            case "\n" if self._bodies:
                return self._behind_bodies(at + 1)
            case _:
                pass
        return at + 1

    def _behind_bodies(self, at: int) -> int:
        """Where the line behind the here-documents begins."""
        for word, is_indented in self._bodies:
            while at < len(self._text):
                end = self._text.find("\n", at)
                end = len(self._text) if end < 0 else end
                line = self._text[at:end]
                at = end + 1
                if (line.lstrip("\t") if is_indented else line) == word:
                    break
        self._bodies.clear()
        return min(at, len(self._text))
