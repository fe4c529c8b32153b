"""What a shell is offered for an argument: files, and the names that the repository around it knows."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from innominatus_cli.documents.repository import Repository
    from innominatus_cli.operations.creation.questions import Question
    from innominatus_cli.provisioners.choice import Choice

Offer: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG001
    """The shell's own completion of paths."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only completion needs it

    return [CompletionItem(incomplete, type="file")]


def codes(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG001
    """The codes of findings, each with its title; numbers alone for somebody who types a number."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    from innominatus_cli.findings.catalogue import every_code  # noqa: PLC0415

    numbers = {
        one.number.removeprefix("ORC-") if incomplete.isdecimal() else one.number: one for one in every_code().values()
    }
    return [
        CompletionItem(name, help=one.title) for name, one in numbers.items() if name.startswith(incomplete.upper())
    ]


def codes_or_applications(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Codes of findings; applications where no code fits, and paths where neither does."""
    return codes(ctx, param, incomplete) or applications(ctx, param, incomplete) or files(ctx, param, incomplete)


def scores_or_applications(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Applications; paths where none fits."""
    return applications(ctx, param, incomplete) or files(ctx, param, incomplete)


def schemas(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":  # noqa: ARG001
    """The names of schemas."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415

    from innominatus_cli.documents.schemas import schema_names  # noqa: PLC0415

    return [CompletionItem(name) for name in schema_names() if name.startswith(incomplete)]


def _names(known: "Callable[[Repository], Iterable[str]]", *, or_files: bool = False) -> Offer:
    """Offers the names that `known` finds, in its order; paths too where none fits and a file may be meant."""

    def offer(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
        from pathlib import Path  # noqa: PLC0415 - the commands that begin fast import this module

        from click.shell_completion import CompletionItem  # noqa: PLC0415

        from innominatus_cli.operations.opening import open_repository  # noqa: PLC0415

        directory: Any = ctx.find_root().params.get("directory")
        try:
            names = list(dict.fromkeys(known(open_repository(Path(directory) if directory else None))))
        except Exception:  # noqa: BLE001 - a half-typed line is no place for an error
            names = []
        found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
        return files(ctx, param, incomplete) if or_files and not found else found

    return offer


def _environments(repository: "Repository") -> Iterator[str]:
    admin = repository.admin_config()
    if admin is not None:
        yield from admin.model.environments
        yield from admin.model.policies.allowed_environments or ()


def _golden_paths(repository: "Repository") -> Iterator[str]:
    from innominatus_cli.documents.organizations import organization_of_path, with_organization  # noqa: PLC0415
    from innominatus_cli.planning.golden_paths import BUILT_IN  # noqa: PLC0415

    yield from dict.fromkeys(
        with_organization(organization_of_path(path.document.path), path.model.metadata.name)
        for path in repository.every_golden_path()
    )
    yield from BUILT_IN


def _workflows(repository: "Repository") -> Iterator[str]:
    yield from (workflow.model.metadata.name for workflow in repository.platform_workflows())
    yield from _product_workflows(repository)


def _product_workflows(repository: "Repository") -> Iterator[str]:
    from innominatus_cli.documents.organizations import with_organization  # noqa: PLC0415

    for organization in ("", *repository.organizations()):
        for product in repository.products(organization):
            for workflow in repository.product_workflows(product, organization):
                yield with_organization(organization, f"{product}/{workflow.model.metadata.name}")


def _runnable(repository: "Repository") -> Iterator[str]:
    yield from _golden_paths(repository)
    yield from _workflows(repository)


def _applications(repository: "Repository") -> Iterator[str]:
    from innominatus_cli.operations.history import applications, open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.opening import root_of  # noqa: PLC0415

    yield from (row["application"] for row in applications(open_ledger(root_of(repository))).rows)


def _runs(repository: "Repository") -> Iterator[str]:
    from innominatus_cli.operations.history import history, open_ledger  # noqa: PLC0415
    from innominatus_cli.operations.opening import root_of  # noqa: PLC0415

    yield "latest"
    yield from (row["run"] for row in history(open_ledger(root_of(repository))).rows)


def _runs_or_applications(repository: "Repository") -> Iterator[str]:
    yield from _applications(repository)
    yield from _runs(repository)


def choices(question: "Question") -> Offer:
    """Offers what an answer to a question of `new` may be: products, templates, step types, phases."""

    def known(repository: "Repository") -> Iterable[str]:
        from innominatus_cli.operations.creation.questions import Asked  # noqa: PLC0415
        from innominatus_cli.operations.creation.surroundings import Surroundings  # noqa: PLC0415

        return question.choices(Asked(Surroundings(repository), {}))

    return _names(known)


def _workflow_sources(repository: "Repository") -> Iterator[str]:
    admin = repository.admin_config()
    yield from (source.name for source in (admin.model.workflow_sources if admin else ()))


def _choices_of(repository: "Repository") -> "Iterable[Choice]":
    from innominatus_cli.provisioners.registry import registry_of  # noqa: PLC0415

    return registry_of(repository).choices


def _resource_types(repository: "Repository") -> Iterator[str]:
    yield from sorted({one.type for one in _choices_of(repository)})


def _provisioners(repository: "Repository") -> Iterator[str]:
    yield from sorted({one.name for one in _choices_of(repository)})


def resources(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The resources of the application that is typed before."""

    def known(repository: "Repository") -> Iterable[str]:
        from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
        from innominatus_cli.operations.opening import root_of  # noqa: PLC0415
        from innominatus_cli.operations.resources.recorded import recorded_resources  # noqa: PLC0415

        store = open_ledger(root_of(repository)).store
        return [row.name for row in recorded_resources(store, ctx.params.get("application"), None)]

    return _names(known)(ctx, param, incomplete)


def workloads(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The workloads of the application that is typed before, as its last deployment has them."""

    def known(repository: "Repository") -> Iterable[str]:
        from innominatus_cli.operations.history import open_ledger  # noqa: PLC0415
        from innominatus_cli.operations.opening import root_of  # noqa: PLC0415
        from innominatus_cli.operations.resources.workloads import workloads_of  # noqa: PLC0415

        ledger, application = open_ledger(root_of(repository)), ctx.params.get("application") or ""
        return [one.name for one in workloads_of(ledger, application, ctx.params.get("environment"))]

    return _names(known)(ctx, param, incomplete)


environments = _names(_environments)
runnable = _names(_runnable, or_files=True)
workflows = _names(_workflows, or_files=True)
product_workflows = _names(_product_workflows, or_files=True)
products = _names(lambda repository: repository.products())
applications = _names(_applications)
runs = _names(_runs)
runs_or_applications = _names(_runs_or_applications)
workflow_sources = _names(_workflow_sources)
resource_types = _names(_resource_types)
provisioners = _names(_provisioners)
