"""Rules over secrets that stand in files as they are. No message ever shows a value.

Few false alarms matter more than finding everything: a value counts as literal only where it is neither a reference,
the name of a secret, a path into a store, a placeholder nor a sentence.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from innominatus_cli.checks.facts import Facts, table
from innominatus_cli.checks.places import lines_of, place_within
from innominatus_cli.documents.nodes import Document, MappingNode, Node, ScalarNode, SequenceNode
from innominatus_cli.expressions.references import may_refer
from innominatus_cli.findings.catalogue import steps as codes
from innominatus_cli.findings.finding import Finding, Place

_PASSWORDS = ("password", "passwd", "passphrase")
_STEMS = ("pass", "secret", "credential", "token", "key")
"""One of these is in each of `_KEYS`."""
_STORES = ("secret", "credential", "credentials")
_KEYS = (
    *_PASSWORDS,
    *_STORES,
    "token",
    *(f"{what}{mark}key" for what in ("api", "access", "private", "secret") for mark in ("", "_", "-")),
)
"""How names end whose values are secret."""
_ELSEWHERE = ("$", "/", "./", "vault:", "secret:", "ref+", "arn:", "op://", "env:", "file:", "http:", "https:")
"""How values begin that say where a secret is."""
_ENTRY_OF_STORE = r"[a-z][a-z0-9]*(?:[-_/.][a-z0-9]+)+"
"""`db-password`, `team/app/token`: what secrets are called, never what they are."""
_IN_ADDRESS = r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@${}<>]{1,100}:([^\s:/@${}<>]{1,100})@"
_DESCRIBED = frozenset({"outputs", "names", "annotations", "labels", "properties", "capabilities"})
"""Keys of mappings whose values are descriptions."""
_NAMED_ELSEWHERE = frozenset(("value", "default", "data", "stringData"))
"""Keys whose values go by a name that is no key, or by what stands around them."""
_MOST_REMEMBERED = 20_000
_harmless: set[str] = set()
"""Keys that say nothing of a secret: repositories have few different ones."""
_BEHIND_NAMES = frozenset(("", ":", '"', "'", "\n", "\r", ",", "}", " "))
_SIGNS = ("glpat-", "xox", "k_live_", "npm_", "hvs.")
_SIGNS_OF_GITHUB = ("ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_")
_SIGNS_WITH_CAPITALS = ("AKIA", "ASIA", "eyJ", "AIza", "SG.")
"""Without one of these no word is a token that the patterns know."""
_KINDS = {
    "aws": "an access key of AWS",
    "github": "a token of GitHub",
    "gitlab": "a token of GitLab",
    "slack": "a token of Slack",
    "stripe": "a key of Stripe",
    "google": "an API key of Google",
    "npm": "a token of npm",
    "vault": "a token of Vault",
    "sendgrid": "a key of SendGrid",
    "jwt": "a signed JSON Web Token",
    "key": "a private key",
}
_IN_SCORE = (
    "Take it out, and change it where it is used, for it has been in git. A Score file cannot name secrets: let a "
    "workflow bind the secret with `vault-setup`."
)
_SHORTEST_RANDOM, _LONGEST_RANDOM = 24, 200
_RUN = r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{24,200}+(?![A-Za-z0-9+/_-])"
_SHORTEST_TOKEN = 15
_LEAST_BITS = 3.9
_KNOWN_AS_RANDOM = (
    r"(?i)(?:digest|sha\d*|checksum|hash|fingerprint|commit|revision|version|image|cert(?:ificate)?|ca|bundle"
    r"|public_?key|content|data|id)$"
)


def check_literal_secrets(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-2158: no password, token or key stands as a literal under a name that says so, or in an address."""
    if not may_hold_secrets(document):
        return
    defined = table(facts, "secrets")
    known = frozenset(() if defined is None else defined.values)
    for name, node, is_secret in _named_values(document.root):
        if (is_secret or name.lower().endswith(_KEYS)) and _is_literal(node, name, known):
            message = f"'{name}' holds a secret in plain text"
            place = document.place(node)
            yield Finding(codes.HARD_CODED_SECRET, message, place, _remedy(document, place))
        elif isinstance(node.value, str) and "://" in node.value and "@" in node.value:
            yield from _check_address(document, name, node)


@lru_cache(maxsize=1)
def may_hold_secrets(document: Document) -> bool:
    """Whether a name that says so, an address, or what may be a Kubernetes Secret stands in the file.

    It is asked of every file, and a walk over its values costs more than looking at its keys.
    """
    text, keys = document.all_text, document.keys
    if not _is_as_written(document) or ("@" in text and "://" in text):
        return True
    if keys is None or not keys.isdisjoint(_NAMED_ELSEWHERE):
        return _names_secrets(text)
    for key in keys - _harmless:
        if key.lower().endswith(_KEYS):
            return True
        if len(_harmless) < _MOST_REMEMBERED:
            _harmless.add(key)
    return False


def _is_as_written(document: Document) -> bool:
    """Whether what a document says stands in its text letter by letter."""
    return document.text != "" and "\\" not in document.all_text


@lru_cache(maxsize=1)
def _names_secrets(written: str) -> bool:
    """Whether a name that says so ends somewhere in the text, or a Kubernetes Secret stands in it."""
    text = written.lower()
    if "kind: secret" in text:
        return True
    stems = [stem for stem in _STEMS if stem in text]
    for word in _KEYS if stems else ():
        found = text.find(word)
        while found >= 0:
            found += len(word)
            if text[found : found + 1] in _BEHIND_NAMES:
                return True
            found = text.find(word, found)
    return False


def _check_address(document: Document, name: str, node: ScalarNode) -> Iterator[Finding]:
    found = re.search(_IN_ADDRESS, str(node.value))
    if found is not None and not _placeholders().fullmatch(found[1]):
        place = place_within(document, node, found.start(1), found[1])
        message = f"the address in '{name}' holds a password in plain text"
        yield Finding(codes.HARD_CODED_SECRET, message, place, _remedy(document, place))


def _remedy(document: Document, place: Place) -> str:
    """What to do where `${secrets.…}` means nothing: in a Score file's own parts, not in workflows of its dialect."""
    names_secrets = document.kind != "Workload" or place.pointer.startswith("/workflows/")
    return "" if names_secrets else _IN_SCORE


def _named_values(root: Node) -> Iterator[tuple[str, ScalarNode, bool]]:
    """Scalars with the names they go by: their key, or the `name` beside `value` or `default`.

    The last one tells the data of a Kubernetes Secret, all of which is secret.
    """
    stack: list[tuple[str, Node, bool]] = [("", root, False)]
    while stack:
        name, node, is_secret = stack.pop()
        if isinstance(node, SequenceNode):
            stack.extend((name, item, False) for item in reversed(node.items))
        elif isinstance(node, MappingNode):
            if name not in _DESCRIBED:
                stack.extend(reversed(list(_entries(name, node, is_secret=is_secret))))
        elif isinstance(node, ScalarNode) and name:
            yield name, node, is_secret


def _entries(name: str, node: MappingNode, *, is_secret: bool) -> Iterator[tuple[str, Node, bool]]:
    own = node.text("name") or name
    is_manifest = node.text("kind") == "Secret"
    for key, value in node.values.items():
        if key in {"value", "default"}:
            yield own, value, False
        elif isinstance(value, ScalarNode):
            yield key, value, is_secret
        else:
            yield key, value, is_manifest and key in {"data", "stringData"}


def _is_literal(node: ScalarNode, name: str, known: frozenset[str]) -> bool:
    value, lower = node.plain(), name.lower()
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    if isinstance(value, int) and not lower.endswith(_PASSWORDS):
        return False
    text = str(value).strip()
    if not text or may_refer(text) or "$(" in text or text.startswith(_ELSEWHERE) or text in known:
        return False
    if re.search(r"\s", text) or _placeholders().fullmatch(text) or re.fullmatch(_ENTRY_OF_STORE, text):
        return False
    if lower.endswith(_STORES) and text.isalpha() and text.islower():
        return False
    return not re.sub("[-_]", "", lower).endswith(re.sub("[-_]", "", text).lower())


@cache
def _placeholders() -> re.Pattern[str]:
    """Values that people write where the real one is to come."""
    return re.compile(
        r"(?:change[-_ ]?(?:me|it|this)|replace[-_ ]?(?:me|this)|todo|tbd|fixme|none|null|nil|n/?a|true|false|example|"
        r"placeholder|dummy|fake|test|sample|redacted|hidden|masked|generated?|auto|random|required|optional|inherit|"
        r"default|string|env|vault|user|pass(?:word)?|secret|(?:your|my|some|insert|enter|put)[-_ ].*|.*[-_ ]here|"
        r"(.)\1{2,}|\*+|\.+|<.*>|\[.*\]|%.*%|@.*@|__.*__)",
        re.IGNORECASE | re.DOTALL,
    )


def check_known_tokens(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2159: nothing in the file, comments included, has the form of a token or private key."""
    if not _may_hold_tokens(document.all_text):
        return
    first = 1 if document.index == 0 else document.root.line
    for line, column, length, kind in _tokens_in(document.text):
        if first <= line <= document.root.end_line:
            place = Place(document.path, line, column, line, column + length)
            yield Finding(codes.KNOWN_TOKEN, f"{_KINDS[kind]} stands in the file", place)


@lru_cache(maxsize=1)
def _tokens_in(written: str) -> tuple[tuple[int, int, int, str], ...]:
    """Where in a file tokens stand: line, column, length in the line, and kind; a file may have many documents."""
    text = "\n".join(lines_of(written))
    places = []
    line, counted = 1, 0
    for found in _tokens().finditer(text):
        line += text.count("\n", counted, found.start())
        counted = found.start()
        if "EXAMPLE" not in found.group():
            column = counted - text.rfind("\n", 0, counted)
            places.append((line, column, len(found.group().split("\n", 1)[0]), found.lastgroup or ""))
    return tuple(places)


@lru_cache(maxsize=1)
def _may_hold_tokens(text: str) -> bool:
    """Whether something is in a text without which none of the patterns can match."""
    words, with_capitals = _long_words(text)
    return (
        "PRIVATE KEY" in text
        or _holds_one(words, _SIGNS)
        or ("gh" in words and _holds_one(words, _SIGNS_OF_GITHUB))
        or (with_capitals != "" and _holds_one(with_capitals, _SIGNS_WITH_CAPITALS))
    )


def _holds_one(text: str, words: tuple[str, ...]) -> bool:
    for word in words:  # noqa: SIM110 - `any` makes a generator
        if word in text:
            return True
    return False


@cache
def _tokens() -> re.Pattern[str]:
    """The forms of tokens that are known; each begins where no longer word could, so that searching is linear."""
    return re.compile(
        r"(?<![A-Za-z0-9_-])(?:"
        r"(?P<aws>(?:AKIA|ASIA)[0-9A-Z]{16}(?![0-9A-Za-z]))"
        r"|(?P<github>gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9_]{60,251})"
        r"|(?P<gitlab>glpat-[A-Za-z0-9_-]{20,64})"
        r"|(?P<slack>xox[abeoprs]-[A-Za-z0-9-]{10,250})"
        r"|(?P<stripe>[sr]k_live_[A-Za-z0-9]{16,250})"
        r"|(?P<google>AIza[A-Za-z0-9_-]{35}(?![0-9A-Za-z_-]))"
        r"|(?P<npm>npm_[A-Za-z0-9]{36}(?![0-9A-Za-z]))"
        r"|(?P<vault>hvs\.[A-Za-z0-9_-]{24,250})"
        r"|(?P<sendgrid>SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![0-9A-Za-z_-]))"
        r"|(?P<jwt>eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{16,1000})"
        r")|(?P<key>-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\n|\s){0,40}[A-Za-z0-9+/]{16})"
    )


def secret_in_words(text: str) -> str:
    """What the first token of a known form in a text is (`a token of GitHub`); empty where there is none.

    Where there is no such token, but a word that looks like a generated key, it says that.
    """
    if _may_hold_tokens(text):
        for found in _tokens().finditer(text):
            if "EXAMPLE" not in found.group():
                return _KINDS[found.lastgroup or ""]
    if _may_hold_random(text):
        return "a word that looks like a generated key"
    return ""


def check_random_values(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2160: no value looks like a generated key, by the spread of its characters (Shannon's entropy)."""
    if _is_as_written(document) and not _may_hold_random(document.all_text):
        return
    for name, node, _ in _named_values(document.root):
        text = node.value
        if not isinstance(text, str) or not _SHORTEST_RANDOM <= len(text) <= _LONGEST_RANDOM or " " in text:
            continue
        is_told = name.lower().endswith(_KEYS) or re.search(_KNOWN_AS_RANDOM, name) is not None
        if not is_told and _looks_random(text) and _tokens().search(text) is None:
            message, place = f"the value of '{name}' looks like a generated key", document.place(node)
            yield Finding(codes.RANDOM_LOOKING_VALUE, message, place, _remedy(document, place))


@lru_cache(maxsize=1)
def _long_words(text: str) -> tuple[str, str]:
    """All words that are long enough for a token, and those of them that have capitals, or no letters at all.

    Most files have few of the former, and of the latter none.
    """
    words = [word for word in text.split() if len(word) >= _SHORTEST_TOKEN]
    return " ".join(words), " ".join([word for word in words if not word.islower()])


@lru_cache(maxsize=1)
def _may_hold_random(text: str) -> bool:
    _, words = _long_words(text)
    return words != "" and any(map(_looks_random, re.findall(_RUN, words)))


def _looks_random(text: str) -> bool:
    """Whether letters of both cases and digits are mixed as no name, path or sentence mixes them."""
    if text.islower() or text.isupper() or text.isalpha():
        return False
    if re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text) is None or text.count("/") > 1 or text.count("-") > 1:
        return False
    runs = re.findall("[0-9]+|[a-z]+|[A-Z]+", text)
    kinds = {"0" if run.isdigit() else "a" if run.islower() else "A" for run in runs}
    digits = sum(run.isdigit() for run in runs)
    return len(kinds) == 3 and digits > 2 and len(runs) * 3 > len(text) and _bits(text) >= _LEAST_BITS  # noqa: PLR2004 - kinds of characters


def _bits(text: str) -> float:
    from math import log2  # noqa: PLC0415 - few values come so far

    shares = [text.count(char) / len(text) for char in set(text)]
    return -sum(share * log2(share) for share in shares)


RULES = (check_literal_secrets, check_known_tokens, check_random_values)
