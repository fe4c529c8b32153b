"""A real Gitea for tests: its API, pull requests, statuses and git over HTTP."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import pytest

from tests.integration.starting import another_user, answers, free_port, run_as, servers
from tests.tools.programs import tool_named

SETTINGS = """\
APP_NAME = test
RUN_USER = {user}
RUN_MODE = prod
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = {port}
ROOT_URL = http://127.0.0.1:{port}/
STATIC_ROOT_PATH = {folder}/static
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {folder}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = {secret}
INTERNAL_TOKEN = {secret}
PASSWORD_HASH_ALGO = pbkdf2_v1
[repository]
ROOT = {folder}/repositories
DEFAULT_BRANCH = main
[webhook]
ALLOWED_HOST_LIST = loopback
[log]
LEVEL = warn
[session]
PROVIDER = memory
[cron]
ENABLED = false
"""


class GiteaServer(NamedTuple):
    """A forge with one administrator, who has a token for everything."""

    url: str
    """`http://127.0.0.1:PORT`, without a slash at its end."""
    user: str
    password: str
    token: str

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What the API says to `/api/v1/PATH`; `urllib.error.HTTPError` where it refuses."""
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/api/v1/{path}", data, headers, method=method)  # noqa: S310
        with urlopen(request, timeout=30) as reply:  # noqa: S310
            text = reply.read()
        return json.loads(text) if text else None

    def new_repository(self) -> str:
        """The name (without its owner) of a repository with one commit on `main`."""
        name = f"repo-{token_hex(4)}"
        self.ask("POST", "user/repos", {"name": name, "auto_init": True, "default_branch": "main"})
        return name

    def git_url(self, name: str) -> str:
        """Where git clones and pushes, with the token in it."""
        return f"{self.url.replace('://', f'://{self.user}:{self.token}@')}/{self.user}/{name}.git"


@pytest.fixture(scope="session")
def gitea_server(tool: Callable[[str], Path]) -> Iterator[GiteaServer]:
    """A real Gitea on SQLite. It refuses to run as root: an unprivileged user runs it there, from copies."""
    built = tool("gitea")
    user = another_user()
    with servers("gitea", user) as started:
        folder, port = started.folder, free_port()
        program = folder / "gitea"
        shutil.copy(built, program)
        static = tool_named("gitea").folder
        for part in ("options", "templates", "public"):
            shutil.copytree(static / part, folder / "static" / part)
        settings = folder / "custom" / "conf" / "app.ini"
        settings.parent.mkdir(parents=True)
        named = user or Path.home().owner()
        settings.write_text(SETTINGS.format(user=named, port=port, folder=folder, secret=token_hex(32)))
        if user:
            for path in (settings.parent.parent, settings.parent, settings):
                shutil.chown(path, user)
        server = GiteaServer(f"http://127.0.0.1:{port}", "bot", f"Pass-{token_hex(8)}", "")
        own = {"HOME": str(folder), "GITEA_WORK_DIR": str(folder), "USER": named}
        run_as(user, [program, "migrate"], folder, own)
        account = ("--username", server.user, "--password", server.password, "--email", "bot@example.com")
        create: list[str | Path] = [
            program,
            "admin",
            "user",
            "create",
            "--admin",
            *account,
            "--must-change-password=false",
        ]
        run_as(user, create, folder, own)
        scoped = ("--username", server.user, "--token-name", "tests", "--scopes", "all", "--raw")
        token = run_as(user, [program, "admin", "user", "generate-access-token", *scoped], folder, own)
        server = server._replace(token=token.strip().splitlines()[-1])
        version = f"{server.url}/api/v1/version"
        started.start("web", [program, "web"], lambda: answers(version), user=user, environment=own)
        yield server
