"""What documents are known by, and which of them deployments use."""

from innominatus_cli.documents.nodes import Document, ScalarNode
from innominatus_cli.documents.organizations import below_root, organization_of_path, with_organization


def product_identity(document: Document) -> str:
    """`<product>/<name>` of a product workflow, in its organisation; empty where one of the two is missing."""
    metadata = document.mapping.mapping("metadata")
    product, name = metadata.text("product"), metadata.text("name")
    return with_organization(organization_of_path(document.path), f"{product}/{name}" if product and name else "")


def identity_of(document: Document) -> str:
    """What the document is known by in its kind; empty where its name is missing, or names it not."""
    metadata = document.mapping.mapping("metadata")
    name = metadata.text("name") or ""
    match document.kind:
        case "ProductWorkflow":
            return product_identity(document)
        case "GoldenPath":
            version = metadata.get("version")
            versioned = name and f"{name}@{version.text if isinstance(version, ScalarNode) else '1.0.0'}"
            return with_organization(organization_of_path(document.path), versioned)
        case "PlatformWorkflow" | "StepType":
            return with_organization(organization_of_path(document.path), name)
        case "Provider":
            return name
        case _:
            return ""


def is_newer(one: Document, other: Document) -> bool:
    """Whether a document's version is the newer one of two; one without a version stays where it is."""
    from innominatus_cli.documents.versions import best_of  # noqa: PLC0415 - few names have several versions

    nodes = [document.mapping.mapping("metadata").get("version") for document in (other, one)]
    return best_of([node.text if isinstance(node, ScalarNode) else "" for node in nodes], "") == 1


def is_in_force(document: Document, root: str) -> bool:
    """Whether deployments use the document: tier workflows count only in the folders of the workflows root."""
    if document.kind not in {"PlatformWorkflow", "ProductWorkflow"}:
        return document.kind != "Provider"
    folder = below_root(document.path.rpartition("/")[0], root) or ""
    return folder == "platform" if document.kind == "PlatformWorkflow" else folder.rpartition("/")[0] == "products"
