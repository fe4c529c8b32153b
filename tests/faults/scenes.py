"""Repositories whose runs are killed, and what their steps leave behind, so that anybody can count what really ran.

Every step appends its id, and the run that it belongs to, to `effects` in its state folder before it does anything.
"""

import base64
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

EFFECT = 'echo "$INNOMINATUS_RUN $INNOMINATUS_STEP" >> "$INNOMINATUS_STATE_DIR/effects"'
SECRET = "Kq7-zT9w-x2Lm-canary"  # noqa: S105 - made up
SECRET_VARIABLE = "SHOP_KEY"  # noqa: S105 - its name
SECRET_FORMS = {
    "it is": SECRET.encode(),
    "hex": SECRET.encode().hex().encode(),
    "base64": base64.b64encode(SECRET.encode()),
}
TELLS = 'printf "%s\\n" "$KEY" "$(printf %s "$KEY" | od -An -tx1 | tr -d " \\n")" "$(printf %s "$KEY" | base64)"'
"""A line of a script that says the secret in each of these forms."""
CONFIG = "limits: {{maxParallel: {parallel}}}\nsecrets:\n  key: {{store: env, env: SHOP_KEY}}\n{more}"
LOOKING = (("validate",), ("ledger", "verify"))
"""Commands that start nothing but git; `plan` too, which costs more: test_hostile_input.py watches it."""
SCORE = "apiVersion: score.dev/v1b1\nmetadata: {name: shop}\ncontainers:\n  web: {image: 'nginx:1.27'}\n"
GOLDEN_PATH = (
    "apiVersion: workflow.dev/v1\nkind: GoldenPath\nmetadata: {name: deploy-app}\n"
    "spec: {operation: deploy, workflow: workflows/deploy.yaml}\n"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository, and the words of the command that is killed in it."""

    name: str
    files: Mapping[str, str]
    command: tuple[str, ...] = ("run", "deploy-app", "score.yaml")
    on: tuple[str, ...] = ("resume", "latest")
    """How a person goes on where it was killed."""
    first: tuple[tuple[str, ...], ...] = ()
    """Commands that run before, to whatever end."""
    takes_back: bool = False
    """Whether everything that ran is to be taken back at the end."""
    once: bool = False
    """Whether no step ever runs twice and no person is asked, wherever it is killed."""

    def make(self, folder: Path) -> Path:
        """The repository, committed."""
        for path, text in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        for argv in (
            ["init", "-q", "-b", "main"],
            ["config", "user.name", "Ada"],
            ["config", "user.email", "ada@shop.example"],
            ["add", "--all"],
            ["commit", "-q", "-m", "A repository"],
        ):
            subprocess.run(["git", *argv], cwd=folder, check=True)
        return folder


def step(name: str, *lines: str, **more: str) -> str:
    """A script step that says that it ran."""
    script = "\n".join(f"          {line}" for line in (EFFECT, *lines))
    settings = "".join(f"      {key}: {value}\n" for key, value in more.items())
    head = f"    - name: {name}\n      type: script\n      timeout: 1m\n"
    return f"{head}{settings}      config:\n        script: |\n{script}\n"


def workflow(*steps: str, cleanup: str = "") -> str:
    """A workflow of these steps."""
    last = f"  finally:\n{cleanup}" if cleanup else ""
    return (
        "apiVersion: workflow.dev/v1\nkind: Workflow\nmetadata: {name: deploy}\nspec:\n"
        f"  outputs: {{said: '${{steps.say.outputs.word}}'}}\n  steps:\n{''.join(steps)}{last}"
    )


KEY = "{KEY: '${secrets.key}'}"
CHAIN = Scene(
    "chain",
    {
        "admin-config.yaml": CONFIG.format(parallel=2, more=""),
        "score.yaml": SCORE,
        "workflows/golden-paths/deploy-app.yaml": GOLDEN_PATH,
        "workflows/deploy.yaml": workflow(
            step("say", "echo OUTPUT_word=hello", outputs="[word]", idempotency="convergent"),
            step("hear", 'test "$WORD" = hello', env="{WORD: '${steps.say.outputs.word}'}"),
            step("rest", TELLS, env=KEY, idempotency="convergent"),
        ),
    },
)
WIDE = Scene(
    "wide",
    {
        "admin-config.yaml": CONFIG.format(parallel=3, more=""),
        "score.yaml": SCORE,
        "workflows/golden-paths/deploy-app.yaml": GOLDEN_PATH,
        "workflows/deploy.yaml": workflow(
            step("say", "echo OUTPUT_word=hello", outputs="[word]", idempotency="convergent", dependsOn="[]"),
            step("left", TELLS, env=KEY, dependsOn="[]", idempotency="convergent"),
            step("wrong", "exit 3", dependsOn="[]", retry="{attempts: 2, delay: 0}"),
            step("behind", dependsOn="[wrong]"),
            step("other", dependsOn="[say, left]"),
            cleanup=step("tidy", idempotency="convergent"),
        ),
    },
)
AGAIN = Scene(
    "again",
    {
        **CHAIN.files,
        "workflows/deploy.yaml": workflow(
            step("say", "echo OUTPUT_word=hello", outputs="[word]", idempotency="convergent"),
            step("once", 'test -e "$INNOMINATUS_STATE_DIR/good" || { touch "$INNOMINATUS_STATE_DIR/good"; exit 1; }'),
            step("rest", TELLS, env=KEY, idempotency="convergent"),
        ),
    },
    command=("resume", "latest"),
    first=(("run", "deploy-app", "score.yaml"),),
)
RAN = '{script: \'echo OUTPUT_word=hello; grep -qs " $INNOMINATUS_STEP$" "$INNOMINATUS_STATE_DIR/effects" || exit 1\'}'
BRANCH = Scene(
    "branch",
    {
        **CHAIN.files,
        "admin-config.yaml": CONFIG.format(parallel=2, more="ledger: {store: branch}\n"),
        "workflows/deploy.yaml": workflow(
            step("say", "echo OUTPUT_word=hello", outputs="[word]", probe=RAN),
            step("hear", 'test "$WORD" = hello', env="{WORD: '${steps.say.outputs.word}'}", probe=RAN),
            step("rest", TELLS, env=KEY, probe=RAN),
        ),
    },
    once=True,
)
"""The ledger on an orphan branch, and steps whose probes say whether they ran: each runs once, and nobody is asked."""
PROBED = Scene("probed", {**BRANCH.files, "admin-config.yaml": CONFIG.format(parallel=2, more="")}, once=True)
"""The same with the ledger in the working tree."""
BACK = f"{{script: '{EFFECT}', env: {KEY}}}"
UNDO = Scene(
    "undo",
    {
        **CHAIN.files,
        "workflows/deploy.yaml": workflow(
            step("say", "echo OUTPUT_word=hello", outputs="[word]", rollback=BACK),
            step("hear", rollback=BACK),
            step("rest", rollback=BACK),
        ),
    },
    command=("rollback", "shop"),
    on=("rollback", "shop"),
    first=(("run", "deploy-app", "score.yaml"),),
    takes_back=True,
)
SCENES = (CHAIN, WIDE, AGAIN, BRANCH, UNDO)


def prepared(scene: Scene, folder: Path) -> Path:
    """The repository, and what is to have run in it before."""
    scene.make(folder)
    environment = {**os.environ, SECRET_VARIABLE: SECRET}
    for words in scene.first:
        subprocess.run(
            [sys.executable, "-m", "innominatus_cli", *words],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
        )
    return folder
