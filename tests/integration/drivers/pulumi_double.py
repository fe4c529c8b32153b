"""A stand-in for the Pulumi CLI, which cannot be had where this was made: written from its published reference.

It knows the commands and options that the driver uses, and no others: anything else ends with an error. A stack is a
file below the folder of PULUMI_BACKEND_URL; a program is `Pulumi.yaml` in JSON with `resources` (name to `type` and
`properties`) and `outputs`; `{"fn::secret": X}` is a secret. `${config:key}` stands for the configuration.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

SECRET = "[secret]"  # noqa: S105 - what Pulumi prints


def main() -> int:
    if sys.argv[1:] == ["version"]:
        say("v3.138.0")
        return 0
    command, args = parsed()
    folder = Path(os.environ["PULUMI_BACKEND_URL"].removeprefix("file://"))
    if not args.non_interactive or os.environ.get("PULUMI_SKIP_UPDATE_CHECK") != "true":
        return fail("it would ask")
    file = folder / f"{args.stack.replace('/', '-')}.json"
    if command == "stack select" and args.create and not file.exists():
        file.write_text(json.dumps({"resources": {}, "outputs": {}, "history": [], "config": {}}))
    if not file.exists():
        return fail(f"error: no stack named '{args.stack}' found")
    state = json.loads(file.read_text())
    if state.get("locked"):
        return fail("error: the stack is currently locked by 1 lock(s)")
    code = work(command, args, state)
    file.write_text(json.dumps(state))
    return code


def parsed() -> tuple[str, argparse.Namespace]:
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    command = " ".join(words[: 2 if words[0] in {"stack", "config"} else 1])
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for option in ("--json", "--yes", "--skip-preview", "--preview-only", "--non-interactive", "--show-secrets"):
        parser.add_argument(option, action="store_true")
    for option in ("--create", "--secret", "--plaintext"):
        parser.add_argument(option, action="store_true")
    for option in ("--stack", "--cwd", "--color", "--page-size", "--page"):
        parser.add_argument(option)
    parser.add_argument("words", nargs="*")
    return command, parser.parse_intermixed_args()


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def fail(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return 255


def program(args: argparse.Namespace, state: dict[str, Any]) -> dict[str, Any]:
    text = (Path(args.cwd) / "Pulumi.yaml").read_text()
    for key, value in state["config"].items():
        text = text.replace(f"${{config:{key}}}", value)
    found: dict[str, Any] = json.loads(text)
    return found


def steps(args: argparse.Namespace, command: str, state: dict[str, Any]) -> list[dict[str, str]]:
    wanted = {} if command == "destroy" else program(args, state)["resources"]
    there = state["resources"]
    if command == "refresh":
        return [step("delete" if one.get("gone") else "same", name, one, args) for name, one in there.items()]
    found = []
    for name in sorted(wanted.keys() | there.keys()):
        op = "create" if name not in there else "delete" if name not in wanted else "same"
        if op == "same" and wanted[name] != there[name]:
            op = "update"
        found.append(step(op, name, wanted.get(name) or there[name], args))
    return found


def step(op: str, name: str, resource: dict[str, Any], args: argparse.Namespace) -> dict[str, str]:
    return {"op": op, "urn": f"urn:pulumi:{args.stack}::shop::{resource['type']}::{name}"}


def work(command: str, args: argparse.Namespace, state: dict[str, Any]) -> int:
    match command:
        case "stack select":
            return 0
        case "config set":
            state["config"][args.words[2]] = sys.stdin.read()
            (Path(args.cwd) / f"Pulumi.{args.stack}.yaml").write_text("config: {}\n")
        case "preview":
            say(json.dumps({"config": {}, "steps": steps(args, command, state), "changeSummary": {}}))
        case "destroy" | "refresh" if args.preview_only:
            say(json.dumps({"steps": steps(args, command, state)}))
        case "up" | "destroy" | "refresh" if args.yes and args.skip_preview:
            return update(command, args, state)
        case "stack history":
            say(json.dumps(state["history"][-1:]))
        case "stack output":
            say(json.dumps({name: shown(value, args) for name, value in state["outputs"].items()}))
        case _:
            return fail(f"unknown command {sys.argv[1:]}")
    return 0


def update(command: str, args: argparse.Namespace, state: dict[str, Any]) -> int:
    done = steps(args, command, state)
    wanted = {"resources": {}, "outputs": {}} if command == "destroy" else program(args, state)
    if wanted.get("fails"):
        state["history"].append({"kind": "update", "result": "failed"})
        return fail("error: update failed")
    if command == "refresh":
        wanted["resources"] = {name: one for name, one in state["resources"].items() if not one.get("gone")}
    counts: dict[str, int] = {}
    for one in done:
        counts[one["op"]] = counts.get(one["op"], 0) + 1
    state["resources"], state["outputs"] = wanted["resources"], wanted["outputs"]
    kind = {"up": "update"}.get(command, command)
    state["history"].append({"kind": kind, "result": "succeeded", "resourceChanges": counts})
    say("Updating (" + args.stack + ")")
    return 0


def shown(value: Any, args: argparse.Namespace) -> Any:
    if isinstance(value, dict) and "fn::secret" in value:
        return value["fn::secret"] if args.show_secrets else SECRET
    return value


if __name__ == "__main__":
    sys.exit(main())
