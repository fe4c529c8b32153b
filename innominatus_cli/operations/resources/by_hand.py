"""`scale`, `restart`, `exec`, `port-forward`: what people do to a workload that is deployed, beside deploying.

All of it is judged as a run is (`permission`) and written as an action. What changes something is done by the driver of
the step that applied the workload, under the lock of the application. Which cluster, namespace and object is told by
the record of the last deployment.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from innominatus_cli.checks.hard_coded_secrets import secret_in_words
from innominatus_cli.documents.action_names import Action
from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.plan import Plan
from innominatus_cli.documents.run_record import StepResult
from innominatus_cli.drivers.registry import driver_for
from innominatus_cli.execution.environment import base_environment
from innominatus_cli.execution.one_step import execute_step
from innominatus_cli.findings.catalogue import every_code
from innominatus_cli.findings.catalogue import execution as codes
from innominatus_cli.findings.exit_status import ExitStatus
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.operations.locking import RunLocks
from innominatus_cli.operations.resources.permission import (
    DoneByHand,
    HandOptions,
    Permission,
    permit,
    plan_by_hand,
    write_done,
)
from innominatus_cli.operations.resources.workloads import Workload, workload_of
from innominatus_cli.operations.step_parts import a_run_of_its_own, setting_outside_of_runs
from innominatus_cli.step_types.kubernetes import KUBECTL
from innominatus_cli.step_types.tools import known_tool
from innominatus_cli.system.clock import Clock, SystemClock, timestamp
from innominatus_cli.system.foreground import run_in_foreground
from innominatus_cli.system.locks import Holder
from innominatus_cli.system.programs import find_program

NO_OPTIONS: Final = HandOptions()
_SECONDS: Final = 300
_PROGRAM: Final = re.compile(r"[A-Za-z0-9._/+-]{1,200}")


def scale(
    ledger: OpenLedger,
    application: str,
    name: str | None,
    replicas: int,
    environment: str | None = None,
    options: HandOptions = NO_OPTIONS,
) -> DoneByHand:
    """Lets a workload have so many replicas, and waits until they are ready.

    Raises CannotContinue: exit 1 for an unknown workload, 3 and 6 where it may not be done, 69 without kubectl, 75
    where a run holds the lock, and the status of the driver's finding where the cluster refuses.
    """
    return _changed(
        ledger, workload_of(ledger, application, name, environment), "scale", {"replicas": replicas}, options
    )


def restart(
    ledger: OpenLedger,
    application: str,
    name: str | None,
    environment: str | None = None,
    options: HandOptions = NO_OPTIONS,
) -> DoneByHand:
    """Lets a workload's pods be replaced one after the other, and waits until the new ones are ready.

    Raises CannotContinue as `scale` does.
    """
    return _changed(ledger, workload_of(ledger, application, name, environment), "restart", {}, options)


def execute(
    ledger: OpenLedger,
    workload: Workload,
    command: Sequence[str],
    container: str | None = None,
    options: HandOptions = NO_OPTIONS,
    *,
    stdin: bool = False,
    terminal: bool = False,
) -> tuple[int, tuple[Finding, ...]]:
    """Runs a command in a pod of a workload, in this terminal; its exit status, and what was wrong with the record.

    The record is written before the command starts, so that whoever is killed has left one. It names the program and
    not its arguments, which may hold a secret, and nothing that was typed or printed. Raises CannotContinue where it
    may not be done (exit 3 and 6), the workload is not there, or kubectl is missing.
    """
    words = [*_at(workload, "exec")]
    words += ["--stdin"] * stdin + ["--tty"] * terminal
    words += [f"--container={container}"] if container else []
    about = {"program": program_name(command[0]), **({"container": container} if container else {})}
    return _opened(ledger, workload, "exec", about, (*words, workload.target, "--", *command), options)


def forward_port(
    ledger: OpenLedger,
    workload: Workload,
    ports: Sequence[str],
    address: str,
    options: HandOptions = NO_OPTIONS,
) -> tuple[int, tuple[Finding, ...]]:
    """Leads ports of this machine to a pod of a workload until it is interrupted; the exit status of kubectl.

    `ports` are `PORT` or `LOCAL:PORT`. Recorded before it starts. Raises CannotContinue as `execute`.
    """
    words = (*_at(workload, "port-forward"), f"--address={address}", workload.target, *ports)
    return _opened(ledger, workload, "port_forward", {"ports": [*ports], "address": address}, words, options)


def program_name(word: str) -> str:
    """What a record calls the program that somebody runs: its name, and nothing else that stands in the word."""
    return word if _PROGRAM.fullmatch(word) and not secret_in_words(word) else "(not a plain name)"


def _opened(
    ledger: OpenLedger,
    workload: Workload,
    action: Action,
    about: Mapping[str, Any],
    words: Sequence[str],
    options: HandOptions,
) -> tuple[int, tuple[Finding, ...]]:
    """Judges and records what has the terminal, then lets it have that."""
    kubectl = _Kubectl(ledger)
    allowed = permit(str(ledger.store.git.root), _plan(workload, action, action, about), options)
    _ask(ledger, _plan(workload, action, "get", {}), workload, options.clock)
    done = _recorded(ledger, workload, action, about, allowed, options)
    if done.lost:
        raise CannotContinue(*done.findings, exit_status=ExitStatus.CANNOT_WRITE_STATE)
    return run_in_foreground((kubectl.program, *words), ledger.store.git.root, kubectl.env), done.findings


def _changed(
    ledger: OpenLedger, workload: Workload, action: Action, inputs: Mapping[str, Any], options: HandOptions
) -> DoneByHand:
    plan = _plan(workload, action, action, inputs)
    with locked(ledger, plan.application.name, plan.environment, options.clock or SystemClock()):
        allowed = permit(str(ledger.store.git.root), plan, options)
        try:
            _ask(ledger, plan, workload, options.clock)
        except CannotContinue as failed:
            if failed.exit_status == ExitStatus.ENVIRONMENT:
                raise
            # A rollout that does not become ready has changed the workload all the same.
            status = "interrupted" if failed.exit_status == ExitStatus.INTERRUPTED else "failed"
            done = _recorded(ledger, workload, action, {**inputs, "status": status}, allowed, options)
            raise CannotContinue(*failed.findings, *done.findings, exit_status=failed.exit_status) from failed
        return _recorded(ledger, workload, action, {**inputs, "status": "succeeded"}, allowed, options)


def _ask(ledger: OpenLedger, plan: Plan, workload: Workload, clock: Clock | None) -> StepResult:
    """Lets the driver do what the plan's one step says. Raises CannotContinue where it does not succeed."""
    step = plan.steps[0]
    setting = setting_outside_of_runs(ledger.store.git, admin_of(ledger), plan, driver_for, clock)
    with a_run_of_its_own(setting) as own:
        result = execute_step(own, step.id, ())
    if result.status == "succeeded":
        return result
    code = codes.PROGRAM_FAILED
    if result.finding is not None:
        code = every_code().get(result.finding.code, code)
    said = (result.stderr.head or "").strip() if result.stderr else ""
    what = step.inputs["operation"]
    message = f"{what} of {workload.title}: {result.reason.partition(': ')[2] or result.reason}"
    status = ExitStatus.INTERRUPTED if result.status == "interrupted" else code.exit_status
    remedy = f"kubectl says: {said.splitlines()[-1]}" if said else "See whether `kubectl` itself reaches the cluster."
    if result.finding is not None and code is codes.TOOL_MISSING:
        status, remedy = ExitStatus.ENVIRONMENT, result.finding.remedy
    raise CannotContinue(Finding(code, message, Place(workload.plan.application.name), remedy), exit_status=status)


def _plan(workload: Workload, action: Action, operation: str, about: Mapping[str, Any]) -> Plan:
    """What is to be done as a plan of one step, to be judged and, but for what has the terminal, to be executed."""
    where = {"mode": "apply", "namespace": workload.namespace, "context": workload.context}
    what = {"resourceType": workload.kind.lower(), "resourceName": workload.name, "operation": operation}
    written = workload.step.timeout_seconds
    seconds = written if workload.step.timeout_written else max(_SECONDS, written)
    step = workload.step.model_copy(update={"tools": [KUBECTL], "timeout_seconds": seconds})
    inputs = {**{key: value for key, value in where.items() if value is not None}, **what, **about}
    words = [f"{key} {value}" for key, value in about.items()]
    description = f"{action.replace('_', '-')} of {workload.title}{': ' if words else ''}{', '.join(words)}"
    return plan_by_hand(workload.plan, step, action, inputs, description)


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
    allowed: Permission,
    options: HandOptions,
) -> DoneByHand:
    about: dict[str, Any] = {
        "workload": workload.title,
        "step": workload.step.id,
        "namespace": workload.namespace,
        **({"context": workload.context} if workload.context else {}),
        **details,
    }
    run = workload.stored.record.run
    return write_done(ledger, action, workload.plan, run, about, allowed, options)


class _Kubectl:
    """The program, and the environment that it gets. Raises CannotContinue (exit 69) where it is missing."""

    def __init__(self, ledger: OpenLedger) -> None:
        git, admin = ledger.store.git, admin_of(ledger)
        self.env = base_environment(os.environ, (*admin.env, "TERM"), git.root, {})
        found = find_program("kubectl", path=self.env["PATH"], cwd=git.root, untrusted=git.root)
        if found is None:
            remedy = f"Install {known_tool('kubectl').install}."
            missing = Finding(codes.TOOL_MISSING, "'kubectl' is not on PATH", Place("kubectl"), remedy)
            raise CannotContinue(missing, exit_status=ExitStatus.ENVIRONMENT)
        self.program = found


def _at(workload: Workload, operation: str) -> tuple[str, ...]:
    context = (f"--context={workload.context}",) if workload.context else ()
    return (*context, operation, f"--namespace={workload.namespace}")


def admin_of(ledger: OpenLedger) -> AdminConfigDocument:
    """What admin-config.yaml says, or would say by default."""
    admin = ledger.repository.admin_config()
    return admin.model if admin else AdminConfigDocument()
