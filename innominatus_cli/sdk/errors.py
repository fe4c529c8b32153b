"""What a provisioner raises where it cannot do what is asked: each error has the code that its answer carries."""

from typing import ClassVar


class ProvisionerError(Exception):
    """What went wrong, in one sentence for people; never with a secret in it."""

    code: ClassVar[str] = "PROVISIONER_ERROR"


class ProvisionFailedError(ProvisionerError):
    """The resource could not be made."""

    code = "PROVISION_FAILED"


class DeprovisionFailedError(ProvisionerError):
    """The resource could not be removed."""

    code = "DEPROVISION_FAILED"


class StatusCheckFailedError(ProvisionerError):
    """Nobody can say how the resource is."""

    code = "STATUS_CHECK_FAILED"


class InvalidConfigError(ProvisionerError):
    """A setting or a param is wrong."""

    code = "INVALID_CONFIG"


class InvalidResourceError(ProvisionerError):
    """The request is for something that this provisioner does not make."""

    code = "INVALID_RESOURCE"


class NotFoundError(ProvisionerError):
    """What is needed is not there. A resource that is gone when it is to be removed is no error."""

    code = "NOT_FOUND"


class AlreadyExistsError(ProvisionerError):
    """Somebody else's resource has that name."""

    code = "ALREADY_EXISTS"


class TimedOutError(ProvisionerError):
    """Something did not answer in time."""

    code = "TIMEOUT"


class UnauthorizedError(ProvisionerError):
    """The credentials are missing or were refused."""

    code = "UNAUTHORIZED"
