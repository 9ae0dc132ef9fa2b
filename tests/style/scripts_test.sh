#!/usr/bin/env bash
# Every shell script of the repository parses and passes shellcheck.
# Usage: scripts_test.sh REPOSITORY; exit 77 (skipped) where shellcheck is missing.
set -euo pipefail
cd "$1"
command -v shellcheck >/dev/null || { echo "shellcheck is not installed"; exit 77; }
mapfile -d '' scripts < <(find .ci jobs containers tests datasets configs -type f \
    \( -name '*.sh' -o -name '*.sbatch' -o -name '*.bash' -o -path .ci/run \) -print0)
[ "${#scripts[@]}" -ge 10 ] || { echo "only ${#scripts[@]} scripts found: is this the repository?"; exit 1; }
for script in "${scripts[@]}"; do bash -n "$script"; done
shellcheck --external-sources "${scripts[@]}"
echo "${#scripts[@]} scripts"
