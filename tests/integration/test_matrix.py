"""Mixed eras: each SDK client before each kind of server, the gateway between them."""

from peers import PeerTest, unittest

CLIENTS = (("v1", "legacy"), ("v2", "legacy"), ("v2", "modern"))


class Matrix(PeerTest):
    def everywhere(self, entry, kind):
        gateway = self.gateway({"s": entry})
        everything = kind == "everything"
        ask = "s__trigger-elicitation-request" if everything else "s__ask-elicit"
        work = ("s__trigger-long-running-operation", {"duration": 0.4, "steps": 4}) if everything else (
            "s__count", {"to": 4, "pauseMs": 50})
        hello = ("s__echo", {"message": "x"}) if everything else ("s__greet", {"name": "x"})
        prompt = {"do": "prompt", "name": "s__args-prompt", "arguments": {"city": "Bonn"}} if everything else {
            "do": "prompt", "name": "s__describe", "arguments": {"color": "red"}}
        for sdk, era in CLIENTS:
            with self.subTest(sdk=sdk, era=era):
                out = self.drive(gateway, sdk, [
                    {"do": "list", "kind": "tools"},
                    {"do": "call", "name": hello[0], "arguments": hello[1]},
                    {"do": "call", "name": ask},
                    {"do": "call", "name": work[0], "arguments": work[1], "progress": True},
                    {"do": "list", "kind": "resources"}, prompt,
                ], era)
                tools, greeted, asked, worked, resources, prompted = out["results"]
                self.assertIn(hello[0], [tool["name"] for tool in tools])
                self.assertIn("x", self.text(greeted))
                self.assertIn("Ada", self.text(asked))
                # server-everything asks for the roots too, some time after its handshake.
                self.assertEqual([each["method"] for each in out["asked"] if each["method"] != "roots/list"],
                                 ["elicitation/create"])
                self.assertEqual([p["progress"] for p in worked["progress"]][:3], [1, 2, 3])
                self.assertEqual(len({p["progress"] for p in worked["progress"]}), len(worked["progress"]))
                self.assertTrue(resources)
                self.assertTrue(prompted["messages"])
                self.assertEqual(out["negotiated"], "2026-07-28" if era == "modern" else "2025-11-25")
                self.assertEqual(out["failures"], [])

    def test_legacy_stdio_server(self):
        self.everywhere(self.everything(), "everything")

    def test_legacy_http_server(self):
        self.everywhere(self.everything_http(), "everything")

    def test_legacy_sse_server(self):
        self.everywhere(self.everything_http("sse"), "everything")

    def test_modern_stdio_server(self):
        self.everywhere(self.sdk2(), "sdk2")

    def test_modern_http_server(self):
        self.everywhere(self.sdk2_http("modern-http"), "sdk2")

    def test_dual_http_server(self):
        self.everywhere(self.sdk2_http("http"), "sdk2")


if __name__ == "__main__":
    unittest.main()
