"""Conditions: text → tree → truth.

Grammar, loosest first:

    condition  = both { "or" both }
    both       = negation { "and" negation }
    negation   = "not" negation | comparison
    comparison = operand [ operator operand ]
    operator   = "==" "!=" "<" "<=" ">" ">=" "in" "not in" "contains" "startsWith" "endsWith" "matches"
    operand    = "(" condition ")" | reference | literal | "[" operand { "," operand } "]"
               | ("success" | "failure" | "always") "(" ")"
               | operand "." operator "(" operand ")" | operator "(" operand "," operand ")"

`&&`, `||` and `!` are read as `and`, `or` and `not`. A tree is JSON data, `{"op": …, "args": […], "at": offset}`,
`{"value": …}`, `{"ref": path}`, `{"word": text}` or `{"status": step, "is": …}`, so that a plan can hold it.
"""

from typing import Any, Final, NamedTuple, TypeAlias

from innominatus_cli.expressions.condition_tokens import Kind, Token, tokenise
from innominatus_cli.expressions.references import CONTEXTS, Problem, path_text, split_path

Tree: TypeAlias = dict[str, Any]
"""A node of a condition, as JSON data."""

COMPARISONS: Final = frozenset(
    {"==", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "startsWith", "endsWith", "matches"}
)
PREDICATES: Final = {
    "succeeded": "succeeded",
    "success": "succeeded",
    "failed": "failed",
    "failure": "failed",
    "skipped": "skipped",
}
FUNCTIONS: Final = frozenset({"success", "failure", "always"})
_WORDS: Final = frozenset({"in", "contains", "startsWith", "endsWith", "matches"})
_METHODS: Final = frozenset({"contains", "startsWith", "endsWith", "matches"})
_KEYWORDS: Final = _WORDS | {"and", "or", "not"}
_LITERALS: Final = {"true": True, "false": False, "null": None}
DEEPEST: Final = 40


class ParsedCondition(NamedTuple):
    """A tree, or a problem where the text has no tree."""

    tree: Tree | None
    problem: Problem | None = None


class _SyntaxError(Exception):
    def __init__(self, message: str, offset: int, remedy: str = "") -> None:
        super().__init__(message)
        self.problem = Problem(message, offset, remedy)


def parse_condition(text: str) -> ParsedCondition:
    """The tree of a condition; nothing is raised for what a person wrote."""
    tokens = tokenise(text)
    if isinstance(tokens, Problem):
        return ParsedCondition(None, tokens)
    try:
        return ParsedCondition(_Parser(tokens).parse())
    except _SyntaxError as found:
        return ParsedCondition(None, found.problem)


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._token
        if token.kind != Kind.END:
            self._at += 1
        return token

    def _is(self, text: str, kind: str = Kind.OPERATOR) -> bool:
        return self._token.kind == kind and self._token.text == text

    def _take(self, text: str, kind: str = Kind.OPERATOR) -> bool:
        if self._is(text, kind):
            self._at += 1
            return True
        return False

    def parse(self) -> Tree:
        if len(self._tokens) == 1:
            raise _SyntaxError("the condition is empty", 0)
        tree = self._or()
        rest = self._token
        if rest.kind != Kind.END:
            raise _SyntaxError(f"'{rest.text}' cannot follow here", rest.offset, "Join conditions with 'and' or 'or'.")
        return tree

    def _or(self) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _SyntaxError("the condition is nested too deep", self._token.offset)
        tree = self._joined("or")
        self._depth -= 1
        return tree

    def _joined(self, word: str) -> Tree:
        below = self._and if word == "or" else self._not
        at = self._token.offset
        args = [below()]
        while self._take(word, Kind.WORD):
            args.append(below())
        return args[0] if len(args) == 1 else {"op": word, "args": args, "at": at}

    def _and(self) -> Tree:
        return self._joined("and")

    def _not(self) -> Tree:
        at = self._token.offset
        negations = 0
        while self._take("not", Kind.WORD):
            negations += 1
        tree = self._comparison()
        return {"op": "not", "args": [tree], "at": at} if negations % 2 else tree

    def _comparison(self) -> Tree:
        left = self._operand()
        operator = self._operator()
        if operator is None:
            return left
        right = self._operand()
        again = self._token
        if self._operator() is not None:
            raise _SyntaxError("comparisons cannot be chained", again.offset, "Join two comparisons with 'and'.")
        return _compared(operator.text, left, right, operator.offset)

    def _operator(self) -> Token | None:
        token = self._token
        if token.kind == Kind.OPERATOR and token.text in COMPARISONS:
            return self._next()
        if token.kind == Kind.WORD and token.text in _WORDS:
            return self._next()
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        if token.kind == Kind.WORD and token.text == "not" and following.text == "in":
            self._at += 2
            return Token(Kind.WORD, "not in", token.offset)
        return None

    def _operand(self) -> Tree:
        token = self._next()
        match token.kind:
            case Kind.REFERENCE:
                return self._method(_reference(token.text, token.offset))
            case Kind.STRING | Kind.PATTERN:
                return self._method({"value": token.text, "at": token.offset})
            case Kind.NUMBER:
                return {"value": float(token.text) if "." in token.text else int(token.text), "at": token.offset}
            case Kind.WORD:
                return self._word(token)
            case Kind.OPERATOR if token.text == "(":
                return self._group(token)
            case Kind.OPERATOR if token.text == "[":
                return self._list(token)
            case Kind.END:
                raise _SyntaxError("the condition ends where a value is expected", token.offset)
            case _:
                raise _SyntaxError(f"'{token.text}' stands where a value is expected", token.offset)

    def _group(self, opening: Token) -> Tree:
        tree = self._or()
        if self._take(","):
            items = [tree, self._operand()]
            while self._take(","):
                items.append(self._operand())
            tree = {"op": "list", "args": items, "at": opening.offset}
        self._close(")", opening)
        return self._method(tree)

    def _list(self, opening: Token) -> Tree:
        items: list[Tree] = []
        while not self._is("]"):
            items.append(self._operand())
            if not self._take(","):
                break
        self._close("]", opening)
        return {"op": "list", "args": items, "at": opening.offset}

    def _close(self, closing: str, opening: Token) -> None:
        if not self._take(closing):
            raise _SyntaxError(f"'{opening.text}' is never closed", opening.offset, f"Close it with '{closing}'.")

    def _word(self, token: Token) -> Tree:
        text, at = token.text, token.offset
        if text in _LITERALS:
            return {"value": _LITERALS[text], "at": at}
        if self._is("("):
            return self._call(token)
        if text in _KEYWORDS:
            raise _SyntaxError(f"'{text}' needs a value before it", at, f"Put the word into quotes: '\"{text}\"'.")
        return _named(text, at)

    def _call(self, token: Token) -> Tree:
        opening = self._next()
        if token.text in FUNCTIONS:
            self._close(")", opening)
            return {"op": token.text, "args": [], "at": token.offset}
        head, _, method = token.text.rpartition(".")
        if head and method in _METHODS:
            return self._argument(method, _named(head, token.offset), opening)
        if token.text in _METHODS:
            left = self._operand()
            if not self._take(","):
                raise _SyntaxError(f"{token.text}(…) takes two values", opening.offset)
            return self._argument(token.text, left, opening)
        known = ", ".join(sorted(FUNCTIONS | _METHODS))
        raise _SyntaxError(f"there is no function '{token.text}'", token.offset, f"Known: {known}.")

    def _method(self, left: Tree) -> Tree:
        """`<value>.contains(…)` behind a reference, a string or a group."""
        token = self._token
        if token.kind != Kind.WORD or token.text[:1] != "." or token.text[1:] not in _METHODS:
            return left
        self._at += 1
        if not self._is("("):
            raise _SyntaxError(f"'{token.text}' needs a value in brackets", token.offset)
        return self._argument(token.text[1:], left, self._next())

    def _argument(self, operator: str, left: Tree, opening: Token) -> Tree:
        right = self._operand()
        self._close(")", opening)
        return _compared(operator, left, right, opening.offset)


def _compared(operator: str, left: Tree, right: Tree, at: int) -> Tree:
    if operator == "matches" and isinstance(right.get("value"), str):
        from innominatus_cli.expressions.patterns import PatternError, compile_pattern  # noqa: PLC0415 - few match

        try:
            compile_pattern(right["value"])
        except PatternError as wrong:
            raise _SyntaxError(f"the pattern is wrong: {wrong}", right["at"]) from wrong
    if operator == "not in":
        return {"op": "not", "args": [{"op": "in", "args": [left, right], "at": at}], "at": at}
    return {"op": operator, "args": [left, right], "at": at}


def _reference(text: str, at: int) -> Tree:
    path = split_path(text)
    if isinstance(path, str):
        raise _SyntaxError(f"'{text}' is no reference: {path}", at)
    return _predicate(path, at) or {"ref": path_text(path), "at": at}


def _predicate(path: tuple[str, ...], at: int) -> Tree | None:
    """`build.succeeded` or `steps.build.succeeded`."""
    if len(path) == 3 and path[0] == "steps":  # noqa: PLR2004 - steps.<step>.<predicate>
        path = path[1:]
    if len(path) == 2 and path[1] in PREDICATES and path[0] not in CONTEXTS:  # noqa: PLR2004 - <step>.<predicate>
        return {"status": path[0], "is": PREDICATES[path[1]], "at": at}
    return None


def _named(text: str, at: int) -> Tree:
    """A word without `${}`: a step predicate, a dotted reference, or a single word whose meaning the names decide."""
    path = split_path(text.removeprefix("."))
    if isinstance(path, str) or len(path) == 1:
        return {"word": text, "at": at}
    if path[0][:1].isdecimal() and path[0] not in CONTEXTS:
        return {"word": text, "at": at}
    return _predicate(path, at) or {"ref": path_text(path), "at": at, "bare": True}
