"""The tokens of a condition, found in the text as written, before any value is put in: a value is no syntax."""

import re
from typing import Final, NamedTuple

from innominatus_cli.expressions.references import Problem

LONGEST_CONDITION = 4_000


class Kind:
    """What a token is. An enumeration would do, and cost a cold start as much as reading a condition."""

    REFERENCE: Final = "reference"
    """`${…}`, or `$name`; the value is the path's text."""
    STRING: Final = "string"
    NUMBER: Final = "number"
    WORD: Final = "word"
    """A name, perhaps dotted, perhaps a keyword."""
    OPERATOR: Final = "operator"
    """A comparison, a bracket or a comma; `&&`, `||` and `!` have become `and`, `or` and `not`."""
    PATTERN: Final = "pattern"
    """Everything up to the next blank behind `matches`."""
    END: Final = "end"


class Token(NamedTuple):
    """One token and the offset where it begins."""

    kind: str
    text: str
    offset: int


_TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | \$\{(?P<braced>[^}]*)\}
  | \{\{-?\s*\.?(?P<template>[A-Za-z_][A-Za-z0-9_./-]*)\s*-?\}\}
  | \$(?P<dollar>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)
  | "(?P<double>(?:[^"\\]|\\.)*)"
  | '(?P<single>(?:[^'\\]|\\.)*)'
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?)(?![A-Za-z0-9_.-])
  | (?P<operator>==|!=|<=|>=|<|>|\(|\)|\[|\]|,|&&|\|\||!)
  | (?P<word>\.?[A-Za-z0-9_](?:[A-Za-z0-9_/:@-]|\\\.)*(?:\.(?:[A-Za-z0-9_/:@-]|\\\.)+)*)
    """,
    re.VERBOSE | re.DOTALL,
)
_SAME = {"&&": "and", "||": "or", "!": "not"}
_UNQUOTED_PATTERN = r"[^\s\"'$(][^\s]*"


def tokenise(text: str) -> list[Token] | Problem:
    """The tokens of a condition, with `END` last; the first problem where it has one."""
    if len(text) > LONGEST_CONDITION:
        return Problem(f"a condition has at most {LONGEST_CONDITION} characters", 0)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if tokens and tokens[-1].kind == Kind.WORD and tokens[-1].text == "matches":
            found = re.compile(_UNQUOTED_PATTERN).match(text, at)
            if found:
                pattern = _balanced(found.group())
                tokens.append(Token(Kind.PATTERN, pattern, at))
                at += len(pattern)
                continue
        match = _TOKEN.match(text, at)
        if match is None:
            return _unknown(text, at)
        token = _token(match)
        if token is not None:
            tokens.append(token)
        at = match.end()
    tokens.append(Token(Kind.END, "", len(text)))
    return tokens


def _token(match: re.Match[str]) -> Token | None:
    at = match.start()
    text = match.group(match.lastgroup or 0)
    match match.lastgroup:
        case "braced" | "dollar" | "template":
            return Token(Kind.REFERENCE, text.strip(), at)
        case "double" | "single":
            return Token(Kind.STRING, re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL) if "\\" in text else text, at)
        case "number":
            return Token(Kind.NUMBER, text, at)
        case "operator":
            same = _SAME.get(text)
            return Token(Kind.WORD, same, at) if same else Token(Kind.OPERATOR, text, at)
        case "word":
            return Token(Kind.WORD, text, at)
        case _:
            return None


def _balanced(pattern: str) -> str:
    """An unquoted pattern without the brackets that close a group of the condition around it."""
    while pattern.endswith(")") and pattern.count(")") > pattern.count("("):
        pattern = pattern[:-1]
    return pattern


def _unknown(text: str, at: int) -> Problem:
    char = text[at]
    if char == "=":
        return Problem("'=' is no comparison", at, "Write '=='.")
    if char in "\"'":
        return Problem("a string is never closed", at, f"Close it with {char}.")
    if text.startswith("${", at):
        return Problem("'${' is never closed", at, "Close it with '}'.")
    if char in "&|":
        return Problem(f"'{char}' is no operator", at, "Write 'and' or 'or'.")
    return Problem(f"'{char}' has no meaning in a condition", at, "Put text into quotes.")
