"""Actions, what people do beside running: their records, from the facts that all of them share."""

from collections.abc import Mapping
from typing import Any

from innominatus_cli import __version__
from innominatus_cli.documents.action_names import Action
from innominatus_cli.documents.action_record import ActionRecord, Evidence
from innominatus_cli.documents.verdict import Actor
from innominatus_cli.operations.history import OpenLedger
from innominatus_cli.policies.facts import teams_of
from innominatus_cli.system.clock import Clock, SystemClock, timestamp


def actor_of(ledger: OpenLedger) -> Actor:
    """The operator, with their teams as the working tree's admin-config.yaml has them."""
    who = ledger.store.who
    admin = ledger.repository.admin_config()
    teams = {name: tuple(team.members) for name, team in admin.model.teams.items()} if admin else {}
    return Actor(name=who.name, email=who.email, source=who.source, teams=teams_of(who.email, teams))


def new_action(
    ledger: OpenLedger,
    action: Action,
    *,
    application: str | None = None,
    environment: str | None = None,
    run: str | None = None,
    plan: str | None = None,
    reason: str = "",
    evidence: Evidence | None = None,
    details: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> ActionRecord:
    """The record of an action that the operator takes now. Its parents are set by `Store.write_action`."""
    now = clock or SystemClock()
    return ActionRecord(
        action=action,
        id=now.new_id(),
        parents=[],
        at=timestamp(now.now()),
        actor=actor_of(ledger),
        application=application,
        environment=environment,
        run=run,
        plan=plan,
        reason=reason,
        commit=ledger.store.git.commit_of("HEAD"),
        tool_version=__version__,
        evidence=evidence,
        details=dict(details or {}),
    )
