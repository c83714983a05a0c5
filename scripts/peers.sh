#!/usr/bin/env bash
# Installs the real peers of tests/peers (MCP gateways, servers, clients, conformance suites, agent
# programs, Node 22) for tests and benches. Usage: scripts/peers.sh [FOLDER]   (default build/peers; or $OAP_PEERS)
# Prints the folder; its bin/ has a command for each peer. Does nothing where the same lock file is
# installed already, writes only into that folder and npm's cache, and runs no package's scripts.
# Exit: 0 ready, 3 not possible here (no npm, no registry: tests skip with the printed cause), 1 failed.
set -Eeuo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
source=$root/tests/peers
dest=${1:-${OAP_PEERS:-$root/build/peers}}
say() { printf 'peers: %s\n' "$*" >&2; }
key=$(cat "$source/package.json" "$source/package-lock.json" "$0" | sha256sum | cut -d' ' -f1)
is_ready() { [ "$(cat "$dest/.key" 2>/dev/null)" = "$key" ] && [ -x "$dest/bin/node" ]; }
if is_ready; then echo "$dest"; exit 0; fi

command -v npm >/dev/null || { say "npm is missing: install it (Debian: apt-get install npm)"; exit 3; }
mkdir -p "$(dirname "$dest")"
exec 9>"$dest.lock"
flock 9
if is_ready; then echo "$dest"; exit 0; fi
rm -rf "$dest.new"
mkdir -p "$dest.new"
cp "$source/package.json" "$source/package-lock.json" "$dest.new/"
log=$dest.new/npm.log
if ! (cd "$dest.new" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier >"$log" 2>&1 </dev/null 9>&-); then
  cause=$(grep -v EBADENGINE "$log" | grep -E '^npm (ERR!|error)' | head -3 | tr '\n' ' ')
  say "npm ci failed: ${cause:-$(tail -1 "$log")}"
  rm -rf "$dest.new"
  if grep -qE 'ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|ENOTCACHED' <<<"$cause"; then exit 3; fi
  exit 1
fi

# A Node of version 22 or later: the packaged one, else the system's.
node=
for candidate in "$dest.new"/node_modules/node-linux-*/bin/node "$(command -v node || true)"; do
  major=$("$candidate" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  if [ "$major" -ge 22 ]; then node=$candidate; break; fi
done
[ -n "$node" ] || { say "no Node of version 22 or later runs here"; rm -rf "$dest.new"; exit 3; }
mkdir "$dest.new/bin"
case $node in "$dest.new"/*) node=..${node#"$dest.new"} ;; esac
ln -s "$node" "$dest.new/bin/node"
"$dest.new/bin/node" - "$dest.new" <<'JS'
const fs = require('fs'), path = require('path');
const dest = process.argv[2];
const commands = {
  'conformance-alpha': ['conformance-alpha'],
  'conformance-stable': ['conformance-stable'],
  'inspector': ['@modelcontextprotocol/inspector', 'mcp-inspector'],
  'mcp-proxy': ['mcp-proxy'],
  'server-everything': ['@modelcontextprotocol/server-everything'],
  'server-filesystem': ['@modelcontextprotocol/server-filesystem'],
  'server-memory': ['@modelcontextprotocol/server-memory'],
  'supergateway': ['supergateway'],
};
for (const [name, [folder, bin]] of Object.entries(commands)) {
  const at = path.join('node_modules', folder);
  const declared = JSON.parse(fs.readFileSync(path.join(dest, at, 'package.json'))).bin;
  const script = typeof declared === 'string' ? declared : declared[bin] ?? Object.values(declared)[0];
  const text = `#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n`
    + `exec "$here/node" "$here/../${path.join(at, script)}" "$@"\n`;
  fs.writeFileSync(path.join(dest, 'bin', name), text, { mode: 0o755 });
}
JS
echo "$key" >"$dest.new/.key"
rm -rf "$dest"
mv "$dest.new" "$dest"
echo "$dest"
