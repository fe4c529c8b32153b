"""`new provider`: a folder with the workflow that makes a type of resource."""

from typing import Final

from innominatus_cli.operations.creation.files import Creation, new_document
from innominatus_cli.operations.creation.first_steps import reusable_workflow
from innominatus_cli.operations.creation.questions import (
    Asked,
    Kind,
    Question,
    doing,
    name,
    name_problem,
    owner,
    version,
)

_API: Final = "workflow.dev/v1"


def _make_provider(asked: Asked) -> Creation:
    called, resource = asked.text("name"), asked.text("resource-type")
    folder = f"{asked.surroundings.workflows_root}/providers/{called}"
    workflow = f"provision-{resource}"
    data = {
        "apiVersion": _API,
        "kind": "Provider",
        "metadata": {
            "name": called,
            "version": asked.text("version"),
            "description": asked.text("description"),
            "owner": asked.text("owner"),
        },
        "capabilities": {
            "resourceTypeCapabilities": [{"type": resource, "operations": {"create": {"workflow": workflow}}}]
        },
        "workflows": [
            {
                "name": workflow,
                "file": f"./{workflow}.yaml",
                "version": asked.text("version"),
                "category": "provisioner",
                "operation": "create",
            }
        ],
    }
    entry = f"- {{name: {called}, type: filesystem, path: {folder}, enabled: true}}"
    remarks = (
        "Add a workflow for `delete`, which `undeploy-app` calls; without one its resources stay.",
        f"The platform team switches it on with the entry `{entry}` under `providers` in admin-config.yaml.",
    )
    files = (
        new_document(f"{folder}/provider.yaml", "Provider", data),
        *reusable_workflow(asked, folder, workflow, f"Makes one resource of the type {resource}"),
    )
    return Creation(files, remarks=remarks, commands=(f"innominatus-ctl validate {folder}",))


PROVIDER: Final = Kind(
    "provider",
    "A provider: workflows that make a type of resource.",
    r"""Write a provider: a folder with the workflow that makes a type of resource.

    \b
    Examples:
      innominatus-ctl new provider
      innominatus-ctl new provider databases --resource-type postgres --owner database-team
    """,
    (
        name("Its name, and its folder's", "databases", name_problem),
        Question(
            "resource-type",
            "The type of resource that it makes, as Score files name it",
            lambda _asked: ("postgres",),
            name_problem,
            at=("/capabilities",),
            required=True,
        ),
        doing("What it provides, in one sentence", "Provides"),
        owner(),
        version(),
    ),
    _make_provider,
)
