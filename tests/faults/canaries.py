"""Canary secrets: a run whose steps tell all they know, in every encoding, into every sink; then the hunt for them.

    python tests/faults/canaries.py [SECRETS]

It makes 1,000 random secrets (or as many as asked for), gives them to steps that print each in twelve encodings in
pieces of odd sizes, to both streams, as outputs, variables, manifests, arguments and in the words of a failure, and
looks through everything that is left afterwards: the terminal, logs, journal, results, records, every git object, every
other file, and the arguments of all processes that were seen meanwhile. It prints what it found, and ends with 1 where
that is anything. The encodings are written here once more, with nothing of the redactor.
"""

import base64
import html
import json
import os
import random
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

A_STEP = 50
"""Secrets of one step."""
ENCODINGS: Mapping[str, Callable[[str], str]] = {
    "raw": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 of user:secret": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64 inside of more": lambda text: base64.b64encode(f"ab{text}cd".encode()).decode(),
    "base64url in lines of 76": lambda text: (
        base64.encodebytes(b"k" * 47 + text.encode() + b"k" * 47).decode().replace("+", "-").replace("/", "_")
    ),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "percent": lambda text: quote(text, safe=""),
    "JSON": lambda text: json.dumps({"x": text}),
    "repr": repr,
    "shell": shlex.quote,
    "HTML": html.escape,
}
TELLER = """
import json, os, random, sys
sys.path.insert(0, os.environ["TESTS"])
from tests.faults.canaries import ENCODINGS
rng = random.Random(os.environ["INNOMINATUS_STEP"])
secrets = [os.environ[name] for name in sorted(os.environ) if name.startswith("CANARY_")]
for number, secret in enumerate(secrets):
    for name, encode in ENCODINGS.items():
        line = f"{name} <{encode(secret)}> \\x1b[31m{secret[:4]}\\x1b[0m{secret[4:]}\\n".encode()
        fd, at = 1 + number % 2, 0
        while at < len(line):
            size = rng.randint(1, 17) if number % 7 == 0 else len(line)
            os.write(fd, line[at:at + size])
            at += size
with open(os.environ["INNOMINATUS_OUTPUT"], "w") as file:
    told = {name: encode(secrets[0]) for name, encode in ENCODINGS.items()}
    json.dump({"told": told, "plain": secrets[1], "namespace": "ns-" + secrets[2], "hidden": secrets[3]}, file)
sys.exit(3 if "STATUS" in os.environ else 0)
"""
WORKFLOW = """apiVersion: workflow.dev/v1
kind: PlatformWorkflow
metadata: { name: tell, description: Tells all it knows, owner: platform, phase: deployment }
spec:
  triggers: [manual]
  variables: { carried: nothing }
  steps:
"""
STEP = """
    - name: tell-{number}
      type: script
      dependsOn: []
      {more}
      outputs: [told, plain, namespace, hidden]
      secretOutputs: [hidden]
      setVariables: {{ carried: "${{outputs.plain}}" }}
      env: {{ TESTS: "{tests}", {env} }}
      config: {{ command: ["{python}", tell.py] }}
    - name: argue-{number}
      type: script
      dependsOn: [tell-{number}]
      continueOnError: true
      config: {{ command: [sleep, "0.01", "${{steps.tell-{number}.outputs.plain}}"] }}
    - name: render-{number}
      type: vault-setup
      dependsOn: [tell-{number}]
      continueOnError: true
      config: {{ secrets: [bound], namespace: "${{steps.tell-{number}.outputs.namespace}}" }}
    - name: fail-{number}
      type: script
      dependsOn: [tell-{number}]
      continueOnError: true
      env: {{ TESTS: "{tests}", STATUS: "${{steps.tell-{number}.outputs.plain}}", {env} }}
      config: {{ command: ["{python}", tell.py] }}
"""


@dataclass
class Hunt:
    """What was looked through, and what was found: the sink, the encoding and the number of the secret."""

    secrets: int
    sinks: dict[str, int] = field(default_factory=dict)
    """Bytes by sink."""
    found: list[tuple[str, str, int]] = field(default_factory=list)
    redactions: int = 0


def canaries(count: int, rng: random.Random) -> list[str]:
    """Secrets as people have them: tokens, passwords with every sign, words with blanks, letters of other scripts."""
    alphabets = (
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "0123456789abcdef",
        "abcDEF123!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        "abc xyz 0123456789",
        "äöüßéλж漢0123456789ab",
    )
    made = {
        "".join(rng.choices(alphabets[number % len(alphabets)], k=rng.randint(12, 40))).strip() or "only-blanks-1"
        for number in range(count * 2)
    }
    return sorted(one for one in made if len(one.encode()) >= 10)[:count]


def hunt(folder: Path, count: int, seed: int = 7) -> Hunt:
    """Makes a repository in `folder`, runs it with `count` secrets and looks for them."""
    secrets = canaries(count, random.Random(seed))
    repository = folder / "repository"
    _make(repository, len(secrets))
    environment = {
        **os.environ,
        **{f"SECRET_{number}": secret for number, secret in enumerate(secrets)},
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    seen: set[bytes] = set()
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(seen, over))
    watcher.start()
    told = [_command(repository, environment, *words) for words in (("run", "tell"), ("logs", "latest"))]
    told += [_command(repository, environment, *words) for words in (("history", "tell", "-o", "json"),)]
    over.set()
    watcher.join()
    result = Hunt(len(secrets))
    needles = [
        (name, number, needle)
        for number, secret in enumerate(secrets)
        for name, encode in ENCODINGS.items()
        for needle in _needles(name, encode(secret))
    ]
    sinks = {"terminal": b"\n".join(told), "arguments": b"\n".join(seen), **_files(repository), **_objects(repository)}
    for sink, data in sinks.items():
        result.sinks[sink] = len(data)
        result.redactions += data.count(b"***")
        result.found += [(sink, name, number) for name, number, needle in needles if needle in data]
    return result


def _needles(name: str, told: str) -> list[bytes]:
    """What of an encoding is the secret's own, whatever stands beside it."""
    if name == "base64url in lines of 76":
        lines = told.split("\n")
        return [line[-(len(line) // 3) :].encode() for line in lines[:1]]
    if name.startswith("base64"):
        return [told.rstrip("=")[8:-3].encode()]
    return [told.removeprefix('{"x": ').removesuffix("}").strip("\"'").encode()]


def _make(repository: Path, count: int) -> None:
    (repository / "workflows" / "platform").mkdir(parents=True)
    names = "".join(f"  s{number}: {{ store: env, env: SECRET_{number} }}\n" for number in range(count))
    bound = "  bound: { store: local, generate: true }\n"
    config = f"limits: {{ maxParallel: 2 }}\nsecrets:\n{bound}{names}"
    (repository / "admin-config.yaml").write_text(config, encoding="utf-8")
    (repository / "tell.py").write_text(TELLER, encoding="utf-8")
    root = str(Path(__file__).resolve().parents[2])
    steps = []
    for first in range(0, count, A_STEP):
        numbers = range(first, min(first + A_STEP, count))
        env = ", ".join(f'CANARY_{number:04}: "${{secrets.s{number}}}"' for number in numbers)
        steps.append(STEP.format(number=first, env=env, more="", tests=root, python=sys.executable))
    (repository / "workflows" / "platform" / "tell.yaml").write_text(WORKFLOW + "".join(steps), encoding="utf-8")
    for words in (
        *(("init", "-q"), ("config", "user.name", "Ada"), ("config", "user.email", "ada@shop.example")),
        *(("add", "."), ("commit", "-qm", "start")),
    ):
        subprocess.run(["git", *words], cwd=repository, check=True)


def _command(repository: Path, environment: Mapping[str, str], *words: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "innominatus_cli", *words],
        cwd=repository, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return done.stdout


def _watch(seen: set[bytes], over: threading.Event) -> None:
    """Gathers the arguments of every process that there is."""
    while not over.wait(0.005):
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:
                continue


def _files(repository: Path) -> dict[str, bytes]:
    """Every file that a run may have touched, by what it is."""
    found: dict[str, list[bytes]] = {}
    for path in repository.rglob("*"):
        if path.is_file() and "objects" not in path.parts:
            parts = path.relative_to(repository).parts
            kind = next(
                (word for word in ("logs", "results", "artifacts", "scratch", "runs") if word in parts), "files"
            )
            kind = "journal" if path.name == "journal.jsonl" else "records" if ".innominatus" in parts else kind
            found.setdefault(kind, []).append(path.read_bytes())
    return {kind: b"\n".join(parts) for kind, parts in found.items()}


def _objects(repository: Path) -> dict[str, bytes]:
    """Every object of the repository, unpacked."""
    words = ["git", "cat-file", "--batch", "--batch-all-objects", "--unordered"]
    return {"git objects": subprocess.run(words, cwd=repository, stdout=subprocess.PIPE, check=True).stdout}


def lines(result: Hunt) -> Iterator[str]:
    """What to print."""
    yield f"{result.secrets} secrets x {len(ENCODINGS)} encodings x {len(result.sinks)} sinks"
    for sink, size in sorted(result.sinks.items()):
        yield f"  {sink:12} {size:12,} bytes looked through"
    yield f"{result.redactions:,} times *** in them; {len(result.found)} leaks"
    yield from (f"LEAK of secret {number} as {name} in {sink}" for sink, name, number in result.found[:20])


def main() -> int:
    """1 where anything was found."""
    with tempfile.TemporaryDirectory() as folder:
        result = hunt(Path(folder), int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    print("\n".join(lines(result)))
    return 1 if result.found else 0


if __name__ == "__main__":
    sys.exit(main())
