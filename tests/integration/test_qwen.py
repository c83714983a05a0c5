"""The real Qwen Code under oap's hook: what is denied does not run, in yolo mode too."""

import json
import os
import pathlib
import shutil

from agents import NODE, PEERS, TOKEN, AgentTest, unittest

# Not among the peers, for its size: npm's @qwen-code/qwen-code, wherever it is.
QWEN = pathlib.Path(os.environ.get("OAP_QWEN") or shutil.which("qwen") or
                    PEERS / "node_modules/@qwen-code/qwen-code/cli-entry.js")


def shell(command, **more):
    return {"name": "run_shell_command", "arguments": {"command": command, "is_background": False, **more}}


class QwenTest(AgentTest):
    program = QWEN
    launcher = (NODE,)
    how = "npm install --ignore-scripts @qwen-code/qwen-code, and set OAP_QWEN to its cli-entry.js"

    def setUp(self):
        super().setUp()
        (self.home / ".qwen").mkdir()
        (self.home / ".qwen/settings.json").write_text(json.dumps({
            "security": {"auth": {"selectedType": "openai"}, "folderTrust": {"enabled": False}},
            "privacy": {"usageStatisticsEnabled": False}, "general": {"enableAutoUpdate": False}}))
        self.ok("hook", "install", "qwen", "--user")

    def qwen(self):
        return self.run_program("-m", "m", "--approval-mode", "yolo", "-p", "go", env={
            "OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"http://127.0.0.1:{self.model()}/v1"})

    def results(self):
        """The texts of all tool results that the model was told."""
        return [json.dumps(message["content"]) for request in self.received()
                for message in request["body"].get("messages", []) if message["role"] == "tool"]


class Governed(QwenTest):
    def test_a_denied_command_does_not_run(self):
        self.says({"results": 0}, shell("touch marker"))
        self.qwen()
        self.assertFalse(self.exists(), self.said)
        self.assertIn("matches command program 'touch'", "".join(self.results()))
        self.assert_audit(("permission_check", "bash", "deny"))

    def test_an_allowed_command_runs(self):
        self.says({"results": 0}, shell("echo hello > /dev/null; echo twice"))
        self.qwen()
        self.assertIn("twice", "".join(self.results()), self.said)
        self.assertEqual([e["permission_decision"] for e in self.audited() if e["event_type"] == "permission_check"],
                         ["allow"])

    def test_what_a_person_would_have_to_approve_is_denied(self):
        self.says({"results": 0}, shell("python3 -c 'open(\"marker\", \"w\")'"))
        self.qwen()
        self.assertFalse(self.exists(), self.said)
        self.assertEqual([e["permission_decision"] for e in self.audited() if e["event_type"] == "permission_check"], ["ask"])

    def test_files_are_governed(self):
        self.write("private/notes.txt", "the hidden word is xylophone\n")
        self.says({"results": 0}, {"name": "read_file", "arguments": {"file_path": str(self.work / "private/notes.txt")}})
        self.says({"results": 1}, shell("cat notes.txt", directory=str(self.work / "private")))
        self.says({"results": 2}, {"name": "write_file", "arguments": {
            "file_path": str(self.work / ".git/config"), "content": "[core]"}})
        self.qwen()
        self.assertNotIn("xylophone", self.seen_by_model())
        self.assertFalse((self.work / ".git/config").exists())
        self.assertNotIn("allow", [e["permission_decision"] for e in self.audited()], self.said)

    def test_a_secret_in_an_answer_is_told_of(self):
        self.says({"results": 0}, shell("cat token.txt"))
        self.qwen()
        self.assertIn(TOKEN, self.seen_by_model())  # its hooks cannot replace an answer
        found = [e for e in self.audited() if e["event_type"] == "tool_execution"]
        self.assertEqual(len(found), 1)
        self.assertNotIn(TOKEN, json.dumps(found))

    def test_the_calls_of_a_subagent_are_governed(self):
        self.says({"user": "SUBTASK", "results": 0}, shell("touch marker"))
        self.says({"results": 0}, {"name": "agent", "arguments": {
            "subagent_type": "general-purpose", "description": "a part", "prompt": "SUBTASK: go"}})
        self.qwen()
        self.assertFalse(self.exists(), self.said)
        self.assertEqual([(e["tool"], e["permission_decision"]) for e in self.audited() if e["tool"] == "bash"],
                         [("bash", "deny")], self.said)

    def test_rules_that_cannot_be_read_deny(self):
        self.write(".opencode/permissions.yaml", "permissions: [")
        self.says({"results": 0}, shell("touch marker"))
        self.qwen()
        self.assertFalse(self.exists())
        self.assertIn("oap could not decide", "".join(self.results()))

    def test_the_file_is_as_before_after_uninstall(self):
        before = json.loads((self.home / ".qwen/settings.json.before-oap").read_text())
        self.ok("hook", "uninstall", "qwen", "--user")
        self.assertEqual(json.loads((self.home / ".qwen/settings.json").read_text()), before)


if __name__ == "__main__":
    unittest.main()
