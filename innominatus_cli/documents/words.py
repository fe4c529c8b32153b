"""Words of messages: libyaml's problems for people, types with their article, counts, what a run does."""

_SHORT = 40
_WORDS = (
    (
        "mapping values are not allowed",
        "a ':' stands where no key can be",
        "indent the line like its neighbours, or quote the value before ': '",
    ),
    (
        "could not find expected ':'",
        "a key without its ':'",
        "write `key: value`; quote a text that goes over several lines",
    ),
    (
        "did not find expected key",
        "the line does not fit the mapping around it",
        "indent it like the other keys; a text that starts with a quote must end with it",
    ),
    (
        "did not find expected '-' indicator",
        "the line does not fit the list around it",
        "indent it like the other items, and start it with `- `",
    ),
    (
        "found character that cannot start any token",
        "a value cannot start with this character",
        "indent with spaces, never with tabs; quote a value that starts with @, ` or %",
    ),
    (
        "found a tab character that violates indentation",
        "a tab stands in the indentation",
        "indent with spaces",
    ),
    (
        "block sequence entries are not allowed",
        "a list item stands where none can be",
        "put the list on lines of its own below its key",
    ),
    (
        "found unexpected end of stream",
        "the file ends inside a quoted text",
        "close the quote",
    ),
    (
        "did not find expected ',' or '}'",
        "a `{` is not closed, or a comma is missing",
        "separate keys by commas and end with `}`; quote a value that starts with `{`",
    ),
    (
        "did not find expected ',' or ']'",
        "a `[` is not closed, or a comma is missing",
        "separate items by commas and end with `]`; quote a value that starts with `[`",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "an anchor or alias without a name",
        "quote a value that starts with `*` or `&`",
    ),
    (
        "found unknown escape character",
        "an unknown escape in double quotes",
        "use single quotes, or write a backslash as \\\\",
    ),
    (
        "did not find expected <document start>",
        "text stands behind the end of the document",
        "indent it, or start a new document with `---`",
    ),
    (
        "control characters are not allowed",
        "a control character stands here",
        "remove it",
    ),
)


def in_plain_words(problem: str) -> tuple[str, str]:
    """A message and a remedy (empty: the code's own) for a problem as libyaml names it."""
    for theirs, message, remedy in _WORDS:
        if theirs in problem:
            return message, remedy
    return problem, ""


def a(type_name: str) -> str:
    """A type's name with its article; `null` as `nothing`."""
    if type_name == "null":
        return "nothing"
    return f"an {type_name}" if type_name[0] in "aeiouAEIO" else f"a {type_name}"


def short(text: str) -> str:
    """At most 40 characters of a text, on one line."""
    line = text if len(text) <= _SHORT else f"{text[: _SHORT - 3]}..."
    return line.replace("\n", "\\n")


def either(words: list[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def counted(count: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {word}" if count == 1 or word == "info" else f"{count} {word}s"


def undertaking(operation: str, application: str, environment: str) -> str:
    """`deploy shop to staging`, `undeploy shop from staging`, `task shop in staging`."""
    way = {"deploy": "to", "undeploy": "from"}.get(operation, "in")
    return f"{operation} {application} {way} {environment}"


TYPE_WORDS = {
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}
_PATTERNS = {
    r"^[a-z0-9][a-z0-9._-]{0,62}$": (
        "a name (lower-case letters, digits, '.', '_' and '-', starting with a letter or digit, at most 63)"
    ),
    r"^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$": (
        "a label (2 to 63 lower-case letters, digits and '-', starting and ending with a letter or digit)"
    ),
    r"^(?:[0-9]{1,8}[wdhms]){1,5}$": "a duration like 90s, 5m, 1h30m or 7d",
    r"\$\{[^}]+\}|\{\{|\{%": "a reference like ${…}",
    r"^[^/\[\]\s][^/\[\]]*$": "a step's name (any text without '/', '[' and ']')",
    r"^0?[0-7]{3}$": 'a file mode like "0644"',
    r"^[0-9]+(?:m|\.[0-9]+)?$": "an amount of CPU like 500m, 1 or 0.5",
    r"^(0\.[0-9]+|[1-9][0-9]*(\.[0-9]+)?)(K|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$": "an amount of memory like 128Mi or 1.5G",
}


def pattern_in_words(pattern: str) -> str:
    """What a pattern of our schemas asks for."""
    return _PATTERNS.get(pattern, f"of the form {pattern}")
