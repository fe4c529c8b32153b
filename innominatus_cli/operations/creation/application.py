"""`new application`: a Score file and the program's files, from a template."""

import re
from typing import Final

from innominatus_cli.documents.globs import matches
from innominatus_cli.documents.repository import Repository
from innominatus_cli.operations.creation.allowing import refusals
from innominatus_cli.operations.creation.files import Creation, NewFile, modeline
from innominatus_cli.operations.creation.questions import (
    LABEL,
    Answer,
    Asked,
    Kind,
    Question,
    name,
    no_name,
    product_problem,
    said,
)
from innominatus_cli.operations.creation.templates import Flavour, Template, application_templates

_FOLDER: Final = "apps"
_LARGEST_PORT: Final = 65535
_SCHEDULE: Final = re.compile(r"[0-9*/,-]+( [0-9a-zA-Z*/,-]+){4}")


def _template(asked: Asked) -> Template:
    known = application_templates()
    return known.get(asked.text("template")) or next(iter(known.values()))


def _flavour(asked: Asked) -> Flavour:
    flavours = _template(asked).manifest.flavours
    return flavours.get(asked.text("language")) or next(iter(flavours.values()))


def _name_problem(asked: Asked, value: str) -> str:
    wrong = no_name(LABEL, value)
    if wrong:
        return wrong
    path = _application(asked.surroundings.repository, value)
    return "" if path in {None, _path(value)} else f"there is an application '{value}' already, in {path}"


def _application(repository: Repository, called: str) -> str | None:
    """The path of an application by its name; only files that hold the name are read as documents."""
    texts = ((path, repository.snapshot.read(path)) for path in repository.application_paths())
    paths = (path for path, data in texts if isinstance(data, bytes) and called.encode() in data)
    named = (
        path for path in paths for workload in repository.workloads(path) if workload.model.metadata.name == called
    )
    return next(named, None)


def _path(called: str) -> str:
    return f"{_FOLDER}/{called}/score.yaml"


def _default_product(asked: Asked) -> Answer:
    """The first product; one whose applications can be deployed before one whose workflows policies refuse."""
    products = asked.surroundings.products
    return tuple(sorted(products, key=lambda one: bool(refusals(asked.surroundings, one)))[:1])


def _port_problem(_asked: Asked, value: str) -> str:
    usable = value.isascii() and value.isdecimal() and 0 < int(value) <= _LARGEST_PORT
    return "" if usable else f"'{value}' is no port from 1 to {_LARGEST_PORT}"


def _schedule_problem(_asked: Asked, value: str) -> str:
    usable = _SCHEDULE.fullmatch(value)
    return "" if usable else f"'{value}' must be five fields like `0 3 * * *`"


def _make(asked: Asked) -> Creation:
    called, template, flavour = asked.text("name"), _template(asked), _flavour(asked)
    path = _path(called)
    program, text = template.program(asked.text("language"))
    port = asked.text("port")
    values = {
        "name": called,
        "product": asked.text("product"),
        "team": asked.text("team"),
        "image": asked.text("image"),
        "command": list(flavour.command),
        "cpu": asked.text("cpu"),
        "memory": asked.text("memory"),
        "port": int(port) if port.isdecimal() else None,
        "port-as-text": port,
        "program": flavour.program,
        "source": f"./{program}",
        "crontab": f"{asked.text('schedule')} {' '.join(flavour.command)} >/proc/1/fd/1 2>&1\n",
    }
    score = NewFile(path, modeline(path, "Workload") + template.score(values), "Workload")
    return Creation(
        (score, NewFile(f"{_FOLDER}/{called}/{program}", text)),
        remarks=tuple(_remarks(asked, path)),
        commands=(
            f"innominatus-ctl validate {path}",
            f"innominatus-ctl plan {path} --env {asked.surroundings.environments[0]}",
            f"innominatus-ctl deploy {path} --env {asked.surroundings.environments[0]}",
        ),
    )


def _remarks(asked: Asked, path: str) -> list[str]:
    globs = asked.surroundings.admin_config.applications
    found = any(matches(path, glob) for glob in globs)
    lists = ", ".join(globs)
    told = f"`validate` without a path looks for applications at {lists}: {path} is not among them."
    remarks = [] if found else [told]
    product, others = asked.text("product"), len(asked.surroundings.products) > 1
    if product and others:  # it may be a default that nobody chose
        remarks.append(f"Its product is '{product}' (`--product` names another one).")
    refused = refusals(asked.surroundings, product) if product else []
    if refused:
        remarks.append("Policies will refuse to deploy it, until the platform team allows what its product brings:")
        remarks += [f"  {one}." for one in refused]
    return remarks


APPLICATION: Final = Kind(
    "application",
    "An application: a Score file and a first program, from a template.",
    r"""Write an application: a Score file and a first program, from a template.

    Templates: web-service, worker, static-site, api-with-database, scheduled-job. What comes out can be deployed as it
    is: the program is mounted into a stock image until there is an image of your own.

    \b
    Examples:
      innominatus-ctl new application
      innominatus-ctl new application web-shop --template web-service --language go --product storefront
      innominatus-ctl new application reports --template scheduled-job --schedule "0 3 * * *" --memory 256Mi
    """,
    (
        name("Its name", "hello", _name_problem)._replace(
            default=lambda asked: (asked.surroundings.folder_name(LABEL),)
        ),
        Question(
            "product",
            "The product that it belongs to",
            _default_product,
            product_problem,
            choices=lambda asked: asked.surroundings.products,
            applies=lambda asked: bool(asked.surroundings.products or asked.answers.get("product")),
            at=("/metadata/product",),
            optional=True,
        ),
        Question(
            "template",
            "What it is",
            lambda _asked: ("web-service",),
            choices=lambda _asked: [*sorted(application_templates(), key=lambda one: one != "web-service")],
        ),
        Question(
            "language",
            "What its program is written in",
            lambda asked: tuple(_template(asked).manifest.flavours)[:1],
            choices=lambda asked: list(_template(asked).manifest.flavours),
            shown="node|python|go|java|html",
        ),
        Question(
            "image",
            "The image of its container",
            lambda asked: (_flavour(asked).image,),
            said,
            at=("/containers",),
        ),
        Question(
            "port",
            "The port that the program listens on",
            lambda asked: (str(_template(asked).manifest.port),),
            _port_problem,
            applies=lambda asked: _template(asked).manifest.port is not None,
        ),
        Question(
            "schedule",
            "When it runs: the five fields of a crontab",
            lambda asked: (str(_template(asked).manifest.schedule),),
            _schedule_problem,
            applies=lambda asked: _template(asked).manifest.schedule is not None,
        ),
        Question(
            "cpu",
            "The most CPU that it gets, like 500m",
            lambda asked: (_flavour(asked).cpu,),
            at=("/containers",),
        ),
        Question(
            "memory",
            "The most memory that it gets, like 256Mi",
            lambda asked: (_flavour(asked).memory,),
            at=("/containers",),
        ),
        Question(
            "team",
            "The team that people ask about it",
            lambda asked: (asked.surroundings.owner_of(asked.text("product")),),
            said,
            at=("/metadata/team",),
        ),
    ),
    _make,
)
