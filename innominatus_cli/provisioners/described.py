"""Types that published Score files use, for development on a bare machine.

`dns`, `service`, `service-port`, `endpoint` and `environment` say what is so anyway: a name that leads to this
machine, the address of another workload, variables of the environment. All others are *described*: the outputs have the
names and types of those of a real one, so that a workload can be rendered, and no server is started. Their passwords
guard nothing; they are derived from a key of the application and environment, and stay the same. Outside of development
a described type is refused when planning: there a provider has to make it.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from innominatus_cli.provisioners.contract import Provisioned, Provisioner, ResourceRequest
from innominatus_cli.provisioners.own_folder import OwnFolder

DEVELOPMENT: Final = frozenset({"development", "dev", "local", "test", "ci"})
"""The environments in which a described resource will do."""
_LARGEST_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class _Said:
    """A request, and what outputs are made of."""

    request: ResourceRequest

    @property
    def identity(self) -> str:
        return self.request.identity

    @property
    def host(self) -> str:
        """A name that leads to this machine (RFC 6761)."""
        plain = "".join(one if one.isalnum() or one == "-" else "-" for one in self.identity.lower()).strip("-")
        return f"{plain[:40] or self.request.type}.{self.request.application.lower()}.localhost"

    def param(self, name: str, default: object) -> Any:  # noqa: ANN401 - JSON data
        return self.request.params.get(name, default)

    def derived(self, purpose: str, length: int = 16) -> str:
        """A text that is the same in every run; may raise OSError."""
        return base64.b32encode(OwnFolder(self.request).derived(purpose)).decode().lower()[:length]


_Value = Callable[[_Said], Any]


class _Output(NamedTuple):
    meaning: str
    value: _Value


def _host(port: int, user: str) -> dict[str, _Output]:
    return {
        "host": _Output("A host name that leads to this machine.", lambda said: said.host),
        "port": _Output(f"The usual port, {port}.", lambda _said: port),
        "username": _Output("A user name.", lambda _said: user),
        "password": _Output("A password that guards nothing.", lambda said: said.derived("password")),
    }


_NAME: Final = {"name": _Output("The resource's name.", lambda said: said.identity)}


def _database(port: int, user: str) -> dict[str, _Output]:
    name = _Output("The name of a database.", lambda said: f"db_{said.derived('database', 8)}")
    return {"name": name, "database": name, **_host(port, user)}


def _url_of(protocol: str, port: int) -> _Value:
    return lambda said: f"{protocol}://app:{said.derived('password')}@{said.host}:{port}/"


_DESCRIBED: Final[Mapping[str, tuple[str, Mapping[str, str], Mapping[str, _Output]]]] = {
    "amqp": (
        "a message broker",
        {},
        {**_NAME, **_host(5672, "app"), "vhost": _Output("The virtual host.", lambda _said: "/")},
    ),
    "dapr-pubsub": ("a pub/sub component of Dapr", {}, _NAME),
    "dapr-state-store": ("a state store of Dapr", {}, _NAME),
    "dapr-subscription": (
        "a subscription of Dapr",
        {"pubsub": "The pub/sub component.", "topic": "The topic."},
        {
            **_NAME,
            "topic": _Output("The topic.", lambda said: said.param("topic", said.identity)),
            "pubsub": _Output("The pub/sub component.", lambda said: said.param("pubsub", "pubsub")),
        },
    ),
    "elasticsearch": ("a search server", {}, {**_NAME, **_host(9200, "elastic")}),
    "example-provisioner-resource": (
        "the example of Score's own documentation",
        {},
        {**_NAME, "plaintext": _Output("A text.", lambda _said: "my-value")},
    ),
    "gcp-pubsub-emulator": (
        "an emulator of Google Pub/Sub",
        {"project_id": "The project; `local-dev` where nothing is said."},
        {
            **_NAME,
            "host": _Output("A host name that leads to this machine.", lambda said: said.host),
            "port": _Output("The usual port, 8085.", lambda _said: 8085),
            "emulator_host": _Output("Host and port.", lambda said: f"{said.host}:8085"),
            "project_id": _Output("The project.", lambda said: said.param("project_id", "local-dev")),
        },
    ),
    "horizontal-pod-autoscaler": (
        "an autoscaler of Kubernetes",
        {
            "minReplicas": "The fewest copies.",
            "maxReplicas": "The most copies.",
            "targetCPUUtilizationPercentage": "The load that is aimed at.",
        },
        _NAME,
    ),
    "kafka-topic": (
        "a topic of Kafka",
        {"num_partitions": "How many partitions; 3 where nothing is said."},
        {
            "name": _Output("The topic.", lambda said: said.identity),
            "host": _Output("A host name that leads to this machine.", lambda said: said.host),
            "port": _Output("The usual port, 9092.", lambda _said: 9092),
            "num_partitions": _Output("How many partitions.", lambda said: said.param("num_partitions", 3)),
        },
    ),
    "llm-model": (
        "a language model behind an OpenAI-like API",
        {"model": "The model's name."},
        {
            **_NAME,
            "model": _Output("The model's name.", lambda said: said.param("model", "ai/smollm2")),
            "url": _Output("The API's address.", lambda said: f"http://{said.host}:12434/engines/v1/"),
            "api_key": _Output("A key that guards nothing.", lambda _said: "not-needed"),
        },
    ),
    "mongodb": (
        "a document database",
        {},
        {
            **_database(27017, "app"),
            "connection": _Output("A connection string.", _url_of("mongodb", 27017)),
        },
    ),
    "mssql": (
        "a database of SQL Server",
        {},
        {
            **_database(1433, "sa"),
            "server": _Output("A host name that leads to this machine.", lambda said: said.host),
            "connection": _Output(
                "A connection string.",
                lambda said: f"Server=tcp:{said.host},1433;User Id=sa;Password={said.derived('password')}",
            ),
        },
    ),
    "mysql": ("a database of MySQL", {}, _database(3306, "app")),
    "postgres": (
        "a database of PostgreSQL",
        {"extensions": "Extensions that the database is to have.", "version": "The version of the server."},
        _database(5432, "app"),
    ),
    "postgres-instance": ("a server of PostgreSQL", {"version": "The version."}, {**_NAME, **_host(5432, "postgres")}),
    "redis": ("a server of Redis", {}, {**_NAME, **_host(6379, "default")}),
    "s3": (
        "a bucket of object storage",
        {},
        {
            **_NAME,
            "bucket": _Output("The bucket.", lambda said: f"bucket-{said.derived('bucket', 10)}"),
            "endpoint": _Output("The address.", lambda said: f"http://{said.host}:9000"),
            "region": _Output("The region.", lambda _said: "us-east-1"),
            "access_key_id": _Output("A key that guards nothing.", lambda said: said.derived("access")),
            "secret_key": _Output("A key that guards nothing.", lambda said: said.derived("secret", 32)),
            "aws_access_key_id": _Output("`access_key_id` again.", lambda said: said.derived("access")),
            "aws_secret_key": _Output("`secret_key` again.", lambda said: said.derived("secret", 32)),
        },
    ),
    "sns-topic": (
        "a topic of SNS",
        {},
        {
            **_NAME,
            "arn": _Output("The topic's ARN.", lambda said: f"arn:aws:sns:us-east-1:000000000000:{said.identity}"),
            "region": _Output("The region.", lambda _said: "us-east-1"),
        },
    ),
    "sqs-queue": (
        "a queue of SQS",
        {},
        {
            **_NAME,
            "arn": _Output("The queue's ARN.", lambda said: f"arn:aws:sqs:us-east-1:000000000000:{said.identity}"),
            "url": _Output("The address.", lambda said: f"http://{said.host}:4566/000000000000/{said.identity}"),
            "region": _Output("The region.", lambda _said: "us-east-1"),
        },
    ),
}


def _port(said: _Said) -> int | str:
    return _as_port(said.param("port", 80))


def _as_port(port: object) -> int | str:
    """A number, or the name of a port; a text of digits is a number."""
    return int(port) if isinstance(port, str) and port.isdecimal() else port if isinstance(port, int) else str(port)


def _workload(said: _Said) -> str:
    return str(said.param("workload", said.param("name", said.request.name)))


_ANYWAY: Final[Mapping[str, tuple[str, Mapping[str, str], Mapping[str, _Output]]]] = {
    "dns": (
        "A host name that leads to this machine.",
        {},
        {
            **_NAME,
            "host": _Output("The host name.", lambda said: said.host),
            "url": _Output("The address.", lambda said: f"http://{said.host}"),
        },
    ),
    "endpoint": (
        "The address of an API of another workload.",
        {
            "port": "Its port; 80 where nothing is said.",
            "openapi_file": "The description of the API; not read.",
            "openapi_title": "Its title; not read.",
        },
        {
            **_NAME,
            "url": _Output("The address.", lambda said: f"http://{said.request.name}:{_port(said)}"),
        },
    ),
    "service": (
        "The address of another workload of the same namespace.",
        {
            "name": "The workload; the resource's name where nothing is said.",
            "port": "Its port; 80 where nothing is said.",
            "version": "Not read.",
            "artifacts": "Not read.",
        },
        {
            "name": _Output("The workload.", _workload),
            "url": _Output("The address.", lambda said: f"http://{_workload(said)}:{_port(said)}"),
        },
    ),
    "service-port": (
        "Host and port of another workload of the same namespace.",
        {"workload": "The workload.", "port": "The number or name of the port of its service."},
        {
            **_NAME,
            "hostname": _Output("The workload's service.", _workload),
            "port": _Output("The port.", _port),
        },
    ),
    "workload-port": (
        "`service-port` by its older name.",
        {"workload": "The workload.", "port": "The number or name of the port of its service."},
        {
            **_NAME,
            "hostname": _Output("The workload's service.", _workload),
            "port": _Output("The port.", _port),
        },
    ),
}


def _created(request: ResourceRequest, outputs: Mapping[str, _Output], message: str) -> Provisioned:
    said = _Said(request)
    try:
        found = {name: one.value(said) for name, one in outputs.items()}
    except OSError as wrong:
        return Provisioned(problem=f"the key of its outputs cannot be read: {wrong.strerror}")
    port = found.get("port")
    if isinstance(port, int) and not 0 < port <= _LARGEST_PORT:
        return Provisioned(problem=f"port '{port}' is no port")
    return Provisioned(found, message=message)


def _removed(request: ResourceRequest) -> Provisioned:
    return Provisioned({"name": request.identity})


def _provisioner(
    kind: str, summary: str, params: Mapping[str, str], outputs: Mapping[str, _Output], message: str
) -> Provisioner:
    return Provisioner(
        type=kind,
        summary=summary,
        outputs={name: one.meaning for name, one in outputs.items()},
        create=lambda request: _created(request, outputs, message),
        delete=_removed,
        undo=_removed,
        params=params,
        described=bool(message),
    )


def _environment(request: ResourceRequest) -> Provisioned:
    """Variables that admin-config.yaml allows; they are read by name, and none of them is recorded."""
    values = {name: value for name, value in request.env.items() if not name.startswith("INNOMINATUS_")}
    return Provisioned({**values, "name": request.identity})


ENVIRONMENT: Final = Provisioner(
    type="environment",
    summary="Variables of the environment, which `env` of admin-config.yaml allows.",
    outputs={"name": "The resource's name; beside it each variable that is set, by its own name."},
    create=_environment,
    delete=_removed,
    undo=_removed,
)
DESCRIBED: Final = (
    *(
        _provisioner(
            kind, f"Described only, nothing is started: {what}.", params, outputs, "only described: nothing is started"
        )
        for kind, (what, params, outputs) in _DESCRIBED.items()
    ),
)
SAID_ANYWAY: Final = (
    ENVIRONMENT,
    *(_provisioner(kind, summary, params, outputs, "") for kind, (summary, params, outputs) in _ANYWAY.items()),
)
