"""oap acp driven by the official client SDK (npm @agentclientprotocol/sdk, as the editors' own clients speak)."""

import json
import subprocess

from peers import HERE, NODE, OAP, PEERS, PeerTest, unittest

from mission import good_script  # of tests/support, which peers.py has made known


class AcpSdk(PeerTest):
    def setUp(self):
        super().setUp()
        if not (PEERS / "node_modules/@agentclientprotocol/sdk").is_dir():
            self.skipTest(f"no Agent Client Protocol SDK in {PEERS}: run scripts/peers.sh")

    def drive(self, script, prompts, permission="allow_once", mode=""):
        env, self.received = self.mock_llm(script)
        plan = {"command": [OAP, "acp", "--model", "openai/m"], "cwd": str(self.work), "prompts": prompts,
                "permission": permission, "mode": mode}
        done = subprocess.run([str(NODE), str(HERE / "acp_client.mjs"), json.dumps(plan)], capture_output=True,
                              timeout=120, env={**self.env, **env, "OAP_PEERS": str(PEERS)})
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-2000:])
        return json.loads(done.stdout)

    def test_a_whole_session_is_understood(self):
        self.write("notes.txt", "one\n")
        out = self.drive([
            {"when": {"user": "edit", "results": 0},
             "answer": {"text": "First I read.", "tool_calls": [
                 {"name": "read_file", "arguments": {"path": "notes.txt"}}]}},
            {"when": {"user": "edit", "results": 1},
             "answer": {"tool_calls": [{"name": "edit_file", "arguments": {
                 "path": "notes.txt", "old_string": "one", "new_string": "two"}}]}},
            {"when": {"user": "edit", "results": 2},
             "answer": {"tool_calls": [{"name": "bash", "arguments": {"command": "cat notes.txt"}}]}},
            {"answer": {"text": "Done."}},
        ], ["edit the notes", "thanks"])
        self.assertEqual(out["problems"], [])
        self.assertEqual([stop["stopReason"] for stop in out["stops"]], ["end_turn", "end_turn"])
        self.assertEqual((self.work / "notes.txt").read_text(), "two\n")
        self.assertEqual(out["files"], [["read", str(self.work / "notes.txt")]] * 2
                         + [["write", str(self.work / "notes.txt")]])
        self.assertEqual([p["toolCall"]["kind"] for p in out["permissions"]], ["edit", "execute"])
        kinds = {update["sessionUpdate"] for update in out["updates"]}
        self.assertLessEqual({"agent_message_chunk", "tool_call", "tool_call_update", "usage_update",
                              "available_commands_update", "session_info_update", "config_option_update"}, kinds)
        self.assertEqual(out["list"]["sessions"][0]["title"], "edit the notes")
        self.assertEqual(out["replayed"][0], "user_message_chunk")
        self.assertEqual(out["code"], 0)

    def test_a_mission_its_plan_and_a_notice_are_understood(self):
        self.write(".opencode/mcp-servers.yaml", "mcp_servers:\n  s: {command: [/nowhere]}\n")
        out = self.drive(good_script(), ["/task Write out.txt", "/status"], mode="approve")
        self.assertEqual(out["problems"], [])
        self.assertEqual([stop["stopReason"] for stop in out["stops"]], ["end_turn", "end_turn"])
        self.assertEqual((self.work / "out.txt").read_text(), "made\n")
        kinds = {update["sessionUpdate"] for update in out["updates"]}
        self.assertLessEqual({"plan", "notice", "current_mode_update", "agent_thought_chunk"}, kinds)


if __name__ == "__main__":
    unittest.main()
