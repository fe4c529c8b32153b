"""Scans text for secrets. The request has `paths` (absolute), `root` and `texts` (name to text).

The answer has `scanned` (how many), `skipped` (names of files that are no text) and `found`: `place` (`name:line`),
`rule`, `severity` and `what`. What was found is never part of the answer: only where it stands.
"""

import json
import math
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ALLOWED = "innominatus: not-a-secret"
"""A line with this comment is passed over: for examples and test data."""
_PASSED_OVER = frozenset({".git", ".innominatus"})
_SAMPLE = 8192
_LEAST_ENTROPY = 2.8
_KNOWN: tuple[tuple[str, str, str, re.Pattern[str]], ...] = tuple(
    (rule, severity, what, re.compile(pattern))
    for rule, severity, what, pattern in (
        ("private-key", "CRITICAL", "a private key", r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----"),
        ("aws-access-key", "CRITICAL", "an AWS access key id", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
        ("github-token", "CRITICAL", "a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,255}\b"),
        ("github-token", "CRITICAL", "a GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{60,255}\b"),
        ("gitlab-token", "CRITICAL", "a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,64}\b"),
        ("slack-token", "CRITICAL", "a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,250}"),
        ("stripe-key", "CRITICAL", "a Stripe key", r"\b[rs]k_live_[A-Za-z0-9]{16,255}\b"),
        ("google-key", "HIGH", "a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
        ("npm-token", "CRITICAL", "an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
        (
            "jwt",
            "HIGH",
            "a JSON web token",
            r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{10,2000}",
        ),
        (
            "url-password",
            "HIGH",
            "a password in a URL",
            r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"${}<>]{1,100}:(?!\*)[^\s/@'\"${}<>]{3,200}@",
        ),
    )
)
_ASSIGNED = re.compile(
    r"""(?ix) (?:^|[^a-z0-9]) [a-z0-9_.-]{0,60}?
    (?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)
    [a-z0-9_-]{0,20} ["']? \s{0,10} [:=] \s{0,10} ["']? (?P<value> [^\s"',;]{8,500} )"""
)
_NO_SECRET = re.compile(
    r"(?i)(\$|\{\{|<|%|\*{3}|x{4}|\.{3}|(change|replace).?me|example|placeholder|redacted|your[-_]|dummy|null|none|true|false)"
)
_A_NAME = re.compile(
    r"[a-z]{1,40}([-_./:][a-z]{1,40})*|/[\w./-]*|\./[\w./-]*|[\w.-]+\.(ya?ml|json|sql|sh|py|md|env|pem)"
)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """What was found, in the order of places."""
    root = Path(request["root"])
    found: list[dict[str, str]] = []
    skipped: list[str] = []
    scanned = 0
    for path in _files(root, [Path(written) for written in request["paths"]]):
        name = path.relative_to(root).as_posix()
        text = _text_of(path)
        if text is None:
            skipped.append(name)
            continue
        scanned += 1
        found += _scan(name, text)
    for name, text in sorted(request["texts"].items()):
        scanned += 1
        found += _scan(name, text)
    return {"scanned": scanned, "skipped": skipped, "found": found}


def _files(root: Path, paths: list[Path]) -> Iterator[Path]:
    """Regular files below the paths, sorted, each once; symbolic links that lead out of the root are passed over."""
    seen: set[Path] = set()
    for path in paths:
        for file in sorted(_below(path)):
            real = file.resolve()
            if real not in seen and real.is_relative_to(root) and real.is_file():
                seen.add(real)
                yield real


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        for name in files:
            yield Path(folder) / name


def _text_of(path: Path) -> str | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return None if b"\0" in data[:_SAMPLE] else data.decode("utf-8", "replace")


def _scan(name: str, text: str) -> Iterator[dict[str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if ALLOWED in line:
            continue
        for rule, severity, what in _in_line(line):
            yield {"place": f"{name}:{number}", "rule": rule, "severity": severity, "what": what}


def _in_line(line: str) -> Iterator[tuple[str, str, str]]:
    known = {rule: (rule, severity, what) for rule, severity, what, pattern in _KNOWN if pattern.search(line)}
    yield from known.values()
    if known:
        return
    for assigned in _ASSIGNED.finditer(line):
        if _looks_secret(assigned.group("value")):
            yield "assigned-secret", "HIGH", "a value that is assigned to a secret's name"
            return


def _looks_secret(value: str) -> bool:
    """Whether a value is more than a placeholder, a name or a path."""
    if _NO_SECRET.search(value) or _A_NAME.fullmatch(value.rstrip(")]}")):
        return False
    counts = Counter(value)
    entropy = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return entropy >= _LEAST_ENTROPY


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
