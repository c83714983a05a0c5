"""End-to-end tests of `oap mcp serve`: a trusted workspace with upstreams, the gateway, clients for it.

    class MyTest(GatewayTest):
        def test_it(self):
            gateway = self.gateway({"u": self.unruly("--flaky", "3")})
            with gateway.client() as client:                    # initialized; era="modern" is not
                client.call_text("u__echo", {"text": "hi"})
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from harness import OAP, SUPPORT, OapTest
from mcp_client import HttpClient, StdioClient

ALLOW = ('permissions:\n  - {scope: tool, action: "*", pattern: "*__*", level: allow}\n'
         '  - {scope: mcp_server, action: "*", pattern: "*", level: allow}\n')
SERVERS = SUPPORT / "mcp_servers"


class Gateway:
    """A running `oap mcp serve --http`; ended with the test."""

    def __init__(self, test, process, port, log):
        self.test, self.process, self.port, self.log_file = test, process, port, log

    def client(self, era="legacy", initialize=True, **more):
        """A new client; one of the legacy era has its session already."""
        client = HttpClient(self.port, era=era, **more)
        self.test.addCleanup(client.close)
        if era == "legacy" and initialize:
            client.initialize()
        return client

    def get(self, path):
        """Status and body of a plain GET, e.g. of /metrics."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def log(self):
        self.log_file.seek(0)
        return self.log_file.read().decode(errors="replace")

    def stop(self, timeout=20):
        """SIGTERM; the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout)


class GatewayTest(OapTest):
    def unruly(self, *arguments, **settings):
        """An upstream entry: the stdio server that misbehaves on demand."""
        return {"command": [sys.executable, "-B", str(SERVERS / "unruly.py"), *map(str, arguments)], **settings}

    def server(self, script, *arguments, **settings):
        return {"command": [sys.executable, "-B", str(SERVERS / script), *map(str, arguments)], **settings}

    def unruly_http(self, *arguments, path="/mcp", **settings):
        """An upstream entry: the same over HTTP, started here. `.port` of the entry's url is its port."""
        process = subprocess.Popen([sys.executable, "-B", str(SERVERS / "unruly_http.py"), *map(str, arguments)],
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        port = int(process.stdout.readline().split()[1])
        return {"url": f"http://127.0.0.1:{port}{path}", **settings}

    def configure(self, servers, permissions=ALLOW, trust=True):
        self.write(".opencode/mcp-servers.yaml", json.dumps({"mcp_servers": servers}))
        self.write(".opencode/permissions.yaml", permissions)
        if trust:
            result = self.oap("trust", str(self.work))
            self.assertEqual(result.code, 0, result)

    def gateway(self, servers, *options, permissions=ALLOW, trust=True, env=None, ready=True):
        """Starts the gateway in front of `servers` (name -> entry of mcp-servers.yaml) and waits for /ready."""
        self.configure(servers, permissions, trust)
        for _ in range(3):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            log = tempfile.TemporaryFile()
            self.addCleanup(log.close)
            process = subprocess.Popen([OAP, "mcp", "serve", "--http", f"127.0.0.1:{port}", *map(str, options)],
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.work,
                                       env={**self.env, **(env or {})}, start_new_session=True)
            gateway = Gateway(self, process, port, log)
            self.addCleanup(self.end, process)
            if self.listens(gateway, "/ready" if ready else "/health"):
                return gateway
            if "in use" not in gateway.log():
                break
        self.fail(f"the gateway did not come up (exit {process.poll()}):\n{gateway.log()}")
        return None

    def stdio_gateway(self, servers, *options, permissions=ALLOW, trust=True, era="legacy", **more):
        """A client of `oap mcp serve --stdio`, initialized in the legacy era."""
        self.configure(servers, permissions, trust)
        client = StdioClient([OAP, "mcp", "serve", "--stdio", *map(str, options)], cwd=self.work, env=self.env, era=era,
                             **more)
        self.addCleanup(client.close)
        if era == "legacy":
            client.initialize()
        return client

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @staticmethod
    def listens(gateway, path, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and gateway.process.poll() is None:
            try:
                if gateway.get(path)[0] == 200:
                    return True
            except OSError:
                pass
            time.sleep(0.02)
        return False

    def audit(self):
        """The audit events of this workspace, oldest first."""
        return [json.loads(line) for line in self.oap("audit", "tail", "--json", "-n", "100000").out.splitlines()]


def read_record(path):
    """What an unruly server with --record was told: a list of messages (stdio) or requests (HTTP)."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


__all__ = ["ALLOW", "Gateway", "GatewayTest", "SERVERS", "read_record", "unittest"]
