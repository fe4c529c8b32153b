#!/usr/bin/env bash
# Puts products.csv into the PostgreSQL database whose address is in DATABASE_URL.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# The password reaches psql in its environment: arguments can be read by everybody on the machine.
exec python3 - <<'PYTHON'
import os
from urllib.parse import unquote, urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
os.environ |= {
    "PGHOST": url.hostname or "",
    "PGPORT": str(url.port or 5432),
    "PGUSER": unquote(url.username or ""),
    "PGPASSWORD": unquote(url.password or ""),
    "PGDATABASE": url.path.removeprefix("/"),
}
options = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--file=load_products.sql"]
os.execvp("psql", ["psql", *options])
PYTHON
