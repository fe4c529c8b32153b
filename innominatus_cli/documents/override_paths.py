r"""`PATH=VALUE` as `--override-property` takes it: what stands where in such a text.

The grammar is score-go's (`framework/override_utils.go`): the first `=` ends the path, `.` separates its keys, `\.` is
a dot and `\\` a backslash inside a key, any other backslash is itself. Unlike there, no key is empty, and a path has an
end. Nothing here raises for what somebody typed, and everything takes linear time.
"""

from typing import NamedTuple

from innominatus_cli.documents.words import short

LONGEST_PATH = 64
"""Keys of one path: a document is at most this deep."""


class PathKey(NamedTuple):
    """One key of a path, and where it is written: offsets in the text, the end exclusive."""

    text: str
    start: int
    end: int


class PropertyProblem(NamedTuple):
    """What is wrong with a `PATH=VALUE`, and where."""

    message: str
    start: int
    end: int


class PropertyOverride(NamedTuple):
    """A path and the text of the value, which begins at `value_start`; an empty text deletes."""

    keys: tuple[PathKey, ...]
    value: str
    value_start: int

    @property
    def path(self) -> str:
        """The path in its canonical form."""
        return ".".join(key.text.replace("\\", "\\\\").replace(".", "\\.") for key in self.keys)


def parse_property(text: str) -> PropertyOverride | PropertyProblem:
    """The parts of a `PATH=VALUE`, or the first thing that is wrong with it."""
    written, equals, value = text.partition("=")
    if not equals:
        return PropertyProblem(f"'{short(text)}' has no '=': PATH=VALUE is expected", 0, len(text))
    keys = _keys(written)
    for key in keys:
        if not key.text:
            return PropertyProblem("a key of the path is empty", key.start, key.end)
        if not key.text.isprintable():  # lone surrogates too: bytes of the command line that are not UTF-8
            return PropertyProblem("a key of the path holds characters that cannot be printed", key.start, key.end)
    if len(keys) > LONGEST_PATH:
        message = f"a path has at most {LONGEST_PATH} keys"
        return PropertyProblem(message, keys[LONGEST_PATH].start, keys[-1].end)
    return PropertyOverride(tuple(keys), value, len(written) + 1)


def _keys(written: str) -> list[PathKey]:
    keys: list[PathKey] = []
    parts: list[str] = []
    start = position = plain = 0
    while position < len(written):
        char = written[position]
        if char == "\\" and written[position + 1 : position + 2] in {".", "\\"}:
            parts += [written[plain:position], written[position + 1]]
            position = plain = position + 2
        elif char == ".":
            keys.append(PathKey("".join([*parts, written[plain:position]]), start, position))
            parts.clear()
            position = start = plain = position + 1
        else:
            position += 1
    keys.append(PathKey("".join([*parts, written[plain:]]), start, len(written)))
    return keys
