"""What hosts and browsers send in the field, beside what the SDKs send: none of it may fail without need."""

import json

from peers import PeerTest, unittest

CLIENTS = {  # who sends it: User-Agent, Accept, protocol version
    "claude_code": ("claude-code/2.3.0 (cli)", "application/json, text/event-stream", "2025-11-25"),
    "cursor": ("Cursor/3.1.0 (linux x64)", "application/json,text/event-stream", "2025-06-18"),
    "vscode": ("node", "text/event-stream, application/json", "2025-11-25"),
    "codex": ("codex_cli_rs/0.60.1 (Debian 12; x86_64) rmcp/0.9", "text/event-stream, application/json", "2025-06-18"),
    "curl": ("curl/8.5.0", "*/*", "2025-03-26"),
    "old": ("python-httpx/0.27", "application/json", "2024-11-05"),
    "gateway": ("Go-http-client/1.1", "application/*, text/*;q=0.5", "2025-03-26"),
    "unknown_version": ("x/1", "application/json, text/event-stream", "2030-01-01"),
    "nameless": (None, None, "2025-06-18"),
}
INSPECTOR = "http://localhost:6274"


class Hosts(PeerTest):
    def setUp(self):
        super().setUp()
        self.served = self.gateway({"sdk2": self.sdk2_http()})
        self.raw = self.served.client(initialize=False)

    def post(self, method, params=None, id=1, headers=None):
        message = {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})}
        if id is not None:
            message["id"] = id
        return self.raw.raw("POST", headers={"Content-Type": "application/json", **(headers or {})},
                            body=json.dumps(message).encode())

    def answer(self, response):
        """The answer, be it JSON or an event stream."""
        self.assertEqual(response.status, 200, response.status)
        if not response.is_stream:
            return response.json()
        answers = [json.loads(e.data) for e in response.events() if e.data and not e.comment]
        return [each for each in answers if "id" in each][-1]

    def test_handshakes_of_hosts(self):
        for who, (agent, accept, version) in CLIENTS.items():
            with self.subTest(who=who):
                headers = {"User-Agent": agent, "Accept": accept}
                opened = self.post("initialize", {"protocolVersion": version, "capabilities": {},
                                                  "clientInfo": {"name": who, "version": "1"}}, headers=headers)
                session = opened.headers["mcp-session-id"]
                agreed = self.answer(opened)["result"]["protocolVersion"]
                self.assertEqual(agreed, version if version != "2030-01-01" else "2025-11-25")
                headers["Mcp-Session-Id"] = session
                done = self.post("notifications/initialized", id=None, headers=headers)
                self.assertEqual((done.status, done.body), (202, b""))
                # Clients before 2025-06-18 send no MCP-Protocol-Version, some later ones do not either.
                tools = self.answer(self.post("tools/list", headers=headers))["result"]["tools"]
                self.assertEqual(len(tools), 9)
                headers["MCP-Protocol-Version"] = agreed
                called = self.answer(self.post("tools/call", {"name": "sdk2__greet"}, id="a", headers=headers))
                self.assertEqual(called["result"]["content"][0]["text"], "hello you")
                self.assertEqual(self.raw.raw("DELETE", headers=headers).status, 204)
                self.assertEqual(self.post("tools/list", headers=headers).status, 404)

    def test_before_a_session_there_is_a_clear_answer(self):
        got = self.raw.raw("GET", headers={"Accept": "text/event-stream"})
        self.assertIn(got.status, (400, 405))  # both make SDK clients go on
        for status, response in (
                (400, self.post("tools/list")), (404, self.post("tools/list", headers={"Mcp-Session-Id": "gone"})),
                (400, self.post("ping", headers={"MCP-Protocol-Version": "1999-01-01"})),
                (406, self.raw.raw("GET", headers={"Accept": "text/html", "Mcp-Session-Id": self.session()})),
                (415, self.raw.raw("POST", headers={"Content-Type": "text/plain"}, body=b"{}")),
                (405, self.raw.raw("PUT", headers={"Content-Type": "application/json"}, body=b"{}"))):
            self.assertEqual(response.status, status)
            self.assertIn("error", response.json())
        self.assertEqual(self.raw.raw("GET", path="/").status, 404)
        self.assertEqual(self.raw.raw("GET", path="/.well-known/oauth-protected-resource").status, 404)
        self.assertEqual(self.raw.raw("GET", path="/.well-known/oauth-authorization-server/mcp").status, 404)

    def session(self):
        opened = self.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                          "clientInfo": {"name": "x", "version": "1"}})
        return opened.headers["mcp-session-id"]

    def test_a_browser_of_this_machine_may_use_it(self):
        wanted = "content-type,mcp-protocol-version,mcp-session-id,mcp-method,mcp-name,authorization,last-event-id"
        for origin in (INSPECTOR, "http://127.0.0.1:5173", f"http://127.0.0.1:{self.served.port}"):
            with self.subTest(origin=origin):
                asked = self.raw.raw("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST",
                                                         "Access-Control-Request-Headers": wanted})
                self.assertEqual((asked.status, asked.body), (204, b""))
                self.assertEqual(asked.headers["access-control-allow-origin"], origin)
                self.assertNotIn("access-control-allow-credentials", asked.headers)
                for method in ("GET", "POST", "DELETE"):
                    self.assertIn(method, asked.headers["access-control-allow-methods"])
                allowed = asked.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
                self.assertEqual([name for name in wanted.split(",") if name not in allowed], [])
                opened = self.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                                  "clientInfo": {"name": "x", "version": "1"}}, headers={"Origin": origin})
                self.assertEqual(opened.headers["access-control-allow-origin"], origin)
                self.assertIn("mcp-session-id", opened.headers["access-control-expose-headers"].lower())
                self.assertIn("origin", opened.headers["vary"].lower())
        # A page reads why it was refused, too.
        refused = self.post("tools/list", headers={"Origin": INSPECTOR})
        self.assertEqual((refused.status, refused.headers["access-control-allow-origin"]), (400, INSPECTOR))

    def test_a_foreign_page_may_not(self):
        for origin in ("https://evil.example", "null", "http://localhost.evil.example:6274", "http://127.0.0.1.evil.example",
                       "file://", "http://localhost:6274@evil.example"):
            with self.subTest(origin=origin):
                for response in (self.raw.raw("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"}),
                                 self.post("ping", headers={"Origin": origin}),
                                 self.raw.raw("GET", headers={"Origin": origin, "Accept": "text/event-stream"})):
                    self.assertEqual(response.status, 403)
                    self.assertNotIn("access-control-allow-origin", response.headers)
        rebound = self.post("ping", headers={"Host": "evil.example:80", "Origin": "http://evil.example"})
        self.assertEqual(rebound.status, 403)

    def test_a_plain_program_gets_no_cors_headers(self):
        opened = self.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {},
                                          "clientInfo": {"name": "x", "version": "1"}})
        self.assertEqual([name for name in opened.headers if name.startswith("access-control")], [])


class ConfiguredOrigins(PeerTest):
    def test_an_allowed_origin_may_use_it(self):
        self.write(".opencode/config.yaml", "gateway:\n  allowed_origins: [https://app.example]\n")
        gateway = self.gateway({"sdk2": self.sdk2_http()})
        client = gateway.client(initialize=False)
        for origin, status in (("https://app.example", 204), ("https://app.example:8443", 403), ("http://app.example", 403)):
            response = client.raw("OPTIONS", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
            self.assertEqual(response.status, status, origin)
            self.assertEqual(response.headers.get("access-control-allow-origin"), origin if status == 204 else None)


if __name__ == "__main__":
    unittest.main()
