"""Makes docs/reference/findings.md of catalogue and cases: `python -m innominatus_cli.reports.findings_page`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import Code

BLOCKS = {
    "1": "Documents: text and shape",
    "2": "Workflows, golden paths, policies, providers and Score files",
    "3": "Plans",
    "4": "Policies",
    "5": "Execution",
    "6": "The ledger and git",
    "7": "Engines",
    "8": "The catalogue",
    "9": "Bugs of the tool",
}
_LONGEST_EXAMPLE = 14
_PROMPT = "$ "
"""What the expected output of a case begins with that runs another command than `validate`."""
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


def findings_page(cases: Path) -> str:
    """The page's text. `cases` is the folder of cases whose first files are shown as examples, tests/cases/err."""
    codes = every_code().values()
    example = (cases / "2001-duplicate-step-name.out").read_text(encoding="utf-8").rpartition("1 file checked")[0]
    parts = [_HEAD.format(example=example), _contents(list(codes))]
    for digit, title in BLOCKS.items():
        block = [code for code in codes if code.number[4] == digit]
        if block:
            parts.append(f"## ORC-{digit}xxx · {title}\n")
            parts += [_section(code, cases) for code in block]
    return "\n".join(parts)


def _contents(codes: list[Code]) -> str:
    rows = [f"| [{code.number}](#{code.number.lower()}) | {code.severity} | {_cell(code.title)} |\n" for code in codes]
    return f"## All codes\n\n| code | severity | what it says |\n| --- | --- | --- |\n{''.join(rows)}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _section(code: Code, cases: Path) -> str:
    status = f" · exit status {int(code.exit_status)}" if code.exit_status is not ExitStatus.FINDINGS else ""
    lines = [
        f'<a id="{code.number.lower()}"></a>\n',
        f"### {code.number} · {code.title}\n",
        f"*{code.severity}{status}*\n",
        f"{code.detail}\n" if code.detail else "",
        f"**What to do:** {code.remedy}\n",
        _example(code, cases),
    ]
    return "\n".join(line for line in lines if line)


def _example(code: Code, cases: Path) -> str:
    """The first case of the code: the file (of a case that is one, and short) and what `validate` says of it."""
    expected = next(iter(sorted(cases.glob(f"{code.number.removeprefix('ORC-')}-*.out"))), None)
    if expected is None:
        return ""
    text = expected.read_text(encoding="utf-8")
    if text.startswith(_PROMPT):
        command, _, told = text.removeprefix(_PROMPT).partition("\n")
        shown = "".join(_blocks(told, code.number))
        return f"`{command}` says, for example:\n\n```text\n{shown}```\n"
    said = text.strip("\n").rpartition("\n")[0]
    shown = f"```text\n{said}\n```\n"
    source = expected.with_suffix(".yaml")
    text = _readable(source.read_bytes()) if source.is_file() else ""
    if 0 < text.count("\n") <= _LONGEST_EXAMPLE:
        return f"With this file:\n\n```yaml\n{text}```\n\n`innominatus-ctl validate` says:\n\n{shown}"
    return f"`innominatus-ctl validate` says, for example:\n\n{shown}"


def _blocks(told: str, number: str) -> Iterator[str]:
    """The lines of the findings of a code: their heads, and what is indented below them."""
    inside = False
    for line in told.splitlines(keepends=True):
        inside = f" {number}: " in line or (inside and line.startswith(" "))
        if inside:
            yield line


def _readable(data: bytes) -> str:
    """The text of a case; nothing for one that holds what no page should."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    plain = all(char.isprintable() or char == "\n" for char in text)
    return text if plain and all(len(line) < 120 for line in text.split("\n")) else ""  # noqa: PLR2004 - a page's width


def main() -> int:
    """Writes the page of this checkout."""
    root = Path(__file__).resolve().parents[2]
    page = root / "docs" / "reference" / "findings.md"
    page.write_text(findings_page(root / "tests" / "cases" / "err"), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
