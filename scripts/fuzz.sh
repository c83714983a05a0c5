#!/usr/bin/env bash
# Runs each libFuzzer target below DIR for SECONDS. Usage: scripts/fuzz.sh DIR SECONDS
set -Eeuo pipefail
dir=$1 seconds=$2
for target in "$dir"/fuzz_*; do
  [ -x "$target" ] && [ -f "$target" ] || continue
  name=$(basename "$target")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=tests/fuzz/corpus/${name#fuzz_}
  echo "== $name"
  "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 -print_final_stats=0 -verbosity=0 \
    "$corpus" $([ -d "$seeds" ] && echo "$seeds")
done
echo "fuzz: every target ran ${seconds} s without a finding"
