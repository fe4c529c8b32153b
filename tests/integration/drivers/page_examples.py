"""The examples of the pages of step types, which tests run as they stand."""

import re
from pathlib import Path
from typing import Any

import yaml

PAGES = Path(__file__).resolve().parents[3] / "docs" / "reference" / "step-types"


def blocks(step_type: str, language: str) -> list[str]:
    """The blocks of that language on a step type's page, in order."""
    text = (PAGES / f"{step_type}.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def steps(step_type: str) -> list[dict[str, Any]]:
    """The steps of the page's first example."""
    found = yaml.safe_load(blocks(step_type, "yaml")[0])
    assert isinstance(found, list)
    return found
