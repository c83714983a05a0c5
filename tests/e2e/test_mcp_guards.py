"""What the MCP gateway and its commands do against those who want more than their share, more than they may see, or it to
harm itself: audit of refusals and lists, no secrets in what is shown, no gateway that starts itself."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from gateway import GatewayTest, unittest  # noqa: E402
from harness import OAP  # noqa: E402
from mcp_client import HttpClient, RpcError  # noqa: E402

SECRET = "zq-9f2c41d7e8b3a6550c1d"
KEY = "key-of-ann-0123456789abcdef"
EXPLODES = 'import os, sys\nsys.stderr.write("cannot sign in with " + os.environ["API_TOKEN"] + "\\n")\nsys.exit(3)\n'


class GuardsTest(GatewayTest):
    def explodes(self):
        self.write("explodes.py", EXPLODES)
        return {"command": [sys.executable, "-B", str(self.work / "explodes.py")], "env": {"API_TOKEN": SECRET}}

    def events(self, kind):
        return [e for e in self.audit() if e["event_type"] == kind]


class Commands(GuardsTest):
    def test_what_a_server_says_when_it_dies_is_shown_without_secrets(self):
        self.configure({"x": self.explodes()})
        for command in (["list"], ["list", "--json"], ["tools", "x"], ["tools", "x", "--json"], ["inspect", "x"],
                        ["resources", "--json"], ["prompts"], ["call", "x", "t"]):
            result = self.oap("mcp", *command)
            self.assertNotIn(SECRET, result.out + result.err, command)
        self.assertIn("cannot sign in", self.oap("mcp", "list").out)

    def test_one_server_alone_is_asked_where_one_is_named(self):
        self.configure({"good": self.unruly(), "silent": self.unruly("--init", "silent", "--probe", "silent")})
        for command, member in (("tools", "tools"), ("resources", "resources"), ("prompts", "prompts")):
            answer = self.oap("mcp", command, "good", "--json").json()
            self.assertEqual(answer["unavailable"], {}, command)
            self.assertIsInstance(answer[member], list, command)

    def test_a_gateway_that_is_its_own_server_refuses(self):
        self.configure({"self": {"command": [OAP, "mcp", "serve", "--stdio"]}, "good": self.unruly()})
        servers = {s["name"]: s for s in self.oap("mcp", "list", "--json").json()["servers"]}
        self.assertEqual(servers["good"]["state"], "ready")
        self.assertIs(servers["self"]["ok"], False)
        self.assertIn("started by one of themselves", servers["self"]["error"])

    def test_a_gateway_of_another_folder_says_how_it_can_be_a_server(self):
        inner = self.base / "inner"
        (inner / ".opencode").mkdir(parents=True)
        self.configure({"inner": {"command": [OAP, "mcp", "serve", "--stdio", "--workspace", str(inner)]}})
        servers = {s["name"]: s for s in self.oap("mcp", "list", "--json").json()["servers"]}
        self.assertIs(servers["inner"]["ok"], False)
        self.assertIn("configure its URL instead", servers["inner"]["error"])

    def test_a_call_of_an_unknown_server_is_audited(self):
        self.configure({"u": self.unruly()})
        for command in (["call", "nobody", "anything"], ["read", "nobody", "mem://1"], ["prompt", "nobody", "p"]):
            result = self.oap("mcp", *command)
            self.assertNotEqual(result.code, 0, command)
            self.assertIn("Unknown MCP server: nobody", result.err, command)
        self.assertEqual([(e["server"], e["success"]) for e in self.events("tool_execution")], [("nobody", False)] * 3)

    def test_items_without_a_name_are_left_out_and_told(self):
        self.write("odd.py", f"import sys\nsys.path.insert(0, {str(pathlib.Path(__file__).resolve().parent.parent / 'support/mcp_servers')!r})\n"
                             "import wire\n"
                             "def other(message):\n"
                             "    lists = {'prompts/list': {'prompts': [{'name': None}, {'name': 'good'}]},\n"
                             "             'resources/list': {'resources': [{'name': 'no uri'}]}}\n"
                             "    if message.get('method') in lists:\n"
                             "        wire.answer(message, lists[message['method']])\n"
                             "    elif 'id' in message:\n"
                             "        wire.refuse(message, -32601, 'no such method')\n"
                             "wire.serve([wire.tool('echo')], lambda request: None, other)\n")
        self.configure({"odd": {"command": [sys.executable, "-B", str(self.work / "odd.py")]}})
        server = self.oap("mcp", "list", "--json").json()["servers"][0]
        self.assertEqual(server["warnings"], ["1 of its resources have no uri and are left out",
                                              "1 of its prompts have no name and are left out"])
        self.assertIn("1 of its prompts have no name", self.oap("mcp", "list").out)
        prompts = self.oap("mcp", "prompts", "odd", "--json").json()["prompts"]
        self.assertEqual([p["name"] for p in prompts], ["good"])


class Audit(GuardsTest):
    def guarded(self):
        self.write(".opencode/config.yaml", json.dumps({"gateway": {"auth": {"api_keys": [{"key": KEY, "user": "ann"}]}}}))
        return self.gateway({"u": self.unruly()}, ready=False)

    def test_who_is_turned_away_is_counted(self):
        gateway = self.guarded()
        stranger = HttpClient(gateway.port)
        for _ in range(200):
            answer = stranger.post(stranger.message("initialize", id=1))
            self.assertEqual((answer.status, "error" in answer.json()), (401, True))
        answer = stranger.post(stranger.message("initialize", id=1), headers={"Host": "evil.example"})
        self.assertEqual((answer.status, "error" in answer.json()), (403, True))
        self.assertEqual(gateway.get("/metrics")[0], 401)
        self.assertEqual(gateway.stop(), 0)
        told = self.events("access_denied")
        self.assertEqual(sum(e["details"]["count"] for e in told), 202)
        self.assertLess(len(told), 60)
        self.assertEqual({p for e in told for p in e["details"]["peers"]}, {"127.0.0.1"})
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_lists_and_unknown_names_and_followed_resources(self):
        gateway = self.guarded()
        client = gateway.client(headers={"X-API-Key": KEY})
        client.tool_names()
        client.request("resources/list")
        client.request("prompts/list")
        with self.assertRaises(RpcError):
            client.call("no_such_tool")
        try:
            client.request("resources/subscribe", {"uri": "none://1"})
        except RpcError:
            pass
        events = self.audit()
        self.assertEqual([e["tool"] for e in events if e["event_type"] == "mcp_request"],
                         ["mcp:tools/list", "mcp:resources/list", "mcp:prompts/list", "mcp:resources/subscribe"])
        self.assertEqual({e["user_id"] for e in events if e["event_type"] == "mcp_request"}, {"ann"})
        unknown = [e for e in events if e["tool"] == "no_such_tool"]
        self.assertEqual([(e["event_type"], e["success"]) for e in unknown], [("tool_execution", False)])


class Names(GuardsTest):
    def test_a_tool_that_loses_its_name_has_its_prefix(self):
        gateway = self.gateway({"a": self.unruly(), "b": self.unruly()}, "--naming", "passthrough")
        client = gateway.client()
        listed = client.request("tools/list")
        names = [tool["name"] for tool in listed["tools"]]
        self.assertIn("echo", names)
        self.assertIn("b__echo", names)
        self.assertIn("b__echo", listed["_meta"]["oap/renamed"])
        self.assertEqual(client.call_text("b__echo", {"text": "hi"}), "hi")


if __name__ == "__main__":
    unittest.main()
