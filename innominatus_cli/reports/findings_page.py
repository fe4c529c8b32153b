"""Makes docs/reference/findings.md of catalogue and cases: `python -m innominatus_cli.reports.findings_page`.

It writes the examples that are part of the package too (`code_examples`).
"""

import sys
from pathlib import Path

from innominatus_cli.findings.blocks import BLOCKS, block_of
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code
from innominatus_cli.reports.code_examples import KEPT, Example, examples_of, kept_text

_HEAD_OF = "ORC-2001"
"""The code whose example shows how a finding is told."""
_HEAD = """\
# Findings

<!-- Made by `python -m innominatus_cli.reports.findings_page` from innominatus_cli/findings/catalogue and tests/cases.
     Change those, not this page. -->

Everything that `innominatus-ctl` finds wrong has a code, a place and a remedy:

```text
{example}```

The first line is `path:line:column: severity code: message`; lines and columns count from 1, columns in characters.
Then comes the line of the file with a mark below what is meant, other places that matter, and what to do about it.
`-o json` and `-o yaml` give the same as data (`"schema": "innominatus.dev/findings/v1"`).

An **error** makes a command fail with the exit status that its section names; `validate` always answers with 1. A
**warning** does so only with `--strict`. An **info** never does. Numbers are never used again for something else.
[Exit statuses](exit-statuses.md) lists what else a command may answer.
"""


def findings_page(examples: dict[str, Example]) -> str:
    """The page's text, with the examples of the codes by their numbers."""
    codes = every_code().values()
    parts = [_HEAD.format(example=examples[_HEAD_OF].says), _contents(list(codes))]
    for block in BLOCKS:
        own = [code for code in codes if block_of(code) is block]
        if own:
            parts.append(f"## ORC-{block.digit}xxx · {block.title}\n")
            parts += [_section(code, examples.get(code.number)) for code in own]
    return "\n".join(parts)


def _contents(codes: list[Code]) -> str:
    rows = [f"| [{code.number}](#{code.number.lower()}) | {code.severity} | {_cell(code.title)} |\n" for code in codes]
    return f"## All codes\n\n| code | severity | what it says |\n| --- | --- | --- |\n{''.join(rows)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(code: Code, example: Example | None) -> str:
    status = f" · exit status {int(code.exit_status)}" if code.exit_status is not ExitStatus.FINDINGS else ""
    lines = [
        f'<a id="{code.number.lower()}"></a>\n',
        f"### {code.number} · {code.title}\n",
        f"*{code.severity}{status}*\n",
        f"{code.detail}\n" if code.detail else "",
        f"**What to do:** {code.remedy}\n",
        "" if example is None else _shown(example),
    ]
    return "\n".join(line for line in lines if line)


def _shown(example: Example) -> str:
    said = f"```text\n{example.says}```\n"
    if example.source:
        return f"With this file:\n\n```yaml\n{example.source}```\n\n`{example.command}` says:\n\n{said}"
    return f"`{example.command}` says, for example:\n\n{said}"


def main() -> int:
    """Writes the page and the examples of this checkout."""
    root = Path(__file__).resolve().parents[2]
    examples = examples_of(root / "tests" / "cases" / "err")
    (root / "docs" / "reference" / "findings.md").write_text(findings_page(examples), encoding="utf-8")
    KEPT.write_text(kept_text(examples), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
