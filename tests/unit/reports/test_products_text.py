from typing import Any

from innominatus_cli.reports.listing import listing_text
from innominatus_cli.reports.products import (
    grouped_workflows,
    grouped_workflows_text,
    products_listing,
    workflow_text,
    workflows_listing,
)


def workflow(name: str, **more: Any) -> dict[str, Any]:
    metadata = {"description": "", "owner": "", "phase": "deployment"}
    return {
        "name": name,
        "file": f"{name}.yaml",
        "metadata": metadata,
        "triggers": ["manual"],
        "step_count": 1,
        "allowed": True,
        "reason": "",
        **more,
    }


def test_a_product_that_is_not_allowed_says_why() -> None:
    product = {"product": "a", "workflow_count": 2, "allowed_count": 0, "allowed": False, "reason": "not listed"}
    assert listing_text(products_listing([product]), "table").splitlines()[2].split("  ")[-1].strip() == (
        "No (not listed)"
    )


def test_the_page_of_grouped_workflows_counts_across_products() -> None:
    groups = [("a", [workflow("one"), workflow("two")]), ("b", []), ("c", [workflow("three"), workflow("four")])]
    page = grouped_workflows(groups, limit=2, offset=1)
    assert [(product, [one["name"] for one in found]) for product, found in page] == [("a", ["two"]), ("c", ["three"])]


def test_without_products_a_sentence_is_printed_and_json_stays_json() -> None:
    assert grouped_workflows_text([], "table") == "There are no product workflows.\n"
    empty = '{\n  "schema": "innominatus.dev/product-workflows/v1",\n  "products": []\n}\n'
    assert grouped_workflows_text([], "json") == empty


def test_a_template_is_rendered_for_each_workflow_of_each_product() -> None:
    groups = [("a", [workflow("one")]), ("b", [workflow("two")])]
    assert grouped_workflows_text(groups, "template={{ name }}") == "one\ntwo\n"


def test_wide_tables_have_the_columns_that_narrow_ones_leave_out() -> None:
    listing = workflows_listing("a", [workflow("one")])
    assert "Triggers" not in listing_text(listing, "table")
    assert "manual" in listing_text(listing, "wide")


def test_what_a_repository_wrote_reaches_the_terminal_without_control_characters() -> None:
    shown = workflow_text(
        workflow(
            "one",
            identity="a/one",
            kind="ProductWorkflow",
            line=1,
            steps=[{"name": "x\x1b[2J", "type": "script", "needs": [], "allowed": False}],
            content="name: \x1b]0;title\x07\n",
        )
    )
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "type not allowed" in shown
