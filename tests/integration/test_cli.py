"""`oap mcp list|tools|call` with real servers, and the mistakes that new users make."""

import sys

from peers import PEERS, PeerTest, unittest

NOISY = "import os, sys; print('starting up …'); print('ready', flush=True); os.execv(sys.argv[1], sys.argv[1:])"


class CommandLine(PeerTest):
    def test_list_says_what_is_well_and_why_not(self):
        self.configure({"mem": self.memory(), "web": self.sdk2_http(), "wrong": {"command": ["/nonexistent/server"]},
                        "missing": {"command": ["no-such-program-of-ours"]}, "gone": {"url": "http://127.0.0.1:9/mcp"},
                        "talker": {"command": ["/bin/echo", "I am no server"]}})
        listed = self.oap("mcp", "list", "--json")
        servers = {each["name"]: each for each in listed.json()["servers"]}
        self.assertTrue(servers["mem"]["ok"] and servers["web"]["ok"], servers)
        self.assertEqual((servers["mem"]["tools"], servers["web"]["tools"]), (9, 9))
        self.assertIn("/nonexistent/server", servers["wrong"]["error"])
        self.assertIn("no-such-program-of-ours", servers["missing"]["error"])
        self.assertIn("127.0.0.1:9", servers["gone"]["error"])
        self.assertIn("'talker' ended", servers["talker"]["error"])

    def test_calls(self):
        self.configure({"everything": self.everything()})
        for arguments, code, words in (
                (["everything", "echo", '{"message":"grüße"}'], 0, "Echo: grüße"),
                (["everything", "ech", "{}"], 1, "did you mean 'echo'"),
                (["everythin", "echo"], 1, "did you mean 'everything'"),
                (["everything", "echo", '{"msg":1}'], 1, "message"),
                (["everything", "echo", "{bad"], 2, "arguments"),
                (["everything", "trigger-sampling-request", '{"prompt":"x"}'], 1, "nobody is at a terminal")):
            with self.subTest(arguments=arguments):
                result = self.oap("mcp", "call", *arguments)
                self.assertEqual(result.code, code, result)
                self.assertIn(words, result.out + result.err)
        structured = self.oap("mcp", "call", "everything", "get-structured-content", '{"location":"Chicago"}', "--json").json()
        self.assertEqual(set(structured["structured_content"]), {"temperature", "conditions", "humidity"})

    def test_a_server_that_prints_to_stdout_works(self):
        self.configure({"noisy": {"command": [sys.executable, "-c", NOISY, str(PEERS / "bin" / "server-memory")],
                                  "env": {"MEMORY_FILE_PATH": str(self.work / "memory.jsonl")}}})
        result = self.oap("mcp", "call", "noisy", "read_graph")
        self.assertEqual(result.code, 0, result)
        self.assertIn('"entities": []', result.out)

    def test_one_servers_tools_do_not_wait_for_the_others(self):
        self.configure({"mem": self.memory(), "hangs": {"command": [sys.executable, "-c", "import time; time.sleep(600)"]}})
        result = self.oap("mcp", "tools", "mem")
        self.assertEqual(result.code, 0, result)
        self.assertEqual(len(result.out.splitlines()), 9)
        self.assertNotIn("hangs", result.err)


if __name__ == "__main__":
    unittest.main()
