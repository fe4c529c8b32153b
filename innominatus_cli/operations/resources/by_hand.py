"""`scale`, `restart`, `exec`, `port-forward`: what people do to a workload that is deployed, beside deploying.

What changes something is done by the driver of the step that applied the workload, under the lock of the application,
and written as an action. Which cluster, namespace and object is told by the record of the last deployment.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from innominatus_cli.documents.action_record import Action, ActionRecord
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import PlannedStep
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.execution.environment import base_environment
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.locking import RunLocks
from innominatus_cli.operations.resources.workloads import Workload, workload_of
from innominatus_cli.operations.step_parts import a_run_of_its_own, setting_outside_of_runs
from innominatus_cli.step_types.kubernetes import KUBECTL
from innominatus_cli.step_types.tools import known_tool
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.foreground import run_in_foreground
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.programs import find_program

_SECONDS: Final = 300


class DoneByHand(NamedTuple):
    """What was done, and what was wrong on the way."""

    document: dict[str, Any]
    """`application`, `environment`, `workload`, `namespace`, `context`, `action` (the id of its record) and more."""
    findings: tuple[Finding, ...] = ()


def scale(
    ledger: OpenLedger,
    application: str,
    name: str | None,
    replicas: int,
    environment: str | None = None,
    reason: str = "",
    clock: Clock | None = None,
) -> DoneByHand:
    """Lets a workload have so many replicas, and waits until they are ready.

    Raises CannotContinue: exit 1 for an unknown workload, 69 without kubectl, 75 where a run holds the lock, and the
    status of the driver's finding where the cluster refuses.
    """
    return _changed(
        ledger, workload_of(ledger, application, name, environment), "scale", {"replicas": replicas}, reason, clock
    )


def restart(
    ledger: OpenLedger,
    application: str,
    name: str | None,
    environment: str | None = None,
    reason: str = "",
    clock: Clock | None = None,
) -> DoneByHand:
    """Lets a workload's pods be replaced one after the other, and waits until the new ones are ready.

    Raises CannotContinue as `scale` does.
    """
    return _changed(ledger, workload_of(ledger, application, name, environment), "restart", {}, reason, clock)


def execute(
    ledger: OpenLedger,
    workload: Workload,
    command: Sequence[str],
    container: str | None = None,
    *,
    stdin: bool = False,
    terminal: bool = False,
    clock: Clock | None = None,
) -> tuple[int, tuple[Finding, ...]]:
    """Runs a command in a pod of a workload, in this terminal; its exit status, and what was wrong with the record.

    The record names the program and not its arguments, which may hold a secret. Raises CannotContinue where the
    workload is not there, kubectl is missing, or `container` is no name.
    """
    _ask(ledger, workload, "get", {}, clock)
    words = [*_at(workload, "exec")]
    words += ["--stdin"] * stdin + ["--tty"] * terminal
    words += [f"--container={container}"] if container else []
    status = _in_foreground(ledger, (*words, workload.target, "--", *command))
    details = {"program": command[0], "exit_status": status, **({"container": container} if container else {})}
    return status, _recorded(ledger, workload, "exec", details, "", clock).findings


def forward_port(
    ledger: OpenLedger, workload: Workload, ports: Sequence[str], address: str, clock: Clock | None = None
) -> int:
    """Leads ports of this machine to a pod of a workload until it is interrupted; the exit status of kubectl.

    `ports` are `PORT` or `LOCAL:PORT`. Nothing is recorded, for nothing changes. Raises CannotContinue as `execute`.
    """
    _ask(ledger, workload, "get", {}, clock)
    words = (*_at(workload, "port-forward"), f"--address={address}", workload.target, *ports)
    return _in_foreground(ledger, words)


def _changed(
    ledger: OpenLedger,
    workload: Workload,
    action: Action,
    inputs: Mapping[str, Any],
    reason: str,
    clock: Clock | None,
) -> DoneByHand:
    plan = workload.plan
    with locked(ledger, plan.application.name, plan.environment, clock or SystemClock()):
        _ask(ledger, workload, action, inputs, clock)
        return _recorded(ledger, workload, action, inputs, reason, clock)


def _ask(
    ledger: OpenLedger, workload: Workload, operation: str, inputs: Mapping[str, Any], clock: Clock | None
) -> StepResult:
    """Lets the driver do an operation on the workload. Raises CannotContinue where it does not succeed."""
    step = _step(workload, operation, inputs)
    plan = workload.plan.model_copy(update={"steps": [step], "workflows": []})
    setting = setting_outside_of_runs(ledger.store.git, admin_of(ledger), plan, driver_for, clock)
    with a_run_of_its_own(setting) as own:
        result = execute_step(own, step.id, ())
    if result.status == "succeeded":
        return result
    code = codes.PROGRAM_FAILED
    if result.finding is not None:
        code = every_code().get(result.finding.code, code)
    said = (result.stderr.head or "").strip() if result.stderr else ""
    message = f"{operation} of {workload.title}: {result.reason.partition(': ')[2] or result.reason}"
    status = ExitStatus.INTERRUPTED if result.status == "interrupted" else code.exit_status
    remedy = f"kubectl says: {said.splitlines()[-1]}" if said else "See whether `kubectl` itself reaches the cluster."
    if result.finding is not None and code is codes.TOOL_MISSING:
        status, remedy = ExitStatus.ENVIRONMENT, result.finding.remedy
    raise CannotContinue(Finding(code, message, Place(workload.plan.application.name), remedy), exit_status=status)


def _step(workload: Workload, operation: str, inputs: Mapping[str, Any]) -> PlannedStep:
    where = {"mode": "apply", "namespace": workload.namespace, "context": workload.context}
    about = {"resourceType": workload.kind.lower(), "resourceName": workload.name, "operation": operation}
    nothing: dict[str, Any] = {
        "conditions": type(workload.step.conditions)(),
        "declared_outputs": [],
        "env": workload.step.env,
        "input_files": [],
        "inputs": {**{key: value for key, value in where.items() if value is not None}, **about, **inputs},
        "name": operation,
        "needs": [],
        "output_file": None,
        "retry": None,
        "set_variables": {},
        "timeout_seconds": max(_SECONDS, workload.step.timeout_seconds),
        "tools": [KUBECTL],
    }
    return workload.step.model_copy(update=nothing)


@contextmanager
def locked(ledger: OpenLedger, application: str, environment: str, clock: Clock) -> Iterator[None]:
    """Holds the lock of an application and environment, as a run does.

    Raises CannotContinue (exit 75) where another one has it.
    """
    locks = RunLocks(ledger.store.git, ledger.state, clock, admin_of(ledger).locks)
    holder = Holder.of_this_process(run=clock.new_id(), who=ledger.store.who.email, since=timestamp(clock.now()))
    locks.acquire(application, environment, holder)
    try:
        yield
    finally:
        locks.release()


def _recorded(
    ledger: OpenLedger,
    workload: Workload,
    action: Action,
    details: Mapping[str, Any],
    reason: str,
    clock: Clock | None,
) -> DoneByHand:
    about: dict[str, Any] = {
        "workload": workload.title,
        "step": workload.step.id,
        "namespace": workload.namespace,
        **({"context": workload.context} if workload.context else {}),
        **details,
    }
    written: ActionRecord = new_action(
        ledger,
        action,
        application=workload.plan.application.name,
        environment=workload.plan.environment,
        run=workload.stored.record.run,
        reason=reason,
        details=about,
        clock=clock,
    )
    landed = ledger.store.write_action(written, ledger.store.git.head())
    told = {"application": written.application, "environment": written.environment, **about, "action": written.id}
    return DoneByHand(told, tuple(landed.findings))


def _in_foreground(ledger: OpenLedger, words: Sequence[str]) -> int:
    git, admin = ledger.store.git, admin_of(ledger)
    env = base_environment(os.environ, (*admin.env, "TERM"), git.root, {})
    kubectl = find_program("kubectl", path=env["PATH"], cwd=git.root, untrusted=git.root)
    if kubectl is None:
        remedy = f"Install {known_tool('kubectl').install}."
        missing = Finding(codes.TOOL_MISSING, "'kubectl' is not on PATH", Place("kubectl"), remedy)
        raise CannotContinue(missing, exit_status=ExitStatus.ENVIRONMENT)
    return run_in_foreground((kubectl, *words), git.root, env)


def _at(workload: Workload, operation: str) -> tuple[str, ...]:
    context = (f"--context={workload.context}",) if workload.context else ()
    return (*context, operation, f"--namespace={workload.namespace}")


def admin_of(ledger: OpenLedger) -> AdminConfigDocument:
    """What admin-config.yaml says, or would say by default."""
    admin = ledger.repository.admin_config()
    return admin.model if admin else AdminConfigDocument()
