"""How fast output is redacted, beside a plain alternation of the same forms.

    python tests/benchmarks/bench_redaction.py [--short] [SECRETS ...]

It redacts 10 MB of log lines in chunks of 64 KiB, as they come from a pipe, and prints megabytes a second.
"""

import random
import re
import string
import sys
import time

from innominatus_cli.execution.redaction import Redactor
from innominatus_cli.execution.secret_forms import forms_of

CHUNK = 64 * 1024
SIZE = 10_000_000
ALTERNATION_AT_MOST = 2_000


def log_lines(rng: random.Random) -> bytes:
    """Lines as programs print them: times, levels, words and numbers."""
    words = ["".join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9))) for _ in range(3000)]
    lines: list[str] = []
    size = 0
    while size < SIZE:
        second = f"{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
        lines.append(f"2026-11-25T22:{second}Z INFO Step[{rng.randint(1, 999)}] {' '.join(rng.choices(words, k=7))}\n")
        size += len(lines[-1])
    return "".join(lines).encode()


def main() -> None:
    """Prints a line a number of secrets."""
    rng = random.Random(1)  # noqa: S311 - the same data each time
    data = log_lines(rng)
    chunks = [data[at : at + CHUNK] for at in range(0, len(data), CHUNK)]
    alphabet = string.ascii_letters + string.digits
    given_counts = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    for count in given_counts or ([1, 50] if "--short" in sys.argv else [1, 10, 50, 300, 1000]):
        secrets = ["".join(rng.choices(alphabet, k=32)).encode() for _ in range(count)]
        forms = frozenset[bytes]().union(*map(forms_of, secrets))
        redactor = Redactor(secrets)
        began = time.perf_counter()
        redactor.holds(b"")
        ready = time.perf_counter() - began
        stream = redactor.stream()
        began = time.perf_counter()
        given = sum(len(stream.feed(chunk)) for chunk in chunks) + len(stream.flush())
        took = time.perf_counter() - began
        assert given == len(data)
        text = f"{count:5} secrets, {len(forms):6} forms: {len(data) / took / 1e6:6.1f} MB/s, ready in {ready:.3f} s"
        if len(forms) <= ALTERNATION_AT_MOST:
            pattern = re.compile(b"|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
            some = chunks[:16]
            began = time.perf_counter()
            for chunk in some:
                pattern.sub(b"***", chunk)
            text += f"; plain alternation {sum(map(len, some)) / (time.perf_counter() - began) / 1e6:5.1f} MB/s"
        print(text)


if __name__ == "__main__":
    main()
