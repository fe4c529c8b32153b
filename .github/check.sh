#!/usr/bin/env bash
# The step of action.yml: installs the command beside the checkout, lets the base branch's policies judge a pull request,
# checks, and runs the tests beside workflows. Reads INPUT_*, TOOL (the folder of the action) and BASE (the base branch
# of a pull request) from the environment.
set -euo pipefail

venv=${RUNNER_TEMP:-$(mktemp -d)}/innominatus-ctl
if [ ! -x "$venv/bin/innominatus-ctl" ]; then
  "$INPUT_PYTHON" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$TOOL"
fi

judge=$INPUT_POLICIES_FROM
if [ -z "$judge" ] && [ -n "$BASE" ]; then
  judge=origin/$BASE
fi
if [ "$judge" = "origin/$BASE" ] && ! git rev-parse --quiet --verify "$judge^{commit}" >/dev/null; then
  git fetch --quiet --no-tags --depth=1 origin "+refs/heads/$BASE:refs/remotes/origin/$BASE"
fi

arguments=(--output github)
wanted() { # an input, and whether it is wanted: what is neither yes nor no would make a check lenient that should not be
  case $2 in
    true) return 0 ;;
    false | "") return 1 ;;
    *) echo "the input '$1' is true or false, not '$2'" >&2 && exit 2 ;;
  esac
}
if wanted strict "$INPUT_STRICT"; then arguments+=(--strict); fi
if wanted strict-score "$INPUT_STRICT_SCORE"; then arguments+=(--strict-score); fi
tests=no
if wanted test "$INPUT_TEST"; then tests=yes; fi
[ -z "$INPUT_SINCE" ] || arguments+=(--since "$INPUT_SINCE")
[ -z "$judge" ] || [ "$judge" = none ] || arguments+=(--policies-from "$judge")
[ -z "$INPUT_BASELINE" ] || arguments+=(--baseline "$INPUT_BASELINE")
[ -z "$INPUT_SARIF" ] || arguments+=(--report "sarif=$INPUT_SARIF")
[ -z "$INPUT_JUNIT" ] || arguments+=(--report "junit=$INPUT_JUNIT")

ctl=$venv/bin/innominatus-ctl
mapfile -t paths < <(printf '%s\n' "$INPUT_PATHS" | sed '/^[[:space:]]*$/d')
if [ "${#paths[@]}" -eq 0 ]; then
  status=0
  "$ctl" check "${arguments[@]}" || status=$?
  if [ "$tests" = yes ]; then
    tested=0
    "$ctl" test --allow-none --output github || tested=$?
    [ "$status" -ne 0 ] || status=$tested
  fi
  exit "$status"
fi
exec "$ctl" validate "${arguments[@]}" -- "${paths[@]}"
