#!/usr/bin/env bash
# Every C++ source is as clang-format lays it out, and no source is longer than 400 lines.
# Usage: format_test.sh REPOSITORY; exit 77 (skipped) where clang-format is missing.
set -euo pipefail
cd "$1"
command -v clang-format >/dev/null || { echo "clang-format is not installed"; exit 77; }
mapfile -d '' files < <(find src include tests -name '*.[ch]pp' -print0)
clang-format --dry-run --Werror "${files[@]}"
long=$(wc -l "${files[@]}" | awk '$2 != "total" && $1 > 400 { print $2 ": " $1 " lines, split it by its nouns" }')
if [ -n "$long" ]; then echo "$long"; exit 1; fi
echo "${#files[@]} files"
