#!/usr/bin/env bash
# Checks recommender.json and registers it in the database whose path below the state folder is in REGISTRY. A version
# is registered once: the same version with another digest is refused.
set -euo pipefail

python3 - "$INNOMINATUS_STATE_DIR/$REGISTRY" "$(dirname "${BASH_SOURCE[0]}")/recommender.json" <<'PYTHON'
import hashlib
import json
import sqlite3
import sys
from pathlib import Path

registry, path = sys.argv[1:]
data = Path(path).read_bytes()
model = json.loads(data)
digest = hashlib.sha256(data).hexdigest()

unknown = {near for nears in model["neighbours"].values() for near in nears} - model["neighbours"].keys()
if unknown:
    sys.exit(f"the model recommends what it does not know: {', '.join(sorted(unknown))}")

with sqlite3.connect(registry) as connection:
    connection.execute(
        "INSERT OR IGNORE INTO models (name, version, digest) VALUES (?, ?, ?)",
        (model["name"], model["version"], digest),
    )
    row = connection.execute(
        "SELECT digest FROM models WHERE name = ? AND version = ?", (model["name"], model["version"])
    ).fetchone()
if row is None or row[0] != digest:
    sys.exit(f"version {model['version']} is registered with another digest: give the model a new version")

print(f"OUTPUT_version={model['version']}")
print(f"OUTPUT_digest=sha256:{digest}")
PYTHON
