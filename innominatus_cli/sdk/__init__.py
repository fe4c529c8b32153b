"""The public SDK: write a provisioner of a type of resource as a Python class.

    from innominatus_cli.sdk import Config, Output, Provisioner, Resource, Result

    class Queue(Provisioner):
        name = "queue"
        type = "queue"
        version = "1.0.0"
        outputs = {"url": Output("string"), "token": Output("string", secret=True)}

        def provision(self, resource: Resource, config: Config) -> Result:
            return Result({"url": f"amqp://{resource.identity}", "token": self.secret("token", length=32)})

Name it in admin-config.yaml: `productProvisioners: [{product: …, type: queue, module: "package.module:Queue"}]`. The
class runs in a child process whose working directory is the resource's own folder (`self.folder`), kept until the
resource is removed. What it prints goes to the log of the step; what it returns is the answer.
`innominatus-ctl provisioners test NAME` holds it against the rules that every provisioner keeps. Nothing here imports
anything but the standard library.
"""

from innominatus_cli.sdk.errors import (
    AlreadyExistsError,
    DeprovisionFailedError,
    InvalidConfigError,
    InvalidResourceError,
    NotFoundError,
    ProvisionerError,
    ProvisionFailedError,
    StatusCheckFailedError,
    TimedOutError,
    UnauthorizedError,
)
from innominatus_cli.sdk.hints import Hint
from innominatus_cli.sdk.provisioner import Backup, Output, Provisioner, Result, Status
from innominatus_cli.sdk.resource import Config, Resource

__all__ = [
    "AlreadyExistsError",
    "Backup",
    "Config",
    "DeprovisionFailedError",
    "Hint",
    "InvalidConfigError",
    "InvalidResourceError",
    "NotFoundError",
    "Output",
    "ProvisionFailedError",
    "Provisioner",
    "ProvisionerError",
    "Resource",
    "Result",
    "Status",
    "StatusCheckFailedError",
    "TimedOutError",
    "UnauthorizedError",
]
