"""The whole environment of a step's processes: an allow-list of the caller's, and what we say ourselves."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from innominatus_cli.system.programs import trusted_path

_ALLOWED: Final = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR", "TZ", "USER"}
)
_ALLOWED_PREFIX: Final = "LC_"
_FALLBACK_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def base_environment(
    outside: Mapping[str, str], allowed: Iterable[str], untrusted: Path, ours: Mapping[str, str]
) -> dict[str, str]:
    """What every step gets: allow-listed variables of `outside`, names that admin-config allows, and `ours`.

    PATH loses relative entries and those inside the repository (`untrusted`).
    """
    names = _ALLOWED.union(allowed)
    env = {name: value for name, value in outside.items() if name in names or name.startswith(_ALLOWED_PREFIX)}
    env["PATH"] = trusted_path(env.get("PATH", _FALLBACK_PATH), untrusted) or _FALLBACK_PATH
    env.update(ours)
    return env
