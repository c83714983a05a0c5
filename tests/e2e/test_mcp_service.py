"""`oap mcp serve` as a service: policy, approval, audit, tool search, trust, credentials, health, start and end."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gateway import ALLOW, GatewayTest, read_record, unittest  # noqa: E402
from harness import OAP  # noqa: E402
from mcp_client import HttpClient, HttpError, RpcError  # noqa: E402

FORM = {"elicitation": {}}
SECRET = "zq-9f2c41d7e8b3a6550c1d"


def rules(*lines):
    return ALLOW + "".join(f"  - {line}\n" for line in lines)


def says(decision):
    return {"elicitation/create": lambda params: {"action": "accept", "content": {"decision": decision}}}


class ServiceTest(GatewayTest):
    def refusal(self, client, tool, arguments=None):
        try:
            result = client.call(tool, arguments)
        except RpcError as error:
            return str(error)
        self.assertTrue(result.get("isError"), f"{tool}: {str(result)[:300]}")
        return " ".join(block.get("text", "") for block in result["content"])

    def settings(self, **gateway):
        self.write(".opencode/config.yaml", json.dumps({"gateway": gateway}))

    def events(self, tool, kind=None):
        return [e for e in self.audit() if e.get("tool") == tool and kind in (None, e["event_type"])]

    def calls_at(self, record, tool):
        return [m for m in read_record(record) if m.get("params", {}).get("name") == tool]


class PolicyTest(ServiceTest):
    def test_denied_tools_are_neither_listed_nor_callable(self):
        record = self.work / "record"
        deny = rules('{scope: tool, action: "*", pattern: "u__die", level: deny}',
                     '{scope: mcp_server, action: "*", pattern: "v", level: deny}')
        gateway = self.gateway({"u": self.unruly("--record", record), "v": self.unruly()}, permissions=deny)
        for era in "legacy", "modern":
            client = gateway.client(era=era)
            names = client.tool_names()
            self.assertIn("u__echo", names)
            self.assertNotIn("u__die", names)
            self.assertEqual([n for n in names if n.startswith("v__")], [])
            self.assertRegex(self.refusal(client, "u__die"), "(?i)permission denied")
            self.assertRegex(self.refusal(client, "v__echo"), "(?i)permission denied")
        self.assertEqual(self.calls_at(record, "die"), [])
        denied = self.events("die")
        self.assertEqual([(e["event_type"], e["permission_decision"], e["success"]) for e in denied],
                         [("permission_check", "deny", False)] * 2)
        self.assertIn("permissions.yaml", denied[0]["rule"])
        self.assertIn('opencode_permission_decisions_total{decision="deny"} 4', gateway.get("/metrics")[1])

    def test_approval_by_the_client(self):
        record = self.work / "record"
        ask = rules('{scope: tool, action: "*", pattern: "u__echo", level: ask}')
        gateway = self.gateway({"u": self.unruly("--record", record)}, permissions=ask)
        text = {"text": "may I\u202e?"}
        for era in "legacy", "modern":
            allows = gateway.client(era=era, handlers=says("allow"), capabilities=FORM)
            self.assertIn("u__echo", allows.tool_names())
            self.assertTrue(allows.call_text("u__echo", text).startswith("may I"))
            ran = len(self.calls_at(record, "echo"))
            denies = gateway.client(era=era, handlers=says("deny"), capabilities=FORM)
            self.assertRegex(self.refusal(denies, "u__echo", text), "(?i)denied.*refused|refused")
            for answer in ({"action": "decline"}, {"action": "cancel"}, {"action": "accept"},
                           {"action": "accept", "content": {"decision": "ALLOW"}}, {"action": "accept", "content": {}}):
                odd = gateway.client(era=era, handlers={"elicitation/create": lambda params, a=answer: a}, capabilities=FORM)
                self.refusal(odd, "u__echo", text)
            mute = gateway.client(era=era)
            self.assertRegex(self.refusal(mute, "u__echo", text), "(?i)nobody could be asked")
            self.assertEqual(len(self.calls_at(record, "echo")), ran)
        self.assertEqual(len(self.calls_at(record, "echo")), 2)
        ran = self.events("echo", "tool_execution")
        self.assertEqual([e["approver"] for e in ran], ["mcp_client"] * 2)
        refused = [e for e in self.events("echo", "permission_check") if e["permission_decision"] == "deny"]
        self.assertEqual(len(refused), 14)

    def test_what_the_client_is_asked(self):
        ask = rules('{scope: tool, action: "*", pattern: "u__echo", level: ask}')
        gateway = self.gateway({"u": self.unruly()}, permissions=ask)
        asked = []

        def remember(params):
            asked.append(params)
            return {"action": "accept", "content": {"decision": "allow"}}

        client = gateway.client(handlers={"elicitation/create": remember}, capabilities=FORM)
        client.call_text("u__echo", {"text": "rm -rf \u202e/"})
        self.assertIn("u__echo", asked[0]["message"])
        self.assertIn("rm -rf", asked[0]["message"])
        self.assertNotIn("\u202e", asked[0]["message"])
        self.assertEqual(asked[0]["requestedSchema"]["properties"]["decision"]["enum"], ["allow", "deny"])

    def test_yes_approves_without_asking(self):
        ask = rules('{scope: tool, action: "*", pattern: "u__echo", level: ask}')
        gateway = self.gateway({"u": self.unruly()}, "--yes", permissions=ask)
        client = gateway.client(handlers=says("deny"), capabilities=FORM)
        self.assertEqual(client.call_text("u__echo", {"text": "go"}), "go")
        self.assertEqual(client.requests, [])
        self.assertEqual(self.events("echo", "tool_execution")[0]["approver"], "flag")

    def test_secrets_are_taken_out(self):
        gateway = self.gateway({"u": self.unruly(env={"API_TOKEN": SECRET}), "h": self.unruly_http(headers={"X-Key": SECRET})})
        client = gateway.client()
        client.open_stream()
        text = f"the key is {SECRET}."
        for server in "u", "h":
            answers = [client.call(server + "__echo", {"text": text}),
                       client.call(server + "__shape", {"result": {"content": [], "structuredContent": {"a": [text]},
                                                                   "_meta": {"k": text}, "future": text}})]
            for arguments in {"message": text}, {"message": "no", "data": {"why": text}}:
                with self.assertRaises(RpcError) as refused:
                    client.call(server + "__refuses", arguments)
                answers.append([refused.exception.message, refused.exception.data])
            for answer in answers:
                self.assertNotIn(SECRET, json.dumps(answer))
            self.assertIn("the key is", json.dumps(answers[0]))
            if server == "u":
                for method, params in (("notifications/message", {"level": "info", "data": {"k": [text]}}),
                                       ("notifications/progress", {"progressToken": 1, "progress": 1, "message": text})):
                    call = client.start("tools/call", {"name": "u__flood", "_meta": {"progressToken": "p"}, "arguments": {
                        "count": 2, "method": method, "params": params}})
                    call.result(5)
                    self.assertNotIn(SECRET, json.dumps(call.messages))
        self.assertNotIn(SECRET, json.dumps(client.notifications))
        self.assertNotIn(SECRET, self.oap("audit", "tail", "--json", "-n", "1000").out)
        self.assertNotIn(SECRET, gateway.log())
        self.assertNotIn(SECRET, gateway.get("/health")[1] + gateway.get("/metrics")[1])

    def test_audit_of_calls_survives_a_kill(self):
        gateway = self.gateway({"u": self.unruly(read_only_tools=["echo"])})
        client = gateway.client()
        for number in range(5):
            client.call_text("u__echo", {"text": str(number)})
        client.call_text("u__meta")
        gateway.process.kill()
        gateway.process.wait()
        for tool, count in ("echo", 5), ("meta", 1):
            self.assertEqual(len(self.events(tool, "permission_check")), count)
            self.assertEqual(len(self.events(tool, "tool_execution")), count)
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_call_that_ran_and_failed_is_audited(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.refusal(client, "u__die")
        self.refusal(client, "u__fails")
        self.refusal(client, "u__refuses", {"message": "not today"})
        died = self.events("die", "tool_execution")[0]
        self.assertEqual((died["success"], "may have" in died["error"] or "ended" in died["error"]), (False, True))
        self.assertIs(self.events("fails", "tool_execution")[0]["success"], False)
        self.assertIn("not today", self.events("refuses", "tool_execution")[0]["error"])
        metrics = gateway.get("/metrics")[1]
        self.assertIn('opencode_mcp_calls_total{server_name="u",outcome="failed"} 2', metrics)
        self.assertIn('opencode_mcp_calls_total{server_name="u",outcome="tool_error"} 1', metrics)


class SearchTest(ServiceTest):
    def test_many_tools_are_found_and_governed_by_their_real_names(self):
        deny = rules('{scope: tool, action: "*", pattern: "u__tool_13", level: deny}')
        self.settings(tool_search={"threshold": 50, "always_load": ["v__meta"]})
        gateway = self.gateway({"u": self.unruly("--list", "many"), "v": self.unruly()}, permissions=deny)
        for era in "legacy", "modern":
            client = gateway.client(era=era)
            self.assertEqual(sorted(client.tool_names()), ["call_tool", "search_tools", "v__meta"])
            found = client.call("search_tools", {"query": "u__tool_4711"})["structuredContent"]["tools"]
            self.assertEqual(found[0]["name"], "u__tool_4711")
            self.assertIn("inputSchema", found[0])
            self.assertLessEqual(len(found), 5)
            found = client.call("search_tools", {"query": "u__tool_13"})["structuredContent"]["tools"]
            self.assertNotIn("u__tool_13", [t["name"] for t in found])
            self.assertEqual(client.call_text("call_tool", {"name": "v__echo", "arguments": {"text": "inner"}}), "inner")
            self.assertEqual(client.call_text("v__echo", {"text": "direct"}), "direct")
            self.assertRegex(self.refusal(client, "call_tool", {"name": "u__tool_13"}), "(?i)permission denied")
            self.refusal(client, "call_tool", {"name": "nobody__knows"})
            self.refusal(client, "call_tool", {"name": "call_tool", "arguments": {"name": "v__echo"}})
            self.refusal(client, "call_tool", {"name": "v__echo", "arguments": []})
            self.refusal(client, "search_tools", {"query": ""})
            self.refusal(client, "search_tools", {"query": 7})
        self.assertEqual(len(self.events("echo", "tool_execution")), 4)
        self.assertEqual(len(self.events("tool_13")), 2)
        self.assertEqual(self.events("call_tool"), [])

    def test_naming_passthrough(self):
        gateway = self.gateway({"u": self.unruly()}, "--naming", "passthrough")
        client = gateway.client()
        self.assertIn("echo", client.tool_names())
        self.assertEqual(client.call_text("echo", {"text": "bare"}), "bare")
        self.assertEqual(len(self.events("echo", "tool_execution")), 1)


class TrustTest(ServiceTest):
    def test_changed_tool_is_approved_while_the_gateway_runs(self):
        gateway = self.gateway({"h": self.unruly_http()})
        client = gateway.client()
        client.open_stream()
        self.assertIn("h__echo", client.tool_names())
        client.call_text("h__change", {"name": "echo", "definition": {"description": "Says it louder"}})
        self.wait_for(lambda: "h__echo" not in client.tool_names(), "the changed tool to be taken off")
        shown = self.oap("mcp", "trust", "diff", "h")
        self.assertIn("Says it louder", shown.out)
        self.assertNotEqual(self.oap("mcp", "trust", "approve", "h", "echo").code, 0, "nobody is there to ask")
        result = self.oap("mcp", "trust", "approve", "h", "echo", "--yes")
        self.assertEqual(result.code, 0, result)
        self.wait_for(lambda: "h__echo" in client.tool_names(), "the approved tool", 5)
        self.assertEqual(client.call_text("h__echo", {"text": "LOUD"}), "LOUD")

    def test_untrusted_folder_runs_no_servers(self):
        mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
        gateway = self.gateway({"u": self.unruly(mark)}, trust=False)
        client = gateway.client()
        self.assertEqual(client.tool_names(), [])
        self.refusal(client, "u__echo")
        found = subprocess.run(["pgrep", "-f", mark], stdout=subprocess.PIPE, check=False).stdout
        self.assertEqual(found, b"")
        self.assertIn("oap trust", gateway.log())

    def test_explicit_trust_lists_nothing_before_approval(self):
        gateway = self.gateway({"u": self.unruly(trust="explicit")})
        client = gateway.client()
        self.assertEqual(client.tool_names(), [])
        self.assertRegex(self.refusal(client, "u__echo"), "oap mcp trust")
        self.assertEqual(self.oap("mcp", "trust", "approve", "u", "echo", "--yes").code, 0)
        self.wait_for(lambda: client.tool_names() == ["u__echo"], "the approved tool", 5)


class AuthTest(ServiceTest):
    KEYS = {"ada": "ada-key-0123456789abcdef", "bob": "bob-key-0123456789abcdef"}

    def guarded(self, servers, **more):
        self.settings(auth={"api_keys": [{"key": key, "user": user} for user, key in self.KEYS.items()]}, **more)
        return self.gateway(servers, ready=False)

    def test_keys_and_refusals(self):
        record = self.base / "record"
        gateway = self.guarded({"h": self.unruly_http("--record", record)})
        stranger = HttpClient(gateway.port)
        for headers in {}, {"X-API-Key": "wrong-key-0123456789"}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}:
            answer = stranger.post(stranger.message("initialize", id=1), headers=headers)
            self.assertIn(answer.status, (400, 401), headers)
            self.assertTrue(answer.json()["error"]["message"])
            if answer.status == 401:
                self.assertTrue(answer.headers["www-authenticate"].startswith("Bearer"))
        modern = HttpClient(gateway.port, era="modern")
        with self.assertRaises(HttpError) as refused:
            modern.call("h__echo")
        self.assertEqual(refused.exception.status, 401)
        ada = gateway.client(headers={"Authorization": "Bearer " + self.KEYS["ada"]})
        bob = gateway.client(headers={"X-API-Key": self.KEYS["bob"]})
        modern = gateway.client(era="modern", headers={"X-API-Key": self.KEYS["ada"]})
        for client in ada, bob, modern:
            self.assertEqual(client.call_text("h__echo", {"text": "hi"}), "hi")
        self.assertEqual([e["user_id"] for e in self.events("echo", "tool_execution")], ["ada", "bob", "ada"])
        seen = json.dumps(read_record(record))
        for key in self.KEYS.values():
            self.assertNotIn(key, seen + gateway.log())
        self.assertEqual(gateway.get("/health")[0], 200)

    def test_session_belongs_to_its_principal(self):
        gateway = self.guarded({"u": self.unruly()})
        ada = gateway.client(headers={"X-API-Key": self.KEYS["ada"]})
        thief = HttpClient(gateway.port, headers={"X-API-Key": self.KEYS["bob"], "Mcp-Session-Id": ada.session_id})
        self.assertEqual(thief.post(thief.message("ping", id=1)).status, 404)
        answer = thief.get()
        answer.close()
        self.assertEqual(answer.status, 404)
        self.assertEqual(thief.delete().status, 404)
        nobody = HttpClient(gateway.port, headers={"Mcp-Session-Id": ada.session_id})
        self.assertEqual(nobody.post(nobody.message("ping", id=1)).status, 401)
        self.assertEqual(ada.call_text("u__echo", {"text": "mine"}), "mine")

    def test_request_state_belongs_to_its_principal(self):
        gateway = self.guarded({"m": self.unruly("--era", "modern"), "u": self.unruly()})
        caps = {"elicitation": {}}
        ada = gateway.client(era="modern", headers={"X-API-Key": self.KEYS["ada"]}, capabilities=caps)
        bob = gateway.client(era="modern", headers={"X-API-Key": self.KEYS["bob"]}, capabilities=caps)
        for server in "m", "u":
            params = {"name": server + "__ask", "arguments": {"method": "elicitation/create"}}
            result = ada.request("tools/call", params, answer_inputs=False)
            params["inputResponses"] = {k: {"action": "accept", "content": {"name": "x"}} for k in result["inputRequests"]}
            params["requestState"] = result["requestState"]
            with self.assertRaises(RpcError) as refused:
                bob.request("tools/call", params, answer_inputs=False)
            self.assertEqual(refused.exception.code, -32602)
            self.assertIn("content", ada.request("tools/call", params, answer_inputs=False))

    def test_other_addresses_need_credentials(self):
        self.configure({"u": self.unruly()})
        for address in "0.0.0.0:0", "[::]:0":
            result = self.oap("mcp", "serve", "--http", address)
            self.assertEqual(result.code, 2, result)
            self.assertIn("gateway.auth", result.err)
        for nonsense in "127.0.0.1:99999", "127.0.0.1", "x:y:z", "no.such.host.invalid:0":
            result = self.oap("mcp", "serve", "--http", nonsense)
            self.assertNotEqual(result.code, 0, result)
            self.assertTrue(result.err.strip())


class RunTest(ServiceTest):
    def test_port_in_use_says_so(self):
        self.configure({"u": self.unruly()})
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            result = self.oap("mcp", "serve", "--http", f"127.0.0.1:{port}")
        self.assertNotEqual(result.code, 0)
        self.assertRegex(result.err, rf"(?s){port}.*in use|in use.*{port}")

    def test_port_zero_says_where_it_is(self):
        self.configure({"u": self.unruly()})
        process = self.start("mcp", "serve", "--http", "127.0.0.1:0")
        line = process.stderr.readline().decode()
        port = int(line.rsplit(":", 1)[1].split("/")[0])
        client = HttpClient(port)
        client.initialize()
        self.assertEqual(client.call_text("u__echo", {"text": "here"}), "here")
        client.close()
        process.terminate()
        self.assertEqual(process.wait(10), 0)

    def test_sigterm_drains(self):
        gateway = self.gateway({"u": self.unruly()})
        client, modern = gateway.client(), gateway.client(era="modern")
        stream = client.open_stream()
        listen = modern.listen(toolsListChanged=True)
        calls = [c.start("tools/call", {"name": "u__sleep", "arguments": {"seconds": 0.8}}) for c in (client, modern)]
        self.wait_for(lambda: '"open_calls":2' in gateway.get("/health")[1], "the calls to be open")
        gateway.process.terminate()
        for call in calls:
            self.assertEqual(call.result(5)["content"][0]["text"], "awake")
        self.assertEqual(listen.raw(5)["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], listen.id)
        self.assertEqual(gateway.process.wait(8), 0)
        self.assertIsNotNone(stream)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", gateway.port), 1).close()
        client.session_id = None

    def test_sigterm_does_not_wait_for_ever(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        pending = client.start("tools/call", {"name": "u__hang", "arguments": {}})
        self.wait_for(lambda: '"open_calls":1' in gateway.get("/health")[1], "the call to be open")
        gateway.process.terminate()
        gateway.process.terminate()
        gateway.process.send_signal(signal.SIGTERM)
        gateway.process.wait(9)
        with self.assertRaises(Exception):
            pending.result(5)
        client.session_id = None

    def test_health_ready_metrics(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        client.call_text("u__echo", {"text": "x"})
        report = json.loads(gateway.get("/health")[1])
        self.assertEqual(report["status"], "ok")
        entry = next(s for s in report["servers"] if s["name"] == "u")
        self.assertEqual((entry["state"], entry["calls"], entry["errors"], entry["starts"]), ("ready", 1, 0, 1))
        self.assertEqual(json.loads(gateway.get("/ready")[1]), {"ready": True, "waiting_for": []})
        metrics = gateway.get("/metrics")[1]
        for line in ('opencode_mcp_calls_total{server_name="u",outcome="ok"} 1', 'opencode_mcp_server_up{server_name="u"} 1',
                     'opencode_mcp_call_duration_seconds_count{server_name="u"} 1',
                     'opencode_permission_decisions_total{decision="allow"} 1', 'opencode_mcp_endpoint{what="sessions"} 1'):
            self.assertIn(line, metrics)
        self.assertEqual(metrics.count("# TYPE opencode_mcp_calls_total counter"), 1)
        self.refusal(client, "u__die")
        self.wait_for(lambda: json.loads(gateway.get("/health")[1])["servers"][-1]["starts"] == 2, "the restart")
        for path in "/health", "/ready", "/metrics":
            answer = client.raw("POST", path, body=b"{}")
            self.assertIn(answer.status, (404, 405))
            answer.close()


class StdioTest(ServiceTest):
    def test_both_eras_and_the_end_of_input(self):
        for era in "legacy", "modern":
            with self.subTest(era=era):
                client = self.stdio_gateway({"u": self.unruly()}, era=era)
                self.assertIn("u__echo", client.tool_names())
                self.assertEqual(client.call_text("u__echo", {"text": "hé"}), "hé")
                self.assertEqual(client.call_text("u__garbage"), "after the garbage")
                call = client.start("tools/call", {"name": "u__progress", "arguments": {},
                                                   "_meta": {"progressToken": "mine"}})
                call.result(5)
                reports = [n["params"] for n in client.notifications if n["method"] == "notifications/progress"]
                self.assertEqual([(r["progressToken"], r["progress"]) for r in reports],
                                 [("mine", 1), ("mine", 2), ("mine", 3)])
                self.assertEqual(client.close(), 0)
                self.assertEqual(client.garbage, [], "nothing but messages on its output")

    def test_both_eras_on_one_pipe(self):
        client = self.stdio_gateway({"u": self.unruly()}, era="modern")
        self.assertEqual(client.call_text("u__echo", {"text": "modern"}), "modern")
        client.era, client.version = "legacy", "2025-11-25"
        client.initialize()
        self.assertEqual(client.call_text("u__echo", {"text": "legacy"}), "legacy")
        client.era, client.version = "modern", "2026-07-28"
        self.assertEqual(client.call_text("u__echo", {"text": "modern"}), "modern")
        self.assertEqual(client.close(), 0)

    def test_bad_lines_are_answered_and_survived(self):
        client = self.stdio_gateway({"u": self.unruly()})
        for line in (b"{\n", b"\n", b"[]\n", b"7\n", b"\xff\xfe\n", b'{"jsonrpc":"2.0","id":{},"method":"ping"}\n',
                     b'{"jsonrpc":"2.0","id":99,"result":{}}\n', b"[" * 100_000 + b"\n", b"x" * 17_000_000 + b"\n"):
            client.send_raw(line)
        self.assertEqual(client.call_text("u__echo", {"text": "on"}), "on")
        codes = [json.loads(line).get("error", {}).get("code") for line in client.garbage]
        self.assertIn(-32700, codes)
        self.assertNotIn(None, codes)
        self.assertEqual(client.close(), 0)

    def test_end_of_input_with_open_calls_and_a_stubborn_server(self):
        mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
        client = self.stdio_gateway({"u": self.unruly("--stubborn", "--grandchild", mark)})
        client.call_text("u__echo", {"text": "up"})
        soon = client.start("tools/call", {"name": "u__sleep", "arguments": {"seconds": 0.5}})
        self.wait_for(lambda: client.call_text("u__pids"), "the call before to be sent")
        client.process.stdin.close()
        self.assertEqual(soon.result(5)["content"][0]["text"], "awake")
        self.assertEqual(client.process.wait(9), 0)
        found = subprocess.run(["pgrep", "-f", mark], stdout=subprocess.PIPE, check=False).stdout
        self.assertEqual(found, b"")

    def test_reader_gone(self):
        self.configure({"u": self.unruly()})
        process = subprocess.Popen([OAP, "mcp", "serve", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, cwd=self.work, env=self.env)
        self.addCleanup(self.end, process)
        process.stdout.close()
        try:
            for number in range(3):
                process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}).encode() + b"\n")
                process.stdin.flush()
        except BrokenPipeError:
            pass
        process.wait(9)
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass


if __name__ == "__main__":
    unittest.main()
