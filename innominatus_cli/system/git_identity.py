"""Who the operator is, as git says; what a record's actor and a commit's author are made of."""

import os
import pwd
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from innominatus_cli.findings.catalogue.ledger import IDENTITY_ASSUMED
from innominatus_cli.findings.finding import Finding, Place
from innominatus_cli.system.git import Git
from innominatus_cli.system.git_command import GitFailed, operators_command

_CRUD = re.compile(r"[\x00-\x1f\x7f<>]")
OPERATING_SYSTEM = "operating system user"


@dataclass(frozen=True, slots=True)
class Identity:
    """A name and an e-mail address, and what says so: `GIT_AUTHOR_*`, `git config` or `operating system user`."""

    name: str
    email: str
    source: str

    def finding(self) -> Finding | None:
        """A warning where git does not know the operator."""
        if self.source != OPERATING_SYSTEM:
            return None
        message = f"'{self.name} <{self.email}>' stands in the record, the {OPERATING_SYSTEM}"
        return Finding(IDENTITY_ASSUMED, message, Place("git config"))


def identity(git: Git, environment: Mapping[str, str] | None = None) -> Identity:
    """The operator's own identity, from the environment, git's configuration or the operating system; never fails."""
    variables = os.environ if environment is None else environment
    configured = _configured(git)
    name = _clean(variables.get("GIT_AUTHOR_NAME"))
    email = _clean(variables.get("GIT_AUTHOR_EMAIL"))
    source = "GIT_AUTHOR_*" if name and email else "git config"
    name = name or configured.get("author.name") or configured.get("user.name", "")
    email = (
        email or configured.get("author.email") or configured.get("user.email", "") or _clean(variables.get("EMAIL"))
    )
    if name and email:
        return Identity(name, email, source)
    user = _user()
    return Identity(name or user, email or f"{user}@{_clean(socket.gethostname()) or 'localhost'}", OPERATING_SYSTEM)


def _configured(git: Git) -> dict[str, str]:
    command = operators_command(git.root, git.run, f"--git-dir={git.git_dir}")
    try:
        listed = command.output("config", "-z", "--get-regexp", r"^(user|author)\.(name|email)$", allowed=(0, 1))
    except GitFailed:
        return {}
    found: dict[str, str] = {}
    for entry in listed.decode("utf-8", "replace").split("\0")[:-1]:
        key, _, value = entry.partition("\n")
        if _clean(value):
            found[key] = _clean(value)
    return found


def _user() -> str:
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = ""
    return _clean(name) or f"uid-{os.getuid()}"


def _clean(text: str | None) -> str:
    """What git would keep of a name: no angle brackets, no control characters, no dots and commas around it."""
    return _CRUD.sub("", text or "").strip(" .,:;\"'\\")
