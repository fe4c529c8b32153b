"""The locks of a run: the clone's own, and where one is configured that on a remote."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from innominatus_cli.documents.admin_config import LocksConfig
from innominatus_cli.execution.stopping import StopAsked
from innominatus_cli.findings.finding import CannotContinue
from innominatus_cli.system.clock import Clock
from innominatus_cli.system.git import Git
from innominatus_cli.system.locks import Holder, RunLock, acquire
from innominatus_cli.system.state_folder import StateFolder

if TYPE_CHECKING:
    from innominatus_cli.findings.finding import Finding
    from innominatus_cli.operations.remote_locks import RemoteLock


class RunLocks:
    """What keeps other runs of the same application and environment away. `findings` tells how giving it back went."""

    def __init__(self, git: Git, state: StateFolder, clock: Clock, config: LocksConfig) -> None:
        self._git = git
        self._state = state
        self._clock = clock
        self._config = config
        self._local: RunLock | None = None
        self._remote: RemoteLock | None = None
        self._holder: Holder | None = None
        self._runs: tuple[str, ...] = ()
        """The run that has taken them, and one that works under them behind it."""
        self.findings: tuple[Finding, ...] = ()

    @property
    def fd(self) -> int:
        """The descriptor of the clone's lock, for steps to inherit; -1 where it is not held."""
        return self._local.fd if self._local else -1

    @property
    def token(self) -> str | None:
        """The fencing token of the lock on the remote; None where there is none."""
        return self._remote.token if self._remote else None

    def acquire(self, application: str, environment: str, holder: Holder, remote: str | None = None) -> None:
        """Takes the clone's lock, then that on a remote: the one named here, else the configured one.

        Raises CannotContinue: exit 75 naming the holder, exit 69 where the remote cannot be reached, exit 73 where the
        disk refuses. Nothing is held then.
        """
        holder = replace(holder, application=application, environment=environment)
        name = remote or self._config.remote
        self._holder, self._runs = holder, (holder.run,)
        if not name:
            self._local = acquire(self._state, application, environment, holder)
            return
        from innominatus_cli.operations.remote_locks import acquire_on_remote  # noqa: PLC0415 - few runs have one
        from innominatus_cli.system.git_refs import RemoteRefs  # noqa: PLC0415 - as above

        refs = RemoteRefs.open(self._git, name, clock=self._clock)
        self._local = acquire(self._state, application, environment, holder)
        try:
            self._remote = acquire_on_remote(refs, self._state, self._clock, holder, self._config.lease)
            self._remote.keep(holder)
        except BaseException:
            self.release()
            raise

    def asked_to_end(self) -> StopAsked | None:
        """Why the run is stopped and how, where somebody asked for it or its lock is gone."""
        from innominatus_cli.operations.cancel_requests import cancelled  # noqa: PLC0415 - asked after a signal only

        requests = (cancelled(self._state, run) for run in reversed(self._runs))
        return next((request.asks() for request in requests if request is not None), None)

    def hand_over(self, run: str) -> None:
        """Another run works under the same locks now: whoever looks who holds the clone's finds that one."""
        self._runs = (*self._runs, run)
        if self._local is not None and self._holder is not None:
            self._holder = replace(self._holder, run=run)
            with suppress(CannotContinue):  # what stands beside a lock is advice
                self._local.tell(self._holder)

    def release(self) -> None:
        """Gives both back, that on the remote first."""
        remote, self._remote = self._remote, None
        local, self._local = self._local, None
        try:
            if remote is not None:
                self.findings = remote.release()
        finally:
            if local is not None:
                local.release()
