#!/usr/bin/env bash
# OPERATION (health-check, backup, restore) on the PostgreSQL database of DATABASE_URL, with psql, pg_dump and pg_restore.
# The password reaches them in their environment: arguments can be read by everybody on the machine.
set -euo pipefail

connection=$(
  python3 - <<'PYTHON'
import os
import shlex
from urllib.parse import unquote, urlsplit

url = urlsplit(os.environ["DATABASE_URL"])
for name, value in {
    "PGHOST": url.hostname or "",
    "PGPORT": str(url.port or 5432),
    "PGUSER": unquote(url.username or ""),
    "PGPASSWORD": unquote(url.password or ""),
    "PGDATABASE": url.path.removeprefix("/"),
}.items():
    print(f"export {name}={shlex.quote(value)}")
PYTHON
)
eval "$connection"
unset connection DATABASE_URL

folder=$INNOMINATUS_STATE_DIR/backups/$DATABASE

tables() {
  psql --no-psqlrc --no-align --tuples-only --set=ON_ERROR_STOP=1 \
    --command="SELECT 'OUTPUT_tables=' || count(*) FROM pg_tables WHERE schemaname = 'public'"
}

save() {
  (umask 077 && mkdir -p "$folder")
  local stamp level=0
  stamp=$(date --utc +%Y%m%dT%H%M%S%3NZ)
  [ "$COMPRESSION" != true ] || level=6
  # Written under another name first: a dump that was cut off is no backup.
  (umask 077 && pg_dump --format=custom --compress="$level" --file="$folder/.$stamp")
  mv "$folder/.$stamp" "$folder/$stamp.dump"
  local days=${RETENTION%?}
  [ "${RETENTION: -1}" = d ] || days=$((days * 7))
  find "$folder" -maxdepth 1 -type f -mtime "+$((days - 1))" ! -name "$stamp.dump" -print -delete | sed 's/^/removed /'
  saved=$stamp.dump
}

case $OPERATION in
  health-check)
    tables
    echo "OUTPUT_file="
    ;;
  backup)
    tables
    save
    echo "OUTPUT_file=$saved"
    ;;
  restore)
    wanted=$BACKUP
    if [ "$wanted" = latest ]; then
      wanted=$(find "$folder" -maxdepth 1 -name '*.dump' -printf '%f\n' 2>/dev/null | sort | tail -n 1)
    fi
    if [ -z "$wanted" ] || [ ! -f "$folder/$wanted" ]; then
      echo "there is no backup '$BACKUP' of '$DATABASE'" >&2
      exit 1
    fi
    save
    echo "what is there now was saved as $saved"
    pg_restore --clean --if-exists --single-transaction --no-owner --dbname="$PGDATABASE" "$folder/$wanted"
    tables
    echo "OUTPUT_file=$wanted"
    ;;
esac
