#!/usr/bin/env bash
# Runs the official MCP conformance suite against a server that is up already, e.g. `oap mcp serve` with
# tests/support/mcp_servers/conformance.py behind it (naming: passthrough), and counts what is required.
# Usage: scripts/conformance.sh URL [OUTPUT-FOLDER]      (URL on loopback)
# Prints one line per revision, then what failed. Exit: 0 all required scenarios pass, 1 not, 3 no peers here.
set -Eeuo pipefail
url=${1:?usage: scripts/conformance.sh URL [OUTPUT-FOLDER]}
here=$(cd "$(dirname "$0")" && pwd)
peers=$("$here/peers.sh") || exit 3
out=${2:-$(mktemp -d)}
mkdir -p "$out"
for revision in 2025-11-25 2026-07-28; do
  "$peers/bin/conformance-alpha" server --url "$url" --requirements "$revision" --timeout 60000 \
    -o "$out/$revision" >"$out/$revision.log" 2>&1 </dev/null || true
done
python3 - "$out" "$peers/node_modules/conformance-alpha/requirements" <<'PY'
import pathlib
import re
import sys

out, requirements = map(pathlib.Path, sys.argv[1:])
missed = False
for revision in ("2025-11-25", "2026-07-28"):
    required, inside = [], False
    for line in (requirements / f"{revision}.yaml").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            inside = line.startswith("server:")
        elif inside and (entry := re.match(r"\s+- ([\w-]+)\s*$", line)):
            required.append(entry.group(1))
    log = (out / f"{revision}.log").read_text(errors="replace")
    found = re.findall(r"^([✓✗]) ([\w-]+): (\d+) passed, (\d+) failed", log, re.M)
    scored = {name: (mark == "✓", int(ok), int(bad)) for mark, name, ok, bad in found}
    passed = [name for name in required if scored.get(name, (False,))[0]]
    checks = [scored[name] for name in required if name in scored]
    print(f"{revision}: {len(passed)}/{len(required)} required scenarios, checks {sum(c[1] for c in checks)} passed, "
          f"{sum(c[2] for c in checks)} failed")
    for name in required:
        if name not in passed:
            missed = True
            print(f"  failed: {name} {'(not run)' if name not in scored else ''}".rstrip())
    others = [name for name, score in scored.items() if name not in required and not score[0]]
    if others:
        print(f"  not scored, failed: {' '.join(others)}")
print(f"details: {out}")
sys.exit(1 if missed else 0)
PY
