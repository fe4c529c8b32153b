r"""Templates: text with `{{ expression }}` and `{% if %}`, `{% for %}` blocks, taken apart without evaluating anything.

Everything that a tag names becomes a reference with its own place, and a name `v0`, `v1`, … in the code of the tag, so
that Jinja2 (see `expressions.templates`) never looks a name up by itself. The blocks of the original's templates,
`{{ if eq .parameters.size "small" }} … {{ else }} … {{ end }}` and `{{ range }}`, are read too.
"""

import json
import re

from innominatus_cli.expressions.references import (
    CONTEXTS,
    ParsedText,
    Problem,
    ProblemKind,
    Reference,
    Template,
    TemplatePart,
    canonical_path,
    parse_literally,
    template_reference,
)
from innominatus_cli.expressions.template_tokens import DEEPEST, TOKEN, OldExpression, WrongTagError

LONGEST_TEMPLATE = 20_000
"""Characters of a text that holds more than references."""
_INSIDE = r'(?:"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|[^"\'{closing}]|{closing}(?!\}}))*?'
_TAG = re.compile(
    r"\{\{(?P<cut>-?)\s*(?P<value>" + _INSIDE.format(closing="}") + r")\s*(?P<strip>-?)\}\}"
    r"|\{%(?P<do_cut>-?)\s*(?P<do>" + _INSIDE.format(closing="%") + r")\s*(?P<do_strip>-?)%\}"
    r"|(?<!\$)(?P<comment>\{#.*?#\})",
    re.DOTALL,
)
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "True", "False", "None"})
_MAY_BE_ABSENT = re.compile(r"\s*(?:\|\s*(?:default|d)\b|is\s+(?:not\s+)?(?:un)?defined\b)")
_ALONE = re.compile(r"(?:not\s+)?\.?[A-Za-z_][A-Za-z0-9_.-]*\Z")
_FOR = re.compile(r"for\s+([A-Za-z_]\w*(?:\s*,\s*[A-Za-z_]\w*)*)\s+in\s+(.+)\Z", re.DOTALL)
_RANGE = re.compile(r"range\s+(?:\$([A-Za-z_]\w*)(?:\s*,\s*\$([A-Za-z_]\w*))?\s*:=\s*)?(.+)\Z", re.DOTALL)
_OPENS_BLOCK = re.compile(
    r"\{%-?\s*(?:if|elif|else|endif|for|endfor|set|macro|include|import|from|block|extends|raw|with|call|filter|do)\b"
)
_OPENER = re.compile(r"(?:if|for|range)\b")
_OLD_BLOCK = re.compile(r"(?:if|else|end|range|with|define|template|block)\b(?![.-]|\s*\|)")
_BLOCKS = "Known: {% if %}, {% elif %}, {% else %}, {% endif %}, {% for NAME in LIST %}, {% endfor %}."


def is_template(text: str) -> bool:
    """Whether a text has blocks, which make all of it a template."""
    return "{%" in text and _OPENS_BLOCK.search(text) is not None


def read_template(text: str, *, script: bool) -> ParsedText:
    """The template in a text. In a script only tags that name a known context are seen, other text is left alone."""
    if len(text) > LONGEST_TEMPLATE:
        problem = Problem(
            f"a text with more than references in it has at most {LONGEST_TEMPLATE:,} characters",
            0,
            "Write the value to a file, and let the step read it.",
            ProblemKind.MALFORMED,
        )
        return ParsedText((text,), (problem,))
    return _Reader(text, script=script).read()


class _Block:
    """An open block: what ends it, which names it brings, and what `.` means in it (old form).

    `has_value` is the path that its condition asks for and for nothing else: inside of it that one has a value.
    """

    __slots__ = ("dot", "has_value", "names", "offset", "word")

    def __init__(
        self,
        word: str,
        offset: int,
        names: tuple[str, ...] = (),
        dot: str = "",
        has_value: tuple[str, ...] = (),
    ) -> None:
        self.has_value = has_value
        self.word = word
        self.offset = offset
        self.names = names
        self.dot = dot


class _Reader:
    def __init__(self, text: str, *, script: bool) -> None:
        self._text = text
        self._script = script
        self._parts: list[TemplatePart] = []
        self._references: list[Reference] = []
        self._optional: list[bool] = []
        self._problems: list[Problem] = []
        self._blocks: list[_Block] = []
        self._strip = False

    def read(self) -> ParsedText:
        at = 0
        for match in _TAG.finditer(self._text):
            if match.start() < at or not self._is_ours(match):
                continue
            cut = match["cut"] or match["do_cut"]
            self._literal(self._text[at : match.start()], at, cut=bool(cut))
            try:
                self._tag(match)
            except WrongTagError as wrong:
                self._problems.append(wrong.problem)
                opener = _OPENER.match(match["do"] or match["value"] or "")
                if opener is not None:  # so that its end is no problem of its own
                    self._blocks.append(_Block("if" if opener[0] == "if" else "for", match.start()))
            self._strip = bool(match["strip"] or match["do_strip"])
            at = match.end()
        self._literal(self._text[at:], at, cut=False)
        self._problems += [
            Problem(
                f"the block '{block.word}' is never closed",
                block.offset,
                f"Close it with '{{% end{block.word} %}}'; blocks of the original's form end with '{{{{ end }}}}'.",
                ProblemKind.MALFORMED,
            )
            for block in self._blocks
        ]
        template = Template(tuple(self._parts), tuple(self._optional))
        return ParsedText((), tuple(self._problems), template=template, references=tuple(self._references))

    def _is_ours(self, match: re.Match[str]) -> bool:
        """Whether a tag of a script is for us: it names a context, or goes on with a block that is ours."""
        if not self._script:
            return True
        inside = match["value"] if match["value"] is not None else match["do"]
        if inside is None:
            return False
        if any(self._is_context(token["path"]) for token in TOKEN.finditer(inside) if token["path"]):
            return True
        return bool(self._blocks)

    @staticmethod
    def _is_context(path: str) -> bool:
        return path.lstrip(".").partition(".")[0] in CONTEXTS

    def _literal(self, text: str, at: int, *, cut: bool) -> None:
        if self._strip:
            stripped = text.lstrip()
            at += len(text) - len(stripped)
            text = stripped
        if cut:
            text = text.rstrip()
        self._strip = False
        parsed = parse_literally(text, script=self._script)
        self._problems += [Problem(one.message, one.offset + at, one.remedy, one.kind) for one in parsed.problems]
        for part in parsed.parts:
            if isinstance(part, str):
                self._parts.append(part)
            else:
                moved = Reference(part.path, part.offset + at, part.end + at, part.written)
                self._parts.append(("value", self._named(moved, optional=False)))

    def _named(self, reference: Reference, *, optional: bool) -> str:
        self._references.append(reference)
        self._optional.append(optional or any(block.has_value == reference.path for block in self._blocks))
        return f"v{len(self._references) - 1}"

    def _tag(self, match: re.Match[str]) -> None:
        if match["comment"] is not None:
            return
        if match["do"] is not None:
            self._statement(match["do"], match.start("do"))
            return
        inside, at = match["value"], match.start("value")
        if not inside:
            raise WrongTagError("the tag is empty", match.start(), "Write '{{ parameters.name }}'.")
        if _OLD_BLOCK.match(inside):
            self._old_block(inside, at)
            return
        path = template_reference(match.group())
        if path is not None and path[0] not in self._own_names():
            written = Reference(path, match.start(), match.end(), match.group())
            self._parts.append(("value", self._named(written, optional=False)))
            return
        self._parts.append(("value", self._code(inside, at)))

    def _own_names(self) -> set[str]:
        return {name for block in self._blocks for name in (*block.names, *(("loop",) if block.names else ()))}

    def _statement(self, inside: str, at: int) -> None:
        """The inside of `{% … %}`."""
        word = inside.partition(" ")[0]
        rest, begin = inside[len(word) :].strip(), at + len(word) + 1
        match word:
            case "if":
                code = self._condition(rest, begin)
                self._open(_Block("if", at, has_value=_asked(rest)), f"if {code}")
            case "elif":
                self._need("if", at)
                self._blocks[-1].has_value = ()
                self._parts.append(("block", f"elif {self._condition(rest, begin)}"))
            case "else" if not rest:
                self._need("", at)
                self._blocks[-1].has_value = ()
                self._parts.append(("block", "else"))
            case "for":
                self._loop(inside, at)
            case "endif" | "endfor" if not rest:
                self._need(word[3:], at)
                self._close()
            case _:
                raise WrongTagError(f"'{{% {word} %}}' is no block of templates here", at, _BLOCKS)

    def _loop(self, inside: str, at: int) -> None:
        found = _FOR.match(inside)
        if found is None:
            raise WrongTagError("'for' is written '{% for NAME in LIST %}'", at, _BLOCKS)
        names = tuple(name.strip() for name in found[1].split(","))
        code = self._code(found[2], at + found.start(2))
        self._open(_Block("for", at, names), f"for {', '.join(names)} in {code}")

    def _open(self, block: _Block, code: str) -> None:
        if len(self._blocks) >= DEEPEST:
            raise WrongTagError(f"blocks are nested at most {DEEPEST} deep", block.offset)
        self._blocks.append(block)
        self._parts.append(("block", code))

    def _need(self, word: str, at: int) -> None:
        if not self._blocks or (word and self._blocks[-1].word != word):
            raise WrongTagError("the tag belongs to no block that is open here", at, _BLOCKS)

    def _close(self) -> None:
        self._parts.append(("block", f"end{self._blocks.pop().word}"))

    def _condition(self, text: str, at: int) -> str:
        if not text:
            raise WrongTagError("'if' needs a condition", at)
        if _ALONE.match(text) is None:
            return self._code(text, at)
        return _or_absent(self._code(text, at, alone=True))

    def _code(self, text: str, at: int, *, alone: bool = False) -> str:
        """An expression with `v0`, `v1`, … in the place of everything that it names."""
        own = self._own_names()
        code: list[str] = []
        before = ""
        for token in TOKEN.finditer(text):
            word = token.group()
            kind = token.lastgroup
            follows = text[token.end() :].lstrip()[:2]
            if kind == "string":
                code.append(json.dumps(word[1:-1]) if word[0] == "`" else word)
            elif kind == "dot":
                code.append(self._dot(at + token.start()))
            elif kind == "own":
                code.append(self._of_loop(word[1:], at + token.start()))
            elif kind in {"word", "path"}:
                is_filter = before == "|" or (before in {"is", "not"} and "is" in code[-2:])
                is_argument = follows[:1] == "=" and follows != "=="
                if is_filter or is_argument or word in _KEYWORDS:
                    code.append(word)
                elif follows[:1] == "(":
                    message = f"'{word}(…)': nothing can be called in a template"
                    raise WrongTagError(
                        message, at + token.start(), "Use a filter, as in '{{ parameters.name | upper }}'."
                    )
                elif word.partition(".")[0] in own:
                    code.append(_items(word))
                else:
                    optional = alone or _MAY_BE_ABSENT.match(text, token.end()) is not None
                    code.append(self._reference(word, at + token.start(), optional=optional))
            else:
                code.append(word)
            before = word
        return " ".join(code)

    def _reference(self, word: str, at: int, *, optional: bool) -> str:
        keys = tuple(word.lstrip(".").split("."))
        dot = self._dot_name()
        if word.startswith(".") and dot and keys[0] not in CONTEXTS:
            return _items(".".join((dot, *keys)))
        found = Reference(canonical_path(keys), at, at + len(word), word, is_shown=False)
        return self._named(found, optional=optional)

    def _dot_name(self) -> str:
        return next((block.dot for block in reversed(self._blocks) if block.dot), "")

    def _dot(self, at: int) -> str:
        name = self._dot_name()
        if not name:
            raise WrongTagError("'.' means something inside of '{{ range }}' only", at)
        return name

    def _of_loop(self, name: str, at: int) -> str:
        head = name.partition(".")[0]
        if head not in self._own_names():
            raise WrongTagError(f"'${head}' is no variable of a block around it", at)
        return _items(name)

    def _old_block(self, inside: str, at: int) -> None:
        """A block of the original's templates, which are Go's."""
        word = inside.split(maxsplit=1)[0]
        rest = inside[len(word) :].strip()
        begin = at + len(inside) - len(rest)
        match word:
            case "if":
                code = self._old_code(rest, begin)
                self._open(_Block("if", at, has_value=_asked(rest)), f"if {code}")
            case "else" if rest.startswith("if ") or not rest:
                self._need("if" if rest else "", at)
                self._blocks[-1].has_value = ()
                code = self._old_code(rest[3:].strip(), begin + 3) if rest else ""
                self._parts.append(("block", f"elif {code}" if rest else "else"))
            case "end" if not rest:
                self._need("", at)
                self._close()
            case "range":
                self._old_loop(inside, at)
            case _:
                message = f"'{{{{ {word} }}}}' is no block of templates here"
                raise WrongTagError(message, at, _BLOCKS)

    def _old_loop(self, inside: str, at: int) -> None:
        found = _RANGE.match(inside)
        if found is None:
            raise WrongTagError("'range' is written '{{ range $name := .parameters.list }}'", at)
        first, second, rest = found.groups()
        code = self._old_code(rest, at + found.start(3))
        dot = f"dot{len(self._blocks)}"
        names = (first, second) if second else (first or dot,)
        items = "| _pairs" if second else "| _values"
        self._open(_Block("for", at, names, dot=second or first or dot), f"for {', '.join(names)} in ({code}) {items}")

    def _old_code(self, text: str, at: int) -> str:
        if not text:
            raise WrongTagError("a condition is missing", at)
        tokens = list(TOKEN.finditer(text))
        alone = _ALONE.match(text) is not None
        code = OldExpression(self, tokens, at, alone=alone).read()
        return _or_absent(code) if alone else code

    def old_operand(self, token: re.Match[str], at: int, *, optional: bool) -> str:
        """One word of an expression in the original's form."""
        word, offset = token.group(), at + token.start()
        match token.lastgroup:
            case "string":
                return json.dumps(word[1:-1]) if word[0] == "`" else word
            case "number":
                return word
            case "dot":
                return self._dot(offset)
            case "own":
                return self._of_loop(word[1:], offset)
            case "path":
                return self._reference(word, offset, optional=optional)
            case "word" if word in {"true", "false", "nil"}:
                return "none" if word == "nil" else word
            case _:
                message = f"'{word}' is not understood in a template of the original's form"
                raise WrongTagError(message, offset, "Write it as '{% if parameters.size == \"small\" %}'.")


def _asked(condition: str) -> tuple[str, ...]:
    """The path that a condition asks for; empty where it asks for more, or for the opposite."""
    if _ALONE.match(condition) is None or condition.startswith("not "):
        return ()
    return canonical_path(tuple(condition.lstrip(".").split(".")))


def _or_absent(code: str) -> str:
    """A condition that asks for nothing but a value: without one it is false, as an empty value is."""
    name = code.removeprefix("not ")
    if not re.fullmatch(r"v[0-9]+", name):
        return code
    return f"{code[: -len(name)]}({name} is defined and {name})"


def _items(path: str) -> str:
    """A dotted path below a name of a block: keys with `-` are no names of Jinja2."""
    head, *keys = path.split(".")
    return head + "".join(f"[{int(key) if key.isdecimal() else json.dumps(key)}]" for key in keys)
