"""The real Claude Code under oap's hook, where it is installed: $OAP_CLAUDE, else `claude` in the path."""

import json

from agents import CLAUDE, TOKEN, AgentTest, unittest


def bash(command):
    return {"name": "Bash", "arguments": {"command": command, "description": "a step"}}


class ClaudeCodeTest(AgentTest):
    program = CLAUDE
    how = "npm install --prefix DIR @anthropic-ai/claude-code-linux-x64, then OAP_CLAUDE=DIR/node_modules/…/claude"

    def setUp(self):
        super().setUp()
        self.ok("hook", "install", "claude-code", "--user")

    def claude(self, mode="bypassPermissions"):
        return self.run_program("-p", "go", "--output-format", "json", "--model", "claude-sonnet-4-5", "--permission-mode",
                                mode, env={
                                    "ANTHROPIC_API_KEY": "none", "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{self.model()}",
                                    "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "IS_SANDBOX": "1",
                                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"})

    def results(self):
        """What the model saw as results of tools, in the order of its newest request."""
        blocks = [block for message in self.received()[-1]["body"]["messages"] if isinstance(message["content"], list)
                  for block in message["content"]]
        return [json.dumps(block["content"]) for block in blocks if block["type"] == "tool_result"]


class Governed(ClaudeCodeTest):
    def test_a_denied_command_does_not_run_though_everything_is_bypassed(self):
        self.says({"results": 0}, bash("touch marker"))
        self.claude()
        self.assertFalse(self.exists(), self.said)
        self.assertIn("matches command program 'touch'", self.results()[0])
        self.assert_audit(("permission_check", "bash", "deny"))

    def test_what_a_person_would_have_to_approve_is_denied_where_nobody_is(self):
        self.says({"results": 0}, bash("python3 -c 'open(\"marker\", \"w\")'"))
        self.claude()
        self.assertFalse(self.exists(), self.said)

    def test_secrets_in_answers_reach_neither_the_model_nor_the_transcript(self):
        self.says({"results": 0}, bash("cat token.txt"))
        self.says({"results": 1}, {"name": "Read", "arguments": {"file_path": str(self.work / "token.txt")}})
        self.claude()
        self.assertEqual(["the token is [REDACTED:" in result for result in self.results()], [True, True], self.said)
        self.assertNotIn(TOKEN, self.seen_by_model())
        holding = [str(f) for f in self.home.rglob("*") if f.is_file() and TOKEN.encode() in f.read_bytes()]
        self.assertEqual(holding, [])
        self.assert_audit(("permission_check", "bash", "allow"), ("tool_execution", "bash", ""),
                          ("permission_check", "read_file", "allow"), ("tool_execution", "read_file", ""))

    def test_the_calls_of_a_subagent_are_governed(self):
        self.says({"user": "SUBTASK", "results": 0}, bash("touch marker"))
        self.says({"user": "SUBTASK"}, text="the subtask is done")
        self.says({"results": 0}, {"name": "Agent", "arguments": {
            "description": "a subtask", "prompt": "SUBTASK: go", "subagent_type": "general-purpose"}})
        self.claude()
        self.assertFalse(self.exists(), self.said)
        self.assertIn(("bash", "deny"), [(e["tool"], e["permission_decision"]) for e in self.audited()], self.said)

    def test_rules_that_cannot_be_read_deny(self):
        self.write(".opencode/permissions.yaml", "permissions: [")
        self.says({"results": 0}, bash("echo hello"))
        self.claude()
        self.assertIn("oap could not decide", self.results()[0])


class Wire(ClaudeCodeTest):
    def test_a_rewritten_command_runs_rewritten(self):
        self.stand_in(self.home / ".claude/settings.json", {"PreToolUse": (0, json.dumps({"hookSpecificOutput": {
            "hookEventName": "PreToolUse", "permissionDecision": "allow", "permissionDecisionReason": "",
            "updatedInput": {"command": "echo rewritten > written", "description": "x"}}}), "")})
        self.says({"results": 0}, bash("touch marker"))
        self.claude("default")
        self.assertFalse(self.exists())
        self.assertEqual((self.work / "written").read_text(), "rewritten\n")


if __name__ == "__main__":
    unittest.main()
