#!/usr/bin/env bash
# Builds with coverage, runs the tests and prints line coverage by folder.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
cmake --preset coverage >/dev/null
cmake --build --preset coverage -j "$(nproc)"
rm -rf build/coverage/profiles && mkdir -p build/coverage/profiles
LLVM_PROFILE_FILE=$PWD/build/coverage/profiles/%p.profraw ctest --test-dir build/coverage -j "$(nproc)" -LE lint --output-on-failure
llvm-profdata-19 merge -sparse build/coverage/profiles/*.profraw -o build/coverage/all.profdata
objects=()
for test in build/coverage/src/*/*_test build/coverage/oap; do [ -x "$test" ] && objects+=(-object "$test"); done
llvm-cov-19 report "${objects[@]}" -instr-profile build/coverage/all.profdata -ignore-filename-regex '_test\.cpp|/usr/|build/'
