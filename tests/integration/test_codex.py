"""The real Codex under oap's hook: what is denied does not run, what is secret does not reach the model."""

import json

from agents import CODEX, TOKEN, AgentTest, unittest

CONFIG = """model = "mock-1"
model_provider = "mock"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[model_providers.mock]
name = "mock"
base_url = "http://127.0.0.1:{port}/v1"
wire_api = "responses"
supports_websockets = false
request_max_retries = 0
stream_max_retries = 0

[analytics]
enabled = false
"""


def shell(command):
    return {"name": "exec_command", "arguments": {"cmd": command}}


class CodexTest(AgentTest):
    program = CODEX

    def codex(self, *options, prompt="go"):
        folder = self.home / ".codex"
        folder.mkdir(exist_ok=True)
        text = CONFIG.format(port=self.model())
        config = folder / "config.toml"
        present = config.read_text() if config.exists() else ""
        config.write_text(text + present)
        return self.run_program("exec", "--json", "--skip-git-repo-check", *options, prompt)

    def install(self):
        self.ok("hook", "install", "codex", "--user")

    def result(self, number=1):
        """The text of a tool's result as the model saw it in its request of this number."""
        items = self.received()[number]["body"]["input"]
        return [json.dumps(i["output"]) for i in items if i["type"] == "function_call_output"][-1]


class Governed(CodexTest):
    def setUp(self):
        super().setUp()
        self.install()

    def test_a_denied_command_does_not_run(self):
        self.says({"results": 0}, shell("touch marker"))
        self.codex()
        self.assertFalse(self.exists())
        self.assertIn("matches command program 'touch'", self.result())
        self.assert_audit(("permission_check", "bash", "deny"))

    def test_an_allowed_command_runs(self):
        self.says({"results": 0}, shell("echo hello > made"))
        self.codex()
        self.assertTrue(self.exists("made") or "approve" in self.result(), self.said)

    def test_what_a_person_would_have_to_approve_is_denied(self):
        self.says({"results": 0}, shell("python3 -c 'open(\"marker\", \"w\")'"))
        self.codex()
        self.assertFalse(self.exists())
        self.assertIn("a person must approve this", self.result())

    def test_a_secret_in_an_answer_does_not_reach_the_model(self):
        self.says({"results": 0}, shell("cat token.txt"))
        self.codex()
        self.assertNotIn(TOKEN, self.seen_by_model())
        self.assertIn("the token is", self.result())
        self.assert_audit(("permission_check", "bash", "allow"), ("tool_execution", "bash", ""))

    def test_the_calls_of_a_subagent_are_governed(self):
        self.says({"user": "SUBTASK", "results": 0}, shell("touch marker"))
        self.says({"user": "SUBTASK"}, text="the subtask is done")
        self.says({"results": 0}, {"name": "spawn_agent", "namespace": "multi_agent_v1",
                                   "arguments": {"message": "SUBTASK: go"}})
        self.says({"results": 1}, {"name": "wait_agent", "namespace": "multi_agent_v1",
                                   "arguments": {"targets": ["none"], "timeout_ms": 10_000}})
        self.says({"results": 2}, shell("echo waited"))
        self.codex()
        self.assertFalse(self.exists())
        self.assertIn("matches command program 'touch'", self.seen_by_model() + self.said)
        self.assertIn(("bash", "deny"), [(e["tool"], e["permission_decision"]) for e in self.audited()])

    def test_a_command_is_judged_in_the_folder_where_it_starts(self):
        self.write("private/notes.txt", "the hidden word is xylophone\n")
        self.says({"results": 0}, {"name": "exec_command", "arguments": {
            "cmd": "cat notes.txt", "workdir": str(self.work / "private")}})
        self.codex("--ephemeral")
        self.assertNotIn("xylophone", self.seen_by_model())
        self.assertEqual([e["permission_decision"] for e in self.audited() if e["tool"] == "bash"], ["deny"], self.said)

    def test_rules_that_cannot_be_read_deny(self):
        self.write(".opencode/permissions.yaml", "permissions: [")
        self.says({"results": 0}, shell("echo hello"))
        self.codex()
        self.assertIn("oap could not decide", self.result())

    def test_with_a_daemon_and_without_it_the_decision_is_the_same(self):
        daemon = self.serve()
        self.says({"results": 0}, shell("touch marker; echo a"))
        self.codex()
        self.assertFalse(self.exists())
        self.assertIn("matches command program 'touch'", self.result())
        daemon.kill()
        daemon.wait()
        self.home.joinpath(".codex/config.toml").write_text("")
        self.install()
        self.codex()
        self.assertFalse(self.exists())
        self.assertIn("matches command program 'touch'", self.result())
        self.assertEqual([e["permission_decision"] for e in self.audited() if e["event_type"] == "permission_check"],
                         ["deny", "deny"])
        self.ok("audit", "verify")


class Wire(CodexTest):
    """What Codex does with the words of hosts/reply.cpp, said here by a stand-in for oap-hook."""

    def setUp(self):
        super().setUp()
        self.install()

    def test_a_rewritten_command_runs_rewritten(self):
        self.stand_in(self.home / ".codex/hooks.json", {"PreToolUse": (0, json.dumps({"hookSpecificOutput": {
            "hookEventName": "PreToolUse", "permissionDecision": "allow", "permissionDecisionReason": "",
            "updatedInput": {"command": "echo rewritten > written"}}}), "")})
        self.says({"results": 0}, shell("touch marker"))
        self.codex("--dangerously-bypass-hook-trust")
        self.assertFalse(self.exists())
        self.assertEqual((self.work / "written").read_text(), "rewritten\n")

    def test_exit_code_2_denies(self):
        self.stand_in(self.home / ".codex/hooks.json", {"PreToolUse": (2, "", "oap could not decide: because")})
        self.says({"results": 0}, shell("touch marker"))
        self.codex("--dangerously-bypass-hook-trust")
        self.assertFalse(self.exists())
        self.assertIn("because", self.result())

    def test_a_hook_that_is_not_trusted_is_not_run(self):
        # Why the installation has to say that ours is trusted: Codex goes on without it, and says nothing.
        self.stand_in(self.home / ".codex/hooks.json", {"PreToolUse": (2, "", "never asked")})
        self.says({"results": 0}, shell("touch marker"))
        self.codex()
        self.assertTrue(self.exists())


if __name__ == "__main__":
    unittest.main()
