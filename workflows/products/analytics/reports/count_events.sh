#!/usr/bin/env bash
# Counts what the warehouse holds whose path below the state folder is in WAREHOUSE. A JSON object on the last line becomes the step's outputs.
set -euo pipefail

python3 - "$INNOMINATUS_STATE_DIR/$WAREHOUSE" <<'PYTHON'
import json
import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as connection:
    events, sessions = connection.execute("SELECT count(*), count(DISTINCT session) FROM events").fetchone()
print(json.dumps({"events": events, "sessions": sessions}))
PYTHON
