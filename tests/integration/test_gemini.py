"""The real Gemini CLI under oap's hook: what is denied does not run, what is secret does not reach the model."""

import json

from agents import GEMINI, NODE, TOKEN, AgentTest, unittest

SETTINGS = {
    "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
    "privacy": {"usageStatisticsEnabled": False}, "general": {"enableAutoUpdate": False},
}


def shell(command):
    return {"name": "run_shell_command", "arguments": {"command": command, "description": "a step"}}


class GeminiTest(AgentTest):
    program = GEMINI
    launcher = (NODE,)

    def setUp(self):
        super().setUp()
        (self.home / ".gemini").mkdir()
        (self.home / ".gemini/settings.json").write_text(json.dumps(SETTINGS))
        self.ok("hook", "install", "gemini", "--user")

    def gemini(self):
        return self.run_program("-m", "gemini-2.5-flash", "--approval-mode", "yolo", "--output-format", "json", "-p", "go",
                                env={"GEMINI_API_KEY": "none", "GEMINI_CLI_NO_RELAUNCH": "true",
                                     "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{self.model()}"})

    def result(self, number=1):
        """The text of the newest tool result in the model's request of this number."""
        parts = [part for content in self.received()[number]["body"]["contents"] for part in content["parts"]]
        return [json.dumps(part["functionResponse"]["response"]) for part in parts if "functionResponse" in part][-1]


class Governed(GeminiTest):
    def test_a_denied_command_does_not_run(self):
        self.says({"results": 0}, shell("touch marker"))
        self.gemini()
        self.assertFalse(self.exists(), self.said)
        self.assertIn("matches command program 'touch'", self.result())
        self.assert_audit(("permission_check", "bash", "deny"))

    def test_a_secret_in_an_answer_does_not_reach_the_model(self):
        self.says({"results": 0}, shell("cat token.txt"))
        self.says({"results": 1}, {"name": "read_file", "arguments": {"file_path": "token.txt"}})
        self.gemini()
        self.assertIn("the token is [REDACTED:", self.result(1))
        self.assertIn("the token is [REDACTED:", self.result(2))
        self.assertNotIn(TOKEN, self.seen_by_model())
        self.assert_audit(("permission_check", "bash", "allow"), ("tool_execution", "bash", ""),
                          ("permission_check", "read_file", "allow"), ("tool_execution", "read_file", ""))

    def test_what_a_person_would_have_to_approve_is_denied(self):
        self.says({"results": 0}, shell("python3 -c 'open(\"marker\", \"w\")'"))
        self.gemini()
        self.assertFalse(self.exists())
        self.assertIn("a person must approve this", self.result())

    def test_the_calls_of_a_subagent_are_governed(self):
        self.says({"user": "SUBTASK", "results": 0}, shell("touch marker"))
        self.says({"user": "SUBTASK"}, {"name": "complete_task", "arguments": {"result": "done"}})
        self.says({"results": 0}, {"name": "invoke_agent", "arguments": {"agent_name": "generalist", "prompt": "SUBTASK: go"}})
        self.gemini()
        self.assertFalse(self.exists())
        self.assertEqual([(e["tool"], e["permission_decision"]) for e in self.audited() if e["tool"] == "bash"],
                         [("bash", "deny")], self.said)

    def test_a_command_is_judged_in_the_folder_where_it_starts(self):
        self.write("private/notes.txt", "the hidden word is xylophone\n")
        self.says({"results": 0}, {"name": "run_shell_command", "arguments": {
            "command": "cat notes.txt", "description": "x", "dir_path": "private"}})
        self.gemini()
        self.assertNotIn("xylophone", self.seen_by_model())
        self.assertEqual([e["permission_decision"] for e in self.audited() if e["tool"] == "bash"], ["deny"], self.said)

    def test_rules_that_cannot_be_read_deny(self):
        self.write(".opencode/permissions.yaml", "permissions: [")
        self.says({"results": 0}, shell("echo hello"))
        self.gemini()
        self.assertIn("oap could not decide", self.result())


class Wire(GeminiTest):
    """What Gemini CLI does with the words of hosts/reply.cpp, said here by a stand-in for oap-hook."""

    def test_a_rewritten_command_runs_rewritten(self):
        self.stand_in(self.home / ".gemini/settings.json", {"BeforeTool": (0, json.dumps({"decision": "allow", "hookSpecificOutput": {
            "hookEventName": "BeforeTool", "tool_input": {"command": "echo rewritten > written"}}}), "")})
        self.says({"results": 0}, shell("touch marker"))
        self.gemini()
        self.assertFalse(self.exists())
        self.assertEqual((self.work / "written").read_text(), "rewritten\n")

    def test_exit_code_2_denies(self):
        self.stand_in(self.home / ".gemini/settings.json", {"BeforeTool": (2, "", "oap could not decide: because")})
        self.says({"results": 0}, shell("touch marker"))
        self.gemini()
        self.assertFalse(self.exists())
        self.assertIn("because", self.result())


if __name__ == "__main__":
    unittest.main()
