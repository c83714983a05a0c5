"""The official TypeScript SDK clients in front of the gateway: v1 and v2, Streamable HTTP and stdio."""

from peers import OAP, PeerTest, unittest

LONG = "everything__trigger-long-running-operation"


def step(do, **more):
    return {"do": do, **more}


def call(name, arguments=None, **more):
    return step("call", name=name, arguments=arguments or {}, **more)


class Clients(PeerTest):
    def servers(self):
        return {"everything": self.everything(), "sdk2": self.sdk2()}

    def session(self, sdk, era, http):
        """Everything a client does in one session."""
        modern = era != "legacy"
        gateway = self.gateway(self.servers()) if http else None
        if not http:
            self.configure(self.servers())
        steps = [
            step("settled", kind="tools", count=26), step("list", kind="resources"), step("list", kind="resourceTemplates"),
            step("list", kind="prompts"),
            step("ping"), step("level", level="debug"),
            call("sdk2__greet", {"name": "Ada"}), call("sdk2__fail"), call("nope"), call("sdk2__greet", {"name": 5}),
            call("sdk2__speak"),
            step("read", uri="oap://template/sdk2/paint://red"),
            step("prompt", name="sdk2__describe", arguments={"color": "red"}),
            step("complete", params={"ref": {"type": "ref/resource", "uri": "oap://template/sdk2/paint://{color}"},
                                     "argument": {"name": "color", "value": "r"}}),
            step("listen", filter={"toolsListChanged": True}) if modern else step("list", kind="tools"),
            # A tool that comes later waits for an approval.
            call("sdk2__grow"), call("sdk2__late"), step("forget", method="notifications/tools/list_changed"),
            step("run", argv=[OAP, "mcp", "trust", "approve", "sdk2", "late", "--yes"]),
            step("wait", method="notifications/tools/list_changed"), step("settled", kind="tools", count=27),
            call("sdk2__late"),
        ]
        out = self.drive(gateway, sdk, steps, era)
        (tools, resources, templates, prompts, ping, level, greeting, failed, unknown, misfit, _, paint, prompt, completed,
         _, _, early, _, _, changed, after, late) = out["results"]
        self.assertEqual(len(tools), 26)
        self.assertEqual((len(resources), len(templates), len(prompts)), (8, 3, 5))
        if modern:  # neither exists there any more: the SDK refuses to send them
            self.assertIn("not supported", ping["error"] + level["error"])
        else:
            self.assertEqual((ping, level), ({}, {}))
            logged = [n for n in out["notifications"] if n["method"] == "notifications/message"]
            self.assertEqual(logged[0]["params"]["logger"], "speaker")
        self.assertEqual(greeting["structuredContent"], {"greeting": "hello Ada", "length": 9})
        self.assertIs(greeting["_meta"]["example.com/seen"], True)
        self.assertEqual((failed["isError"], self.text(failed)), (True, "it broke"))
        self.assertEqual(unknown["code"], -32602)
        self.assertIn("Unknown tool: nope", unknown["error"])
        self.assertTrue(misfit["isError"])
        self.assertIn("expected a string", self.text(misfit))
        self.assertEqual(paint["contents"][0]["text"], "paint red")
        self.assertEqual(prompt["messages"][0]["content"]["text"], "describe red")
        self.assertEqual(completed["completion"]["values"], ["red"])
        self.assertIn("error", early)
        self.assertTrue(changed)
        self.assertIn("sdk2__late", [tool["name"] for tool in after])
        self.assertEqual(self.text(late), "late")
        self.assertEqual(out["server"]["name"], "oap")
        if out["negotiated"]:
            self.assertEqual(out["negotiated"], "2026-07-28" if modern else "2025-11-25")
        self.assertEqual(out["failures"], [])

    def questions(self, sdk, era, http):
        """Sampling, elicitation and roots, of a legacy and of a modern server."""
        gateway = self.gateway(self.servers()) if http else None
        if not http:
            self.configure(self.servers())
        names = ["everything__trigger-sampling-request", "everything__trigger-elicitation-request",
                 "everything__trigger-url-elicitation", "sdk2__ask-sample", "sdk2__ask-elicit", "sdk2__ask-roots"]
        arguments = {names[0]: {"prompt": "think"}, names[2]: {"url": "https://example.com/go"}}
        out = self.drive(gateway, sdk, [step("list", kind="tools"), *(call(n, arguments.get(n)) for n in names)], era)
        _, sampled, elicited, opened, sampled2, elicited2, roots2 = map(
            lambda r: r if isinstance(r, list) else self.text(r), out["results"])
        self.assertIn("sampled: Resource trigger-sampling-request context: think", sampled)
        self.assertIn("Name: Ada", elicited)
        self.assertIn("completed the URL elicitation", opened)
        self.assertIn("sampled: think", sampled2)
        self.assertIn('"name":"Ada"', elicited2)
        self.assertIn("file:///tmp/one", roots2)
        # server-everything asks for the roots some time after its handshake, and remembers them.
        asked = [each["method"] for each in out["asked"]]
        if asked.count("roots/list") == 2:
            asked.remove("roots/list")
        self.assertEqual(asked,
                         ["sampling/createMessage", "elicitation/create", "elicitation/create",
                          "sampling/createMessage", "elicitation/create", "roots/list"])
        self.assertEqual(out["failures"], [])

    def waiting(self, sdk, era, http):
        """Progress, cancelling, timeouts, parallel calls; and the connection lives on."""
        gateway = self.gateway(self.servers()) if http else None
        if not http:
            self.configure(self.servers())
        out = self.drive(gateway, sdk, [
            call(LONG, {"duration": 0.5, "steps": 5}, progress=True),
            call(LONG, {"duration": 60, "steps": 300}, progress=True, cancelAfter=2),
            call(LONG, {"duration": 60, "steps": 1}, timeout=500),
            call(LONG, {"duration": 2, "steps": 10}, progress=True, timeout=1500, reset=True),
            step("calls", calls=[call("sdk2__greet", {"name": str(i)}) for i in range(20)]),
        ], era)
        done, cancelled, late, kept, many = out["results"]
        self.assertIn("completed", self.text(done))
        # The SDK hands progress on a moment later than results: over stdio it loses one that came with its result.
        # A loaded machine joins what waits, so not each step is seen, but their order is.
        progress = [p["progress"] for p in done["progress"]]
        self.assertGreaterEqual(len(progress), 3, done)
        self.assertEqual(progress, sorted(set(progress) & {1, 2, 3, 4, 5}), done)
        self.assertIn("enough", cancelled["error"])
        self.assertIn("timed out", late["error"])
        self.assertIn("completed", self.text(kept))
        self.assertEqual([self.text(each) for each in many], [f"hello {i}" for i in range(20)])
        self.assertEqual([f for f in out["failures"] if "unknown token" not in f], [])

    def test_v1_http_session(self):
        self.session("v1", "legacy", http=True)

    def test_v1_stdio_session(self):
        self.session("v1", "legacy", http=False)

    def test_v2_legacy_http_session(self):
        self.session("v2", "legacy", http=True)

    def test_v2_modern_http_session(self):
        self.session("v2", "auto", http=True)

    def test_v2_modern_stdio_session(self):
        self.session("v2", "auto", http=False)

    def test_v1_http_questions(self):
        self.questions("v1", "legacy", http=True)

    def test_v1_stdio_questions(self):
        self.questions("v1", "legacy", http=False)

    def test_v2_legacy_stdio_questions(self):
        self.questions("v2", "legacy", http=False)

    def test_v2_modern_http_questions(self):
        self.questions("v2", "modern", http=True)

    def test_v2_modern_stdio_questions(self):
        self.questions("v2", "modern", http=False)

    def test_v1_http_waiting(self):
        self.waiting("v1", "legacy", http=True)

    def test_v1_stdio_waiting(self):
        self.waiting("v1", "legacy", http=False)

    def test_v2_modern_http_waiting(self):
        self.waiting("v2", "auto", http=True)

    def test_v2_modern_stdio_waiting(self):
        self.waiting("v2", "auto", http=False)

    def resumed(self, sdk):
        """A connection that is cut in the middle of a call: the client comes back and gets the rest."""
        gateway = self.gateway({"everything": self.everything()})
        out = self.drive(gateway, sdk, [call(LONG, {"duration": 1.5, "steps": 5}, progress=True, cut={"after": 2}),
                                        call("everything__echo", {"message": "still here"})])
        done, echoed = out["results"]
        self.assertIn("completed", self.text(done))
        self.assertEqual([p["progress"] for p in done["progress"]], [1, 2, 3, 4, 5])
        self.assertEqual(self.text(echoed), "Echo: still here")
        self.assertIn(200, [r["status"] for r in out["requests"] if r["lastEventId"]])
        self.assertEqual([f for f in out["failures"] if "the network is gone" not in f], [])

    def test_v1_resumes_a_cut_stream(self):
        self.resumed("v1")

    def test_v2_resumes_a_cut_stream(self):
        self.resumed("v2")

    def test_a_cancelled_calls_stream_is_not_asked_for_again_and_again(self):
        gateway = self.gateway({"everything": self.everything()})
        out = self.drive(gateway, "v1", [
            call(LONG, {"duration": 60, "steps": 300}, progress=True, cancelAfter=2),
            call(LONG, {"duration": 1, "steps": 4}, progress=True), call("everything__echo", {"message": "x"})])
        self.assertEqual(out["failures"], [])
        resumed = [r["status"] for r in out["requests"] if r["lastEventId"]]
        self.assertEqual(resumed, [204])
        self.assertNotIn(409, [r["status"] for r in out["requests"]])


if __name__ == "__main__":
    unittest.main()
