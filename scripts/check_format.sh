#!/usr/bin/env bash
# Every C++ source is as clang-format-19 writes it. Mend with: scripts/check_format.sh --fix
set -Eeuo pipefail
cd "$(dirname "$0")/.."
mapfile -t files < <(find src tests -name '*.cpp' -o -name '*.hpp' | sort)
if [ "${1:-}" = --fix ]; then
  clang-format-19 -i "${files[@]}"
else
  clang-format-19 --dry-run -Werror "${files[@]}"
  echo "format: ${#files[@]} files hold"
fi
