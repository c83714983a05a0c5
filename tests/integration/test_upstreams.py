"""Real MCP servers behind the gateway: what they offer, do and ask comes through it unchanged."""

import json
import re

from peers import ASKS, PeerTest, exact, unittest

TOOLS = {"everything": 17, "files": 14, "mem": 9, "sdk2": 9}
LONG = "trigger-long-running-operation"


def in_order(items, key="name"):
    return sorted(items, key=lambda item: item[key])


class Upstreams(PeerTest):
    def compare(self, entry, name, era="legacy"):
        """Definitions behind the gateway are those of a direct connection, byte for byte, apart from their names."""
        direct = self.direct(entry, era)
        gateway = self.gateway({name: entry})
        client = gateway.client(era, initialize=False, capabilities=ASKS)
        if era == "legacy":
            client.initialize()
        # Tools that depend on what the client can do come a moment after the handshake.
        count = {"everything": 17}.get(name, 0)
        self.wait_for(lambda: len(client.list_all("tools")) >= count, "all tools")
        for kind, key in (("tools", "name"), ("prompts", "name")):
            theirs = in_order(direct.list_all(kind), key) if kind in direct.server["capabilities"] else []
            ours = in_order(client.list_all(kind), key)
            theirs = [each for each in theirs if f"{name}__{each['name']}" in {o["name"] for o in ours}]
            self.assertEqual([each["name"] for each in ours], [f"{name}__{each['name']}" for each in theirs])
            self.assertEqual(exact(ours, drop=("name",)), exact(theirs, drop=("name",)))
        if "resources" in direct.server["capabilities"]:
            theirs, ours = direct.list_all("resources"), client.list_all("resources")
            self.assertEqual(exact(ours, drop=("uri",)), exact(theirs, drop=("uri",)))
            for mine, each in zip(ours, theirs):
                got = client.request("resources/read", {"uri": mine["uri"]})["contents"]
                self.assertEqual(exact(got), exact(direct.request("resources/read", {"uri": each["uri"]})["contents"]))
        return direct, client

    def same(self, direct, client, server, tool, arguments, drop=("isError", "_meta")):
        """A call's result, byte for byte; `isError` may be said where it was left out."""
        theirs = direct.call(tool, arguments)
        ours = client.call(f"{server}__{tool}", arguments)
        self.assertEqual(exact([ours], drop), exact([theirs], drop))
        return ours

    def test_everything_is_unchanged(self):
        direct, client = self.compare(self.everything(), "everything")
        for tool, arguments in (("echo", {"message": "grüße \u2028 \"x\""}), ("get-sum", {"a": 1.5, "b": 2}),
                                ("get-tiny-image", {}), ("get-resource-reference", {"resourceId": 2}),
                                ("get-annotated-message", {"messageType": "error", "includeImage": True}),
                                ("get-structured-content", {"location": "Chicago"})):
            with self.subTest(tool=tool):
                drop = ("isError", "content") if tool == "get-resource-reference" else ("isError",)
                self.same(direct, client, "everything", tool, arguments, drop)
        links = client.call("everything__get-resource-links", {"count": 2})["content"]
        uri = [each["uri"] for each in links if each["type"] == "resource_link"][0]
        self.assertIn("contents", client.request("resources/read", {"uri": uri}))

    def test_filesystem_is_unchanged_and_works(self):
        direct, client = self.compare(self.filesystem(), "files")
        path = str(self.files / "new.txt")
        client.call("files__write_file", {"path": path, "content": "one\ntwo\n"})
        self.assertEqual((self.files / "new.txt").read_text(), "one\ntwo\n")
        self.same(direct, client, "files", "read_text_file", {"path": path})
        self.same(direct, client, "files", "list_directory", {"path": str(self.files)})
        refused = client.call("files__read_text_file", {"path": "/etc/passwd"})
        self.assertTrue(refused["isError"])
        self.assertIn("Access denied", refused["content"][0]["text"])

    def test_memory_is_unchanged_and_works(self):
        direct, client = self.compare(self.memory(), "mem")
        client.call("mem__create_entities", {"entities": [{"name": "Ada", "entityType": "person", "observations": ["x"]}]})
        graph = self.same(direct, client, "mem", "read_graph", {})["structuredContent"]
        self.assertEqual(graph["entities"][0]["name"], "Ada")

    def test_sdk2_is_unchanged(self):
        direct, client = self.compare(self.sdk2(), "sdk2", era="legacy")
        # The direct connection is one of the legacy era, the gateway's is not.
        greeting = self.same(direct, client, "sdk2", "greet", {"name": "Ada"}, drop=("isError", "resultType", "_meta"))
        self.assertIs(greeting["_meta"]["example.com/seen"], True)
        self.assertEqual(client.request("completion/complete", {
            "ref": {"type": "ref/prompt", "name": "sdk2__describe"},
            "argument": {"name": "color", "value": "gre"}})["completion"]["values"], ["green", "grey"])

    def test_sdk2_over_http_is_unchanged(self):
        entry = self.sdk2_http()
        direct = self.direct(entry, era="modern")
        direct.discover()
        client = self.gateway({"sdk2": entry}).client("modern", capabilities=ASKS)
        theirs, ours = in_order(direct.list_all()), in_order(client.list_all())
        self.assertEqual([t["name"] for t in ours], ["sdk2__" + t["name"] for t in theirs])
        self.assertEqual(exact(ours, drop=("name",)), exact(theirs, drop=("name",)))
        self.same(direct, client, "sdk2", "greet", {"name": "Ada"})

    def test_all_at_once(self):
        servers = {"everything": self.everything(), "files": self.filesystem(), "mem": self.memory(), "sdk2": self.sdk2(),
                   "web": self.everything_http(), "sse": self.everything_http("sse"), "sdk2web": self.sdk2_http()}
        gateway = self.gateway(servers)
        counts = {**TOOLS, "web": 17, "sse": 17, "sdk2web": 9}
        client = gateway.client(capabilities=ASKS, handlers={
            "sampling/createMessage": lambda params: {"model": "m", "role": "assistant",
                                                      "content": {"type": "text", "text": "sampled"}},
            "elicitation/create": lambda params: {"action": "accept", "content": {"name": "Ada"}},
            "roots/list": lambda params: {"roots": [{"uri": "file:///tmp/one"}]}})
        self.wait_for(lambda: len(client.list_all()) == sum(counts.values()), "all tools of all servers")
        names = client.tool_names()
        for server, count in counts.items():
            self.assertEqual(len([n for n in names if n.startswith(server + "__")]), count, names)
        for server in ("everything", "web", "sse"):
            with self.subTest(server=server):
                self.assertEqual(client.call_text(f"{server}__echo", {"message": "hi"}), "Echo: hi")
                self.assertIn("sampled", client.call_text(f"{server}__trigger-sampling-request", {"prompt": "p"}))
                self.assertIn("provided", client.call_text(f"{server}__trigger-elicitation-request"))
                prompt = client.request("prompts/get", {"name": f"{server}__args-prompt", "arguments": {"city": "Bonn"}})
                self.assertIn("Bonn", prompt["messages"][0]["content"]["text"])
                found = client.request("completion/complete", {
                    "ref": {"type": "ref/prompt", "name": f"{server}__completable-prompt"},
                    "argument": {"name": "department", "value": "E"}})
                self.assertEqual(found["completion"]["values"], ["Engineering"])
        for server in ("sdk2", "sdk2web"):
            with self.subTest(server=server):
                self.assertEqual(client.call_text(f"{server}__greet", {"name": "Ada"}), "hello Ada")
                self.assertIn('"name":"Ada"', client.call_text(f"{server}__ask-elicit"))
                self.assertIn("sampled", client.call_text(f"{server}__ask-sample"))
                self.assertIn("file:///tmp/one", client.call_text(f"{server}__ask-roots"))
        self.assertIn("hello from", client.call_text("files__read_text_file", {"path": str(self.files / "hello.txt")}))
        templates = {each["uriTemplate"] for each in client.request("resources/templates/list")["resourceTemplates"]}
        self.assertEqual(len(templates), 8, templates)
        for template in templates:
            uri = re.sub(r"\{\w+\}", "red" if "paint" in template else "3", template)
            self.assertTrue(client.request("resources/read", {"uri": uri})["contents"], uri)
        self.assertEqual(json.loads(gateway.get("/ready")[1])["waiting_for"], [])

    def test_progress_and_cancellation_reach_the_server(self):
        gateway = self.gateway({"everything": self.everything(), "sdk2": self.sdk2_http()})
        client = gateway.client()
        pending = client.start("tools/call", {"name": f"everything__{LONG}", "arguments": {"duration": 0.5, "steps": 5},
                                              "_meta": {"progressToken": "mine"}})
        self.assertIn("completed", pending.result()["content"][0]["text"])
        updates = [m["params"] for m in pending.messages if m["method"] == "notifications/progress"]
        self.assertEqual([u["progress"] for u in updates], [1, 2, 3, 4, 5])
        self.assertEqual({u["progressToken"] for u in updates}, {"mine"})
        slow = client.start("tools/call", {"name": "sdk2__count", "arguments": {"to": 2000, "pauseMs": 20},
                                           "_meta": {"progressToken": 7}})
        self.wait_for(lambda: slow.messages, "progress")
        slow.cancel()
        self.wait_for(lambda: client.call_text("sdk2__cancelled") == "1", "the cancellation at the server")

    def test_log_messages_follow_each_sessions_level(self):
        gateway = self.gateway({"sdk2": self.sdk2()})
        loud, quiet = gateway.client(), gateway.client()
        loud.open_stream()
        quiet.open_stream()
        loud.request("logging/setLevel", {"level": "debug"})
        quiet.request("logging/setLevel", {"level": "emergency"})
        pending = loud.start("tools/call", {"name": "sdk2__speak", "arguments": {}})
        pending.result()
        told = self.wait_for(lambda: [m["params"] for m in loud.notifications
                                      if m["method"] == "notifications/message"], "the message")
        self.assertEqual(told, [{"level": "warning", "data": {"words": "careful"}, "logger": "speaker"}])
        pending = quiet.start("tools/call", {"name": "sdk2__speak", "arguments": {}})
        pending.result()
        self.assertEqual([m for m in quiet.notifications if m["method"] == "notifications/message"], [])

    def test_resource_updates_reach_who_subscribed(self):
        client = self.gateway({"everything": self.everything()}).client()
        client.open_stream()
        listed = client.list_all("resources")
        client.request("resources/subscribe", {"uri": listed[0]["uri"]})
        client.call("everything__toggle-subscriber-updates")
        self.assertEqual(client.wait_notification("notifications/resources/updated", 15)["uri"], listed[0]["uri"])
        client.call("everything__toggle-subscriber-updates")

    def test_url_elicitation_both_ways(self):
        asked = []

        def answer(params):
            asked.append(params)
            return {"action": "accept"}

        client = self.gateway({"everything": self.everything()}).client(capabilities=ASKS,
                                                                        handlers={"elicitation/create": answer})
        self.wait_for(lambda: "everything__trigger-url-elicitation" in client.tool_names(), "the tool")
        tool, arguments = "everything__trigger-url-elicitation", {"url": "https://example.com/go", "elicitationId": "e-1"}
        self.assertIn("completed", client.call_text(tool, arguments))
        self.assertEqual((asked[0]["mode"], asked[0]["url"], asked[0]["elicitationId"]),
                         ("url", "https://example.com/go", "e-1"))
        with self.assertRaises(Exception) as refused:
            client.call(tool, {**arguments, "errorPath": True})
        self.assertEqual(refused.exception.code, -32042)
        self.assertEqual(refused.exception.data["elicitations"][0]["mode"], "url")


if __name__ == "__main__":
    unittest.main()
