"""Texts of old documents in many layouts: indentation, quotes, comments, brackets, line ends. Not a test itself."""

import json
import random
from typing import Any

WORDS = [
    "small",
    "eu-west-1",
    "a: b",
    "# no comment",
    "it's",
    'say "x"',
    "yes",
    "12:30",
    "",
    " blank ",
    "x y",
    "[a, b]",
]
TEXTS = ["echo one\n", "#!/bin/sh\n# no comment\necho two\n", "a\n\n  b\n\nc", "  leads\nfollows\n", "ends\n\n\n", "x"]


class Writer:
    """Writes plain data as YAML in ways that `rnd` chooses."""

    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd
        self.step = rnd.choice([2, 2, 2, 3, 4])
        self.flush = rnd.random() < 0.3
        self.remarks = rnd.choice([0.0, 0.1, 0.4])
        self.brackets = rnd.choice([0.0, 0.1, 0.3])
        self.count = 0

    def document(self, value: dict[str, Any]) -> str:
        """The text of a mapping."""
        lines = [*self.around(0), *self.mapping(value, 0), *self.around(0)]
        end = self.rnd.choice(["\n", "\n", "\n", "\r\n"])
        text = end.join(lines)
        return text + ("" if self.rnd.random() < 0.1 else end)

    def remark(self) -> str:
        """A comment that no other one equals."""
        self.count += 1
        return f"# {self.count} {self.rnd.choice(['note', 'a: b', '- c', '| x', 'note'])}"

    def around(self, indent: int) -> list[str]:
        """Comments and blank lines between entries."""
        lines = []
        while self.rnd.random() < self.remarks:
            lines.append(" " * indent + self.remark() if self.rnd.random() < 0.7 else "")
        return lines

    def behind(self) -> str:
        """A comment at the end of a line, now and then."""
        return f"{' ' * self.rnd.randint(1, 3)}{self.remark()}" if self.rnd.random() < self.remarks else ""

    def mapping(self, value: dict[str, Any], indent: int) -> list[str]:
        """The lines of a block mapping."""
        lines: list[str] = []
        for key, one in value.items():
            lines += self.around(indent) if lines else []
            lines += self.entry(key, one, indent)
            if self.rnd.random() < self.remarks / 2:
                lines.append(" " * (indent + self.step) + self.remark())
        return lines

    def entry(self, key: str, value: Any, indent: int) -> list[str]:
        """The lines of one entry."""
        head = f"{' ' * indent}{self.key(key)}:"
        if value is None:
            return [head + self.behind()]
        if isinstance(value, str) and "\n" in value and self.rnd.random() < 0.8:
            return self.literal(head, value, indent)
        if not isinstance(value, dict | list) or not value or self.rnd.random() < self.brackets:
            return [f"{head} {self.flow(value)}{self.behind()}"]
        lines = [head + self.behind(), *self.around(indent + self.step)]
        if isinstance(value, dict):
            return lines + self.mapping(value, indent + self.step)
        return lines + self.sequence(value, indent if self.flush else indent + self.step)

    def sequence(self, value: list[Any], indent: int) -> list[str]:
        """The lines of a block list."""
        lines: list[str] = []
        for one in value:
            lines += self.around(indent) if lines else []
            if isinstance(one, dict) and one and self.rnd.random() >= self.brackets:
                inner = self.mapping(one, indent + 2)
                lines.append(f"{' ' * indent}- {inner[0][indent + 2 :]}")
                lines += inner[1:]
            else:
                lines.append(f"{' ' * indent}- {self.flow(one)}{self.behind()}")
        return lines

    def literal(self, head: str, value: str, indent: int) -> list[str]:
        """A text over several lines."""
        body = value.rstrip("\n")
        ends = len(value) - len(body)
        inner = indent + self.rnd.choice([1, 2, self.step])
        indicator = str(inner - indent) if body.startswith(" ") or self.rnd.random() < 0.2 else ""
        chomp = {0: "-", 1: ""}.get(ends, "+")
        lines = [f"{head} |{indicator}{chomp}{self.behind()}"]
        lines += [" " * inner + line if line else "" for line in body.split("\n")]
        return lines + [""] * (ends - 1)

    def key(self, key: str) -> str:
        """A key, in quotes now and then."""
        return json.dumps(key) if self.rnd.random() < 0.05 else key

    def flow(self, value: Any) -> str:
        """A value on one line."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {self.flow(one)}" for key, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(one) for one in value) + "]"
        if isinstance(value, str) and value.replace("-", "").isalnum() and not value[0].isdigit() and value != "yes":
            return self.rnd.choice([value, json.dumps(value), f"'{value}'"])
        if isinstance(value, str) and "\n" not in value and self.rnd.random() < 0.3:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value)


def shuffled(rnd: random.Random, value: dict[str, Any]) -> dict[str, Any]:
    """The same mapping, sometimes in another order."""
    items = list(value.items())
    if rnd.random() < 0.5:
        rnd.shuffle(items)
    return dict(items)


def some(rnd: random.Random, **choices: Any) -> dict[str, Any]:
    """Some of the entries."""
    return {key: value for key, value in choices.items() if rnd.random() < 0.4}


def old_step(rnd: random.Random, number: int) -> dict[str, Any]:
    """A step with inputs beside its config, and old spellings."""
    if rnd.random() < 0.15:
        config = some(rnd, provider="team", variables={"a": "b"}) | {"workflow": "provision"}
        return shuffled(rnd, {"name": f"s{number}", "type": "workflow", "config": config})
    inputs = some(
        rnd, working_dir="./infra", path="./infra", operation="plan", variables={"a": rnd.choice(WORDS), "b": 1}
    )
    step: dict[str, Any] = {"name": f"s{number}", "type": "terraform", **inputs}
    if rnd.random() < 0.5:
        step["config" if rnd.random() < 0.8 else "with"] = rnd.choice(
            [{"outputs": ["host"]}, {"notes": TEXTS[2]}, None]
        )
    step |= some(
        rnd, depends_on=[], continue_on_error=True, env={"A": rnd.choice(WORDS)}, description=None, timeout="5m"
    )
    return shuffled(rnd, step)


def old_workflow(rnd: random.Random) -> dict[str, Any]:
    """A workflow in one of the older shapes."""
    body: dict[str, Any] = {"steps": [old_step(rnd, number) for number in range(rnd.randint(1, 3))]}
    by_name = {"size": {"type": "string", "allowedValues": ["a", "b"]}, "only": rnd.choice([*WORDS, *TEXTS, None, 3])}
    listed = [{"name": "size", "type": "string"}, {"name": "other", "default": rnd.choice(TEXTS)}]
    body |= some(
        rnd,
        variables={"A": rnd.choice(WORDS), "B": rnd.choice(TEXTS)},
        parameters=rnd.choice([by_name, listed]),
        outputs={"host": "x"},
        fail_fast=True,
    )
    top: dict[str, Any] = some(rnd, apiVersion="innominatus.io/v1alpha1", metadata={"name": "old", "owner": None})
    if top or rnd.random() < 0.3:
        top["kind"] = "Workflow"
    inside = rnd.random() < 0.3
    if inside:
        kept = {key: body.pop(key) for key in list(body) if rnd.random() < 0.6}
        body["spec"] = kept or None
    return shuffled(rnd, top | body)


def old_score(rnd: random.Random) -> dict[str, Any]:
    """A Score file in the house's dialect, with deprecated forms."""

    def container() -> dict[str, Any]:
        env: Any = {"A": rnd.choice(WORDS[:6]), "B": 3, "C": True}
        if rnd.random() < 0.3:
            env = [{"name": "A", "value": rnd.choice(WORDS[:6])}, {"name": "B", "value": 3}, {"name": "C"}]
        files = [
            {"target": "/etc/a", "content": rnd.choice(TEXTS)},
            shuffled(rnd, {"target": "/etc/b c", "content": ["#!/bin/sh", "echo", rnd.choice(WORDS)], "mode": "0644"}),
        ]
        ports = rnd.choice(
            [
                [{"name": "http", "containerPort": 80, "protocol": "TCP"}, {"port": 81}, 82],
                {"http": 80, "other": {"port": 81}},
            ]
        )
        volumes = [shuffled(rnd, {"target": "/mnt", "source": "${resources.db}", "read_only": True})]
        found = some(rnd, env=env, files=files, ports=ports, volumes=volumes, variables={"X": "y"})
        return shuffled(rnd, {"image": "registry.example.com/a:1.0.0", **found})

    resource = some(rnd, properties={"size": "small", "deep": {"a": [1, 2]}}, params={"other": rnd.choice(WORDS)})
    workload: dict[str, Any] = {
        "apiVersion": rnd.choice(["score.dev/v1b1", "score.dev/v1"]),
        "metadata": {"name": "shop"},
        "containers": {name: container() for name in rnd.choice([["web"], ["web", "worker"]])},
        "resources": {"db": {"type": "volume", **resource}},
    }
    workload |= some(rnd, service={"ports": {"admin": {"port": 9000}}}, variables={"R": "x"})
    if rnd.random() < 0.3:
        workload["workflows"] = {"deploy": {"steps": [old_step(rnd, 0)]}}
    return shuffled(rnd, workload)


def old_golden_path(rnd: random.Random) -> dict[str, Any]:
    """A golden path with deprecated parameters."""
    spec = some(
        rnd,
        required_params=["team", "app"],
        optional_params={"size": rnd.choice(WORDS), "none": None},
        parameters={"extra": {"type": "string", "allowedValues": ["a"]}},
        estimatedDuration="5 minutes",
    )
    if rnd.random() < 0.5:
        return {"goldenpaths": {"a": {"workflow": "./a.yaml", **spec}, "b": "./b.yaml"}}
    return {
        "apiVersion": "workflow.dev/v1",
        "kind": "GoldenPath",
        "metadata": {"name": "old"},
        "spec": {"description": "x", **spec},
    }
