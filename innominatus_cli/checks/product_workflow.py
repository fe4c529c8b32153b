"""Rules over product workflows."""

from collections.abc import Iterator

from innominatus_cli.checks.facts import Facts, spoken_rules
from innominatus_cli.checks.identities import product_identity
from innominatus_cli.checks.placement import check_product_name
from innominatus_cli.checks.tier_workflow import metadata_place
from innominatus_cli.documents.nodes import Document
from innominatus_cli.findings.catalogue import policy
from innominatus_cli.findings.catalogue import workflow as codes
from innominatus_cli.findings.finding import Finding, Related
from innominatus_cli.findings.near_names import did_you_mean, near_names


def product_folder(path: str) -> str | None:
    """The product whose folder a file is in: `products/<product>/<file>`; None elsewhere."""
    parents = path.split("/")[:-1]
    return parents[-1] if len(parents) > 1 and parents[-2] == "products" else None


def check_product(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2006, ORC-2007: the workflow says its product, and it is the one whose folder it is in."""
    metadata = document.mapping.mapping("metadata")
    product, folder = metadata.text("product"), product_folder(document.path)
    if "product" not in metadata.values or product == "":
        remedy = f"Add `product: {folder}` under `metadata`." if folder else ""
        yield Finding(codes.MISSING_PRODUCT, "the workflow names no product", metadata_place(document), remedy)
    elif product is not None and folder is not None and product != folder:
        message = f"product '{product}' is not the folder's, which is '{folder}'"
        yield Finding(codes.PRODUCT_IS_NOT_FOLDER, message, document.place(metadata.get("product")))


def check_allowed(document: Document, facts: Facts) -> Iterator[Finding]:
    """ORC-4023: the workflow is on every list of allowed ones."""
    wanted = product_identity(document)
    for rule in spoken_rules(facts, "allowedProductWorkflows"):
        if wanted and wanted not in rule.names():
            message = f"'{wanted}' is not in allowedProductWorkflows"
            place = document.place(document.mapping.mapping("metadata").get("name"))
            near = near_names(wanted, rule.names(), len(rule.names()))
            hint = did_you_mean(wanted, [name for name in near if not _exists(name, facts)])
            remedy = f"{policy.NOT_ON_ALLOW_LIST.remedy} The list has a near name: {hint}" if hint else ""
            related = (Related("the list is here", rule.place),)
            yield Finding(policy.NOT_ON_ALLOW_LIST, message, place, remedy, related)


def _exists(name: str, facts: Facts) -> bool:
    return facts.workflows is not None and name in facts.workflows()


def check_step_config_written(document: Document, _facts: Facts) -> Iterator[Finding]:
    """ORC-2022: a step says its inputs."""
    for step in document.mapping.mapping("spec").mappings("steps"):
        if step.get("config") is None and step.get("with") is None and step.text("type") != "workflow":
            message = f"step '{step.text('name') or ''}' has no config"
            yield Finding(codes.MISSING_STEP_CONFIG, message, document.place(step.get("name") or step))


RULES = (check_product, check_product_name, check_allowed, check_step_config_written)
