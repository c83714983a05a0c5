"""The tools of tests/support against each other: mcp_client.py with the unruly servers and with echo.py,
and, where scripts/peers.sh has installed them already, with real peers."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from mcp_client import Dropped, HttpClient, HttpError, RpcError, SseClient, StdioClient, encode_header, raw_exchange

HERE = pathlib.Path(__file__).resolve().parent
SERVERS = HERE / "mcp_servers"
PEERS = pathlib.Path(os.environ.get("OAP_PEERS", HERE.parent.parent / "build" / "peers"))


class Base(unittest.TestCase):
    def stdio(self, *arguments, script="unruly.py", **more):
        client = StdioClient([sys.executable, "-B", SERVERS / script, *arguments], **more)
        self.addCleanup(client.close, 0.2)
        return client

    def http(self, *arguments, client=HttpClient, **more):
        process = subprocess.Popen([sys.executable, "-B", SERVERS / "unruly_http.py", *arguments],
                                   stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.port = int(process.stdout.readline().split()[1])
        made = client(self.port, **more)
        self.addCleanup(made.close)
        return made

    def file(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name, "record")


class StdioTest(Base):
    def test_legacy_calls_errors_and_questions(self):
        client = self.stdio()
        self.assertEqual(client.initialize()["protocolVersion"], "2025-11-25")
        self.assertEqual(client.call_text("echo", {"text": "é"}), "é")
        with self.assertRaises(RpcError) as caught:
            client.call("refuses", {"code": -7, "data": [1]})
        self.assertEqual((caught.exception.code, caught.exception.data), (-7, [1]))
        client.handlers["sampling/createMessage"] = lambda params: {"n": params["maxTokens"]}
        self.assertEqual(json.loads(client.call_text("ask")), {"result": {"n": 100}})
        self.assertIn("-32601", client.call_text("ask", {"method": "who/knows"}))

    def test_cancel_is_recorded(self):
        record = self.file()
        client = self.stdio("--record", record)
        client.initialize()
        pending = client.start("tools/call", {"name": "hang"})
        pending.cancel("enough")
        self.assertEqual(json.loads(client.call_text("cancelled")), [{"requestId": pending.id, "reason": "enough"}])
        lines = [json.loads(line) for line in record.read_text().splitlines()]
        self.assertEqual(lines[0]["pid"], client.process.pid)
        self.assertIn("notifications/cancelled", [line.get("method") for line in lines])

    def test_garbage_twice_and_unknown_ids(self):
        client = self.stdio()
        client.initialize()
        self.assertEqual(client.call_text("garbage"), "after the garbage")
        self.assertGreater(len(client.garbage), 5)
        before = len(client.garbage)
        self.assertEqual(client.call_text("twice"), "first")
        self.assertEqual(client.call_text("unknown_ids"), "mine")
        self.assertEqual(client.call_text("no_newline", {"bytes": 3_000_000}), "after the long line")
        self.assertEqual(len(client.garbage) - before, 8)
        self.assertEqual(len(client.call_text("large", {"bytes": 12_000_000})), 12_000_000)

    def test_progress_and_floods(self):
        client = self.stdio()
        client.initialize()
        client.call("progress", {"steps": 3}, meta={"progressToken": "t"})
        steps = [n["params"]["progress"] for n in client.notifications if n["method"] == "notifications/progress"]
        self.assertEqual(steps, [1, 2, 3])
        client.call("flood", {"count": 500})
        client.wait_notification("notifications/message", count=500)
        client.call("stderr_flood", {"bytes": 100_000})

    def test_death(self):
        client = self.stdio()
        client.initialize()
        with self.assertRaises(Dropped):
            client.call("die", {"signal": "SIGKILL"})
        self.assertEqual(client.close(), -signal.SIGKILL)
        self.assertEqual(self.stdio("--exit", "3").process.wait(10), 3)
        flaky = self.stdio("--flaky", "2")
        flaky.initialize()
        flaky.call("echo")
        with self.assertRaises(Dropped):
            flaky.call("echo")

    def test_stubborn_with_grandchild(self):
        client = self.stdio("--stubborn", "--grandchild")
        client.initialize()
        own, grandchild = json.loads(client.call_text("pids"))
        os.kill(own, signal.SIGTERM)
        self.assertEqual(client.call_text("echo", {"text": "still here"}), "still here")
        self.assertNotEqual(os.getsid(own), os.getsid(grandchild))
        self.assertIsNone(client.close(0.3))
        os.kill(grandchild, signal.SIGKILL)

    def test_lists(self):
        names = {kind: self.listed(kind) for kind in ("duplicate", "long", "many", "none", "pages")}
        self.assertEqual(names["duplicate"], ["echo", "echo"])
        self.assertEqual(len(names["long"][0]), 120)
        self.assertEqual((len(names["many"]), names["none"]), (5000, []))
        self.assertIn("progress", names["pages"])
        with self.assertRaises(RpcError):
            self.listed("endless")

    def listed(self, kind):
        client = self.stdio("--list", kind)
        client.initialize()
        return client.tool_names()

    def test_changes(self):
        client = self.stdio()
        client.initialize()
        client.call("change", {"name": "echo", "definition": {"description": "evil"}})
        client.call("change", {"name": "fresh"})
        client.wait_notification("notifications/tools/list_changed", count=2)
        tools = {t["name"]: t["description"] for t in client.list_all()}
        self.assertEqual(tools["echo"], "evil")
        self.assertEqual(client.call_text("fresh"), "new tool fresh")

    def test_initialize_in_all_ways(self):
        for how, check in (("refuse", RpcError), ("garbage", TypeError), ("silent", TimeoutError)):
            with self.assertRaises(check):
                self.stdio("--init", how).initialize(timeout=0.3 if how == "silent" else 20)
        self.assertEqual(self.stdio("--init", "1999-01-01").initialize()["protocolVersion"], "1999-01-01")

    def test_modern(self):
        client = self.stdio("--era", "dual", era="modern")
        self.assertEqual(client.discover()["supportedVersions"], ["2026-07-28"])
        self.assertEqual(client.call("echo", {"text": "x"})["resultType"], "complete")
        client.handlers["elicitation/create"] = lambda params: {"action": "accept", "content": {"name": "Ada"}}
        self.assertIn("Ada", client.call_text("ask", {"method": "elicitation/create"}))
        client.version = "2027-01-01"
        with self.assertRaises(RpcError) as caught:
            client.call("echo")
        self.assertEqual((caught.exception.code, caught.exception.data["supported"]), (-32022, ["2026-07-28"]))
        listener = self.stdio("--era", "modern", era="modern")
        pending = listener.start("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
        listener.wait_notification("notifications/subscriptions/acknowledged")
        listener.call("say_changed")
        found = listener.wait_notification("notifications/tools/list_changed")
        self.assertEqual(found["_meta"]["io.modelcontextprotocol/subscriptionId"], pending.id)

    def test_probe(self):
        with self.assertRaises(RpcError):
            self.stdio(era="modern").discover()
        with self.assertRaises(TimeoutError):
            self.stdio("--probe", "silent", era="modern").discover(0.3)


class ConformanceFixtureTest(Base):
    def test_legacy(self):
        client = self.stdio(script="conformance.py")
        client.initialize()
        client.handlers["sampling/createMessage"] = lambda params: {"content": {"type": "text", "text": "Paris"}}
        self.assertEqual(client.call_text("test_sampling", {"prompt": "?"}), "LLM response: Paris")
        client.call("test_tool_with_progress", meta={"progressToken": 1})
        steps = [n["params"]["progress"] for n in client.notifications if n["method"] == "notifications/progress"]
        self.assertEqual(steps, [0, 50, 100])
        self.assertNotIn("test_missing_capability", client.tool_names())

    def test_modern(self):
        client = self.stdio(script="conformance.py", era="modern", capabilities={"elicitation": {}})
        client.handlers["elicitation/create"] = lambda params: {"action": "accept", "content": {"name": "Ada"}}
        self.assertEqual(client.call_text("test_input_required_result_elicitation"), "Hello, Ada!")
        self.assertEqual(client.call_text("test_input_required_result_multi_round"), "both steps done")
        with self.assertRaises(RpcError) as caught:
            client.call("test_missing_capability")
        self.assertEqual((caught.exception.code, caught.exception.data), (-32021, {"requiredCapabilities": {"sampling": {}}}))
        first = client.request("tools/call", {"name": "test_input_required_result_tampered_state"}, answer_inputs=False)
        with self.assertRaises(RpcError):
            client.call("test_input_required_result_tampered_state", inputResponses={"confirm": {}},
                        requestState=first["requestState"] + "x")
        before = client.tool_names()
        client.call("test_trigger_tool_change")
        self.assertEqual(set(before) - set(client.tool_names()), {"test_extra_tool"})


class HttpTest(Base):
    def test_legacy_session(self):
        for answers in ("sse", "json"):
            client = self.http("--answers", answers)
            client.initialize()
            self.assertEqual(client.call_text("echo", {"text": "hi"}), "hi")
            self.assertEqual(client.call_text("split"), "in pieces: é")
            self.assertEqual(client.delete().status, 200)
            with self.assertRaises(HttpError) as caught:
                client.call("echo")
            self.assertEqual(caught.exception.status, 404)
            self.assertEqual(client.post(b"{", {"Mcp-Session-Id": None}).status, 400)

    def test_questions_progress_and_stream(self):
        client = self.http()
        client.initialize()
        client.handlers["roots/list"] = lambda params: {"roots": []}
        self.assertEqual(json.loads(client.call_text("ask", {"method": "roots/list"})), {"result": {"roots": []}})
        pending = client.start("tools/call", {"name": "progress", "_meta": {"progressToken": 7}})
        pending.result()
        self.assertEqual([m["params"]["progress"] for m in pending.messages], [1, 2, 3])
        client.open_stream()
        client.call("change", {"name": "fresh"})
        client.wait_notification("notifications/tools/list_changed")
        self.assertEqual(client.call_text("comments"), "after the comments")

    def test_drop_resume_expiry_and_cut(self):
        client = self.http("--expire", "5")
        client.initialize()
        self.assertEqual(client.call_text("drop"), "after the drop")
        with self.assertRaises(Exception):
            client.call("cut")
        client.resume = False
        with self.assertRaises(Dropped):
            client.call("drop", {"lose": True})
        client.call("echo")
        with self.assertRaises(HttpError) as caught:
            client.call("echo")
        self.assertEqual(caught.exception.status, 404)

    def test_modern(self):
        record = self.file()
        client = self.http("--era", "dual", "--record", record, era="modern")
        self.assertEqual(client.discover()["resultType"], "complete")
        self.assertEqual(client.call_text("echo", {"text": "m"}), "m")
        client.handlers["sampling/createMessage"] = lambda params: {"model": "none"}
        self.assertIn("none", client.call_text("ask"))
        message = client.message("tools/call", {"name": "echo"}, 9)
        answer = client.post(message, {"Mcp-Name": "other"})
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (400, -32020))
        answer = client.post(message, {"Mcp-Name": "=?base64?ZWNobw==?="})
        self.assertEqual((answer.status, b"resultType" in answer.body), (200, True))
        with self.assertRaises(HttpError) as caught:
            client.request("no/such")
        self.assertEqual((caught.exception.status, caught.exception.code), (404, -32601))
        stream = client.listen(toolsListChanged=True)
        client.call("say_changed")
        client.wait_notification("notifications/tools/list_changed")
        client.raw("POST", "/control/end_streams", body=b"").body
        self.assertEqual(stream.result(10)["_meta"]["io.modelcontextprotocol/subscriptionId"], stream.id)
        self.assertIn("Mcp-Name", record.read_text())

    def test_modern_cancel_by_closing(self):
        client = self.http("--era", "modern", era="modern")
        pending = client.start("tools/call", {"name": "progress", "_meta": {"progressToken": 1},
                                              "arguments": {"steps": 1000, "pause": 0.01}})
        client.wait_notification("notifications/progress")
        pending.drop()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and client.call_text("cancelled") == "[]":
            pass
        self.assertEqual(json.loads(client.call_text("cancelled")), [{"closed": pending.id}])

    def test_old_sse(self):
        client = self.http("--era", "sse", client=SseClient)
        client.initialize()
        self.assertEqual(client.call_text("echo", {"text": "old"}), "old")

    def test_refusals(self):
        client = self.http("--auth", "secret")
        answer = client.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})
        self.assertEqual(answer.status, 401)
        self.assertIn("resource_metadata", answer.headers["www-authenticate"])
        client.headers["Authorization"] = "Bearer secret"
        client.initialize()
        answer = self.http("--status", "503").post(b"{}")
        self.assertEqual((answer.status, answer.body), (503, b""))
        self.assertIn(b"404", raw_exchange(self.http("--era", "sse", "--no-get", client=HttpClient).port,
                                           b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[:20])

    def test_header_encoding(self):
        self.assertEqual(encode_header("plain name"), "plain name")
        self.assertEqual(encode_header("é"), "=?base64?w6k=?=")
        self.assertEqual(encode_header("=?base64?eA==?="), "=?base64?PT9iYXNlNjQ/ZUE9PT89?=")


@unittest.skipUnless(os.environ.get("OAP_MCP_LOAD"), "mcp_load is not built")
class LoadTest(Base):
    def load(self, *arguments, code=0, stdin=b""):
        done = subprocess.run([os.environ["OAP_MCP_LOAD"], *map(str, arguments)], input=stdin, stdout=subprocess.PIPE,
                              timeout=60)
        self.assertEqual(done.returncode, code, done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def calls(self, *arguments):
        report = self.load(*arguments, "--calls", 40, "--warmup", 8)[0]
        self.assertEqual((report["calls"], report["errors"]), (40, 0), report)

    def test_both_eras_and_answers(self):
        self.http("--era", "dual")
        for bytes in (5, 300_000):
            for era in ("legacy", "modern"):
                self.calls("http", "--port", self.port, "--era", era, "--connections", 4, "--bytes", bytes)
        self.http("--answers", "json")
        self.calls("http", "--port", self.port, "--connections", 4)
        for tool in ("split", "comments"):
            self.calls("http", "--port", self.port, "--tool", tool)

    def test_stdio_windows(self):
        command = ["--", sys.executable, "-B", SERVERS / "unruly.py", "--era", "dual"]
        for era in ("legacy", "modern"):
            report = self.load("stdio", "--era", era, "--window", 5, "--bytes", 70_000, "--calls", 40, *command)[0]
            self.assertEqual((report["calls"], report["errors"]), (40, 0), report)

    def test_failures_are_no_calls(self):
        self.http()
        report = self.load("http", "--port", self.port, "--tool", "refuses", "--warmup", 0, "--max-errors", 3, code=1)[0]
        self.assertEqual((report["calls"], report["errors"]), (0, 4))
        report = self.load("http", "--port", self.port, "--tool", "cut", "--warmup", 0, "--max-errors", 1, code=1)[0]
        self.assertEqual(report["reconnects"], 2)
        command = ["--", sys.executable, "-B", SERVERS / "unruly.py"]
        self.assertIn("failed", self.load("stdio", "--tool", "die", "--warmup", 0, *command, code=1)[0])
        self.assertIn("failed", self.load("stdio", "--tool", "hang", "--deadline", 1, *command, code=1)[0])

    def test_streams(self):
        self.http("--era", "dual")
        for era in ("legacy", "modern"):
            opened, rest = self.load("listen", "--port", self.port, "--era", era, "--streams", 20)
            self.assertEqual((opened["open"], rest["alive"]), (20, 20), opened)


@unittest.skipUnless((PEERS / ".key").exists(), "scripts/peers.sh has not been run")
class PeersTest(Base):
    def everything(self):
        script = PEERS / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
        return [str(PEERS / "bin" / "node"), str(script)]

    def serve(self, command, **env):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(c).replace("PORT", str(port)) for c in command]
        process = subprocess.Popen(command, env={**os.environ, **{k: str(port) for k in env}}, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)

        def end():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

        self.addCleanup(end)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return port
            except OSError:
                time.sleep(0.05)
        self.fail("the peer does not listen")
        return 0

    def use(self, client):
        client.capabilities = {"sampling": {}, "elicitation": {}, "roots": {}}
        client.handlers["roots/list"] = lambda params: {"roots": []}
        client.handlers["sampling/createMessage"] = lambda params: {
            "role": "assistant", "model": "none", "content": {"type": "text", "text": "sampled"}}
        self.addCleanup(client.close, *([1] if isinstance(client, StdioClient) else []))
        if client.era == "legacy":
            client.initialize()
        self.assertEqual(client.call_text("echo", {"message": "hi"}), "Echo: hi")
        self.assertIn("get-sum", client.tool_names())
        return client

    def test_everything_stdio(self):
        self.use(StdioClient([*self.everything(), "stdio"]))

    def test_everything_http(self):
        client = self.use(HttpClient(self.serve([*self.everything(), "streamableHttp"], PORT=1)))
        pending = client.start("tools/call", {"name": "trigger-long-running-operation", "_meta": {"progressToken": 5},
                                              "arguments": {"duration": 0.2, "steps": 2}})
        pending.result()
        self.assertEqual([m["params"]["progress"] for m in pending.messages if "progress" in m["method"]], [1, 2])

    def test_supergateway(self):
        command = [PEERS / "bin" / "supergateway", "--stdio", " ".join([*self.everything(), "stdio"]),
                   "--outputTransport", "streamableHttp", "--stateful", "--port", "PORT", "--logLevel", "none"]
        client = self.use(HttpClient(self.serve(command)))
        self.assertIn("sampled", json.dumps(client.call("trigger-sampling-request", {"prompt": "x", "maxTokens": 5})))

    def test_mcp_proxy(self):
        command = [PEERS / "bin" / "mcp-proxy", "--host", "127.0.0.1", "--port", "PORT", "--server", "stream", "--",
                   *self.everything(), "stdio"]
        port = self.serve(command)
        self.use(HttpClient(port))
        self.use(HttpClient(port, era="modern"))

    def test_sdk_server_modern(self):
        """A server of SDK 2 in the modern era, over stdio."""
        script = ("import { McpServer } from '@modelcontextprotocol/server';"
                  "import { serveStdio } from '@modelcontextprotocol/server/stdio';"
                  "serveStdio(() => { const s = new McpServer({ name: 'sdk', version: '1' });"
                  "s.registerTool('echo', { description: 'e' }, async () => ({ content: [{ type: 'text', text: 'sdk' }] }));"
                  "return s; });")
        client = StdioClient([PEERS / "bin" / "node", "--input-type=module", "-e", script], cwd=PEERS, era="modern")
        self.addCleanup(client.close)
        self.assertIn("2026-07-28", client.discover()["supportedVersions"])
        self.assertEqual(client.call_text("echo"), "sdk")


if __name__ == "__main__":
    unittest.main()
