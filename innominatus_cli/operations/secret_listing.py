"""`secrets list|check|rotate`: which secrets there are, whether they can be had, and new values. Never a value."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from innominatus_cli.documents.admin_config import AdminConfigDocument
from innominatus_cli.documents.repository import Repository
from innominatus_cli.documents.secret_definitions import SecretGeneration
from innominatus_cli.drivers.children.secret_store import generate
from innominatus_cli.execution.secret_forms import is_too_short
from innominatus_cli.execution.values import UnusableSecret
from innominatus_cli.findings.catalogue import secrets as codes
from innominatus_cli.findings.finding import CannotContinue, Finding, Place
from innominatus_cli.findings.near_names import did_you_mean
from innominatus_cli.ledger.listed import runs_of
from innominatus_cli.operations.acting import new_action
from innominatus_cli.operations.history import OpenLedger, knows_environment, score_files
from innominatus_cli.operations.opening import root_of
from innominatus_cli.operations.secret_stores.contract import Wanted, cannot_rotate
from innominatus_cli.operations.secret_stores.stores import SecretStores
from innominatus_cli.system.clock import Clock

State = Literal["ok", "missing", "failed", "too short", "too old", "not asked"]
_CONFIG: Final = "admin-config.yaml"
_OF_AN_APPLICATION: Final = "it is one of each application: name one with --app"


@dataclass(frozen=True, slots=True)
class SecretRow:
    """What is known of one secret. `state` is `not asked` where its store was not."""

    name: str
    store: str
    state: State
    used_by: tuple[str, ...]
    """Paths of files that name it."""
    changed: datetime | None = None
    age_seconds: int | None = None
    max_age_seconds: int | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class ListedSecrets:
    """Secrets by name, and what is wrong with them."""

    rows: list[SecretRow]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A secret that has a new value, and the id of the action that says who gave it one."""

    row: SecretRow
    action: str
    findings: tuple[Finding, ...] = ()


def listed_secrets(ledger: OpenLedger, application: str | None, environment: str, clock: Clock) -> ListedSecrets:
    """Every secret of admin-config; no store is asked but the local one for its files' times."""
    return _listed(ledger, application, environment, clock, ask=("local",))


def checked_secrets(
    ledger: OpenLedger, application: str | None, environment: str, clock: Clock, names: Iterable[str] = ()
) -> ListedSecrets:
    """The same, every store asked for every secret, or for those that are named."""
    return _listed(ledger, application, environment, clock, names=tuple(names))


def rotate_secret(
    ledger: OpenLedger, name: str, application: str | None, environment: str, clock: Clock, reason: str = ""
) -> Rotated:
    """Puts a new random value in place of the old one, and records who did. Never a value.

    Raises CannotContinue where that is not to be done here.
    """
    admin = _admin(ledger.repository)
    stores = _stores(ledger, admin, application, environment, clock)
    wanted = _wanted(ledger.repository, stores, name)
    if not knows_environment(ledger.repository, environment):
        message = f"environment '{environment}' is not defined in admin-config.yaml"
        remedy = did_you_mean(environment, admin.environments) or "Name another one with --env."
        raise CannotContinue(Finding(codes.SECRET_CANNOT_ROTATE, message, _place(ledger.repository, name), remedy))
    try:
        if _needs_application(wanted):
            _whose(ledger, wanted, application)
        how = wanted.definition.generate
        if not how and wanted.definition.store not in {"env", "aws", "azure", "gcp", "command"}:
            raise cannot_rotate(wanted, "admin-config does not let it be generated (`generate`)")
        rule = how if isinstance(how, SecretGeneration) else SecretGeneration()
        stores.store_of(wanted).replace(wanted, generate(rule.length, rule.alphabet))
    except UnusableSecret as unusable:
        raise CannotContinue(_finding(unusable, _place(ledger.repository, name))) from unusable
    store = wanted.definition.store
    action = new_action(
        ledger,
        "rotate_secret",
        application=application,
        environment=environment,
        reason=reason,
        details={"secret": name, "store": store, "key": wanted.key},
        clock=clock,
    )
    written = ledger.store.write_action(action, ledger.store.git.head())
    row = SecretRow(name, store, "ok", _users(ledger.repository, name), clock.now(), 0)
    return Rotated(row, action.id, tuple(written.findings))


def _listed(
    ledger: OpenLedger,
    application: str | None,
    environment: str,
    clock: Clock,
    *,
    names: tuple[str, ...] = (),
    ask: tuple[str, ...] | None = None,
) -> ListedSecrets:
    admin = _admin(ledger.repository)
    stores = _stores(ledger, admin, application, environment, clock)
    wanted = [_wanted(ledger.repository, stores, name) for name in names or sorted(admin.secrets)]
    listed = ListedSecrets([], [])
    for one in wanted:
        asked = ask is None or one.definition.store in ask
        problem = _OF_AN_APPLICATION if asked and _needs_application(one) and not application else ""
        row, finding = _row(ledger, stores, one, clock, asked=asked and not problem, why=problem)
        if ask is not None and row.state in {"missing", "failed", "too short"}:
            finding = None
        listed.rows.append(row)
        listed.findings.extend([finding] if finding else [])
    return listed


def _row(
    ledger: OpenLedger, stores: SecretStores, wanted: Wanted, clock: Clock, *, asked: bool, why: str
) -> tuple[SecretRow, Finding | None]:
    definition, finding = wanted.definition, None
    place = _place(ledger.repository, wanted.name)
    state: State = "not asked"
    changed = None
    if asked:
        try:
            held = stores.read(wanted)
        except UnusableSecret as unusable:
            state, why, finding = "failed", str(unusable), _finding(unusable, place)
        else:
            changed = held.changed if held is not None else None
            state = "ok" if held is not None else "missing"
            if held is None:
                message = f"secret '{wanted.name}' is not in store '{definition.store}'"
                finding = Finding(codes.SECRET_ABSENT, message, place, _remedy(wanted))
            elif is_too_short(held.value.encode("utf-8", "surrogateescape")):
                state = "too short"
                message = f"the value of secret '{wanted.name}' has less than 6 bytes"
                finding = Finding(codes.SECRET_TOO_SHORT, message, place)
            elif old := stores.too_old(wanted, changed):
                state, finding = "too old", Finding(codes.SECRET_TOO_OLD, old, place)
    age = None if changed is None else max(0, int((clock.now() - changed).total_seconds()))
    most = definition.max_age or stores.admin.secret_policy.max_age
    users = _users(ledger.repository, wanted.name)
    return SecretRow(wanted.name, definition.store, state, users, changed, age, most, why), finding


def _remedy(wanted: Wanted) -> str:
    """What to do about a secret that is not there, where that is not what the catalogue says."""
    if not wanted.definition.generate or wanted.definition.store not in {"local", "vault"}:
        return ""
    return f"A step of the type `vault-setup` generates it; so does `innominatus-ctl secrets rotate {wanted.name}`."


def _whose(ledger: OpenLedger, wanted: Wanted, application: str | None) -> None:
    """Raises UnusableSecret where no application is named, or none that there is but nearly one."""
    if not application:
        message = f"secret '{wanted.name}' of store '{wanted.definition.store}' is another one for each application"
        raise UnusableSecret(codes.SECRET_CANNOT_ROTATE, message, "Say with --app whose is to be changed.")
    known = score_files(ledger.repository)
    hint = None if application in known else did_you_mean(application, known)
    if hint and not runs_of(ledger.store, application, newest=1).runs:
        raise UnusableSecret(codes.SECRET_CANNOT_ROTATE, f"there is no application '{application}'", hint)


def _finding(unusable: UnusableSecret, place: Place) -> Finding:
    return Finding(unusable.code, str(unusable), place, unusable.remedy)


def _place(repository: Repository, name: str) -> Place:
    """Where admin-config.yaml defines a secret."""
    found = repository.admin_config()
    if found is None:
        return Place(_CONFIG)
    node = found.document.mapping.mapping("secrets").get(name)
    return found.document.place(node)


def _admin(repository: Repository) -> AdminConfigDocument:
    found = repository.admin_config()
    if found is None and repository.findings:
        raise CannotContinue(*repository.findings)
    return found.model if found is not None else AdminConfigDocument()


def _stores(
    ledger: OpenLedger, admin: AdminConfigDocument, application: str | None, environment: str, clock: Clock
) -> SecretStores:
    state_dir = ledger.state.tool_state_dir(application or "-", environment)
    return SecretStores(admin, root_of(ledger.repository), state_dir, application or "", environment, clock)


def _wanted(repository: Repository, stores: SecretStores, name: str) -> Wanted:
    found = stores.wanted(name)
    if found is None:
        hint = did_you_mean(name, stores.admin.secrets)
        admin = repository.admin_config()
        place = admin.document.place(admin.document.mapping.get("secrets")) if admin is not None else Place("")
        message = f"there is no secret '{name}'{f'; {hint}' if hint else ''}"
        raise CannotContinue(Finding(codes.SECRET_UNKNOWN, message, place))
    return found


def _needs_application(wanted: Wanted) -> bool:
    return wanted.definition.store == "local" or "{application}" in (wanted.definition.key or "")


def _users(repository: Repository, name: str) -> tuple[str, ...]:
    """The files that name a secret, `${secrets.name}` or in a list or entry of its own."""
    word = re.escape(name)
    pattern = re.compile(
        rf"secrets\.{word}(?![\w-])|(?m:^\s*-\s*[\"']?{word}[\"']?\s*$)|[\[,]\s*[\"']?{word}[\"']?\s*[,\]]"
    )
    found = []
    for path in repository.snapshot.paths(suffixes=(".yaml", ".yml")):
        data = repository.snapshot.read(path)
        if path != _CONFIG and not isinstance(data, Finding) and name.encode() in data:
            text = data.decode("utf-8", "replace")
            if "secrets" in text and pattern.search(text):
                found.append(path)
    return tuple(found)
