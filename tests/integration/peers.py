"""Tests against real peers: npm's MCP servers behind the gateway, official SDK clients in front of it.

    class MyTest(PeerTest):
        def test_it(self):
            gateway = self.gateway({"everything": self.everything()})
            out = self.drive(gateway, "v2", [{"do": "list", "kind": "tools"}], era="modern")

The peers are those of scripts/peers.sh ($OAP_PEERS, else build/peers); without them a test skips, or fails where
OAP_REQUIRE=1. When a test is over no process that it started, directly or not, may run.
"""

import ctypes
import json
import os
import pathlib
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from gateway import ALLOW, GatewayTest  # noqa: E402
from harness import OAP, ROOT, unittest  # noqa: E402
from mcp_client import HttpClient, StdioClient  # noqa: E402

PEERS = pathlib.Path(os.environ.get("OAP_PEERS", ROOT / "build" / "peers")).absolute()
NODE = PEERS / "bin" / "node"
PR_SET_CHILD_SUBREAPER = 36
ASKS = {"sampling": {}, "elicitation": {"form": {}, "url": {}}, "roots": {"listChanged": True}}


def children():
    """Processes whose parent is this one: `pid command`. A zombie is reaped, not counted."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[:2]
            if int(parent) != os.getpid():
                continue
            if state == "Z":
                os.waitpid(int(entry.name), os.WNOHANG)
                continue
            found.append(f"{entry.name} " + (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (OSError, ValueError):
            continue
    return found


class PeerTest(GatewayTest):
    def setUp(self):
        if not os.access(NODE, os.X_OK):
            reason = f"no MCP peers in {PEERS}: run scripts/peers.sh"
            if os.environ.get("OAP_REQUIRE") == "1":
                self.fail(reason)
            self.skipTest(reason)
        super().setUp()
        # Orphans of what a test starts become children of this process, where they are seen.
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.addCleanup(self.nobody_is_left)

    def nobody_is_left(self):
        deadline = time.monotonic() + 5
        while (left := children()) and time.monotonic() < deadline:
            time.sleep(0.02)
        for line in left:
            os.kill(int(line.split()[0]), 9)
        self.assertEqual(left, [], "processes outlived their test")

    # ---- upstreams: entries of mcp-servers.yaml
    def everything(self, **settings):
        return {"command": [str(PEERS / "bin" / "server-everything"), "stdio"], **settings}

    def filesystem(self, **settings):
        """server-filesystem; its folder is self.files."""
        self.files = self.work / "files"
        self.files.mkdir(exist_ok=True)
        (self.files / "hello.txt").write_text("hello from a file\n")
        return {"command": [str(PEERS / "bin" / "server-filesystem"), str(self.files)], **settings}

    def memory(self, **settings):
        return {"command": [str(PEERS / "bin" / "server-memory")],
                "env": {"MEMORY_FILE_PATH": str(self.work / "memory.jsonl")}, **settings}

    def sdk2(self, **settings):
        return {"command": [str(NODE), str(HERE / "server.mjs"), "stdio"], "env": {"OAP_PEERS": str(PEERS)}, **settings}

    def sdk2_http(self, mode="modern-http", **settings):
        """server.mjs over HTTP, started here; "modern-http" refuses legacy clients, "http" does not."""
        process = self.node(HERE / "server.mjs", mode, env={"OAP_PEERS": str(PEERS)}, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        return {"url": f"http://127.0.0.1:{int(process.stdout.readline().split()[1])}/mcp", **settings}

    def everything_http(self, mode="streamableHttp", **settings):
        """server-everything over HTTP, started here: streamableHttp or sse."""
        script = PEERS / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
        for _ in range(3):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            process = self.node(script, mode, env={"PORT": str(port)}, stdout=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                except OSError:
                    time.sleep(0.02)
                    continue
                path = "/mcp" if mode == "streamableHttp" else "/sse"
                return {"url": f"http://127.0.0.1:{port}{path}", **settings}
        return self.fail(f"server-everything {mode} did not start")

    def node(self, script, *arguments, env, stdout):
        process = subprocess.Popen([str(NODE), str(script), *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
                                   stderr=subprocess.DEVNULL, env={**self.env, **env})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    # ---- clients
    def serve_command(self, *options):
        return [OAP, "mcp", "serve", "--stdio", *options]

    def drive(self, gateway, sdk, steps, era="legacy", **plan):
        """Runs the steps (see client.mjs) with an SDK client; gateway None is `oap mcp serve --stdio` in self.work."""
        if gateway is None:
            command, *arguments = self.serve_command()
            plan = {"command": command, "args": arguments, "cwd": str(self.work), "env": self.env, **plan}
        elif isinstance(gateway, dict):
            plan = {**gateway, **plan}
        else:
            plan = {"url": f"http://127.0.0.1:{gateway.port}/mcp", **plan}
        done = subprocess.run([str(NODE), str(HERE / "client.mjs")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              input=json.dumps({"sdk": sdk, "era": era, "steps": steps, "runEnv": self.env,
                                                "runIn": str(self.work), **plan}).encode(),
                              env={**self.env, "OAP_PEERS": str(PEERS)}, cwd=self.work, timeout=90)
        log = gateway.log() if hasattr(gateway, "log") else ""
        self.assertTrue(done.stdout, f"exit {done.returncode}: {done.stderr.decode()}\n{log}")
        out = json.loads(done.stdout)
        self.assertNotIn("fatal", out, log)
        self.assertEqual(len(out["results"]), len(steps))
        return out

    def direct(self, entry, era="legacy", capabilities=None):
        """A raw client of an upstream entry, without the gateway."""
        if "url" in entry:
            _, _, rest = entry["url"].partition("127.0.0.1:")
            port, _, path = rest.partition("/")
            client = HttpClient(int(port), path="/" + path, era=era, capabilities=capabilities or ASKS)
        else:
            client = StdioClient(entry["command"], cwd=self.work, env={**self.env, **entry.get("env", {})}, era=era,
                                 capabilities=capabilities or ASKS)
        self.addCleanup(client.close)
        if era == "legacy":
            client.initialize()
        return client

    # ---- looking at results
    def text(self, result):
        self.assertIn("content", result, result)
        return "\n".join(each.get("text", "") for each in result["content"])


def exact(items, drop=()):
    """The items as text, members in their order: two of them are equal where the bytes are."""
    return [json.dumps({k: v for k, v in item.items() if k not in drop}, ensure_ascii=False) for item in items]


__all__ = ["ALLOW", "ASKS", "HERE", "NODE", "OAP", "PEERS", "PeerTest", "exact", "unittest"]
