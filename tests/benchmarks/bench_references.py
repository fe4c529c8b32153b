"""How long references in texts take, when planning and when a step starts, against compiled templates of Jinja2.

1,000 distinct texts of three references each, among literal text, resolved until 100,000 references are. Everything is
parsed, and Jinja2's templates are compiled, before the clock starts. Prints microseconds for a text, and ratios within
a round; asserts nothing.

    python tests/benchmarks/bench_references.py [--short]
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from jinja2.sandbox import ImmutableSandboxedEnvironment

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from innominatus_cli.expressions.contexts import DataContext, LaterContext, Scope  # noqa: E402 - the path comes first
from innominatus_cli.expressions.values import Folded, fold, resolve  # noqa: E402

TEXTS, IN_A_TEXT = 1_000, 3
REFERENCES, SHORT_REFERENCES = 100_000, 10_000
ROUNDS, SHORT_ROUNDS = 9, 3
JINJA, PLANNING = "compiled Jinja2, sandboxed", "references, planning"
BOUND = 1 / 8
KEYS = [f"key_{number}" for number in range(TEXTS)]
NAMES = {key: f"value of {key}" for key in KEYS}
DATA = {"db": {"host": "db.example.com", "port": 5432}, "names": NAMES}


def texts(form: str) -> list[str]:
    """The texts: `form` puts a path between its braces."""
    host, port = form.format("parameters.db.host"), form.format("parameters.db.port")
    return [
        f"postgres://{host}:{port}/{form.format(f'parameters.names.{key}')}?application={number}"
        for number, key in enumerate(KEYS)
    ]


def main(*, short: bool) -> None:
    """Prints the table."""
    count = (SHORT_REFERENCES if short else REFERENCES) // IN_A_TEXT // TEXTS
    ways = {JINJA: jinja(), PLANNING: planning(), "references, when a step starts": running()}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(SHORT_ROUNDS if short else ROUNDS):
        for name, way in ways.items():
            began = time.perf_counter()
            for _ in range(count):
                way()
            taken[name].append((time.perf_counter() - began) / count / TEXTS * 1e6)
    base, met = taken[JINJA], ""
    print(f"{count * TEXTS * IN_A_TEXT:,} references in texts of {IN_A_TEXT}, Python {sys.version.split()[0]}")
    print(f"{'way':32}{'us a text':>12}{'x Jinja2':>12}")
    for name, times in taken.items():
        ratio = statistics.median(own / other for own, other in zip(times, base, strict=True))
        print(f"{name:32}{statistics.median(times):12.2f}{ratio:12.3f}")
        if name == PLANNING:
            met = "met" if ratio <= BOUND else "MISSED"
    print(f"{PLANNING}: at most {BOUND} x compiled Jinja2: {met}")


def jinja() -> Callable[[], object]:
    """Templates that Jinja2 has compiled."""
    environment = ImmutableSandboxedEnvironment()
    compiled = [environment.from_string(text) for text in texts("{{{{ {} }}}}")]
    assert compiled[7].render(parameters=DATA) == expected(7)
    return lambda: [template.render(parameters=DATA) for template in compiled]


def planning() -> Callable[[], object]:
    """What planning does with a text of a step: everything is known."""
    written = texts("${{{}}}")
    scope = Scope({"parameters": DataContext("parameters", DATA, "the benchmark")})
    found = Folded()
    for text in written:
        fold(text, scope, found)
    assert fold(written[7], scope, found) == expected(7)
    assert not found.problems
    return lambda: [fold(text, scope, found) for text in written]


def running() -> Callable[[], object]:
    """What execution does with a text of a plan: the values are those of the run."""
    scope = Scope({"run": LaterContext("run", frozenset({"host", "port", *KEYS}))})
    written = [
        f"postgres://${{run.host}}:${{run.port}}/${{run.{key}}}?application={number}" for number, key in enumerate(KEYS)
    ]
    planned = [fold(text, scope, Folded()) for text in written]
    values: dict[tuple[str, ...], object] = {("run", "host"): "db.example.com", ("run", "port"): 5432}
    values |= {("run", key): value for key, value in NAMES.items()}
    lookup = values.__getitem__
    assert resolve(planned[7], lookup) == expected(7)
    return lambda: [resolve(value, lookup) for value in planned]


def expected(number: int) -> str:
    """The text with its values."""
    return f"postgres://db.example.com:5432/value of key_{number}?application={number}"


if __name__ == "__main__":
    main(short="--short" in sys.argv[1:])
