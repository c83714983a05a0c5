"""Hook programs written for Claude Code, at the points of our own runs."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, github_token, unittest  # noqa: E402

GUARD = """import json, sys
event = json.load(sys.stdin)
command = event["tool_input"].get("command", "")
if "curl" in command:
    print("curl is not allowed in this project", file=sys.stderr)
    sys.exit(2)
if command == "echo plain":
    print(json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "allow",
                                             "updatedInput": {"command": "echo rewritten"}}}))
"""


def bash(command):
    return {"tool_calls": [{"name": "bash", "arguments": {"command": command}}]}


def group(command, matcher=None, **more):
    handler = {"type": "command", "command": command, **more}
    return {"matcher": matcher, "hooks": [handler]} if matcher is not None else {"hooks": [handler]}


class HookPrograms(OapTest):
    def settings(self, hooks, **more):
        self.write(".claude/settings.json", json.dumps({"hooks": hooks, **more}))

    def script(self, *answers, end="all done"):
        """A model that makes these calls one after another, then says something."""
        rules = [{"when": {"results": i}, "answer": answer} for i, answer in enumerate(answers)]
        return self.mock_llm([*rules, {"answer": {"text": end}}])

    def run_calls(self, *commands, flags=("--yes",), trust=True):
        if trust:
            self.assertEqual(self.oap("trust").code, 0)
        env, received = self.script(*[bash(command) for command in commands])
        result, code = self.run_task("go on", "--model", "openai/m", *flags, env=env)
        return result, code, json.dumps([one["body"] for one in received()])

    def test_a_guard_blocks_and_rewrites(self):
        self.write(".claude/hooks/guard.py", GUARD)
        self.settings({"PreToolUse": [group('python3 "$CLAUDE_PROJECT_DIR"/.claude/hooks/guard.py', "Bash")]})
        result, code, seen = self.run_calls("curl http://127.0.0.1:1/", "echo plain", "echo other")
        self.assertEqual(code, 0, result)
        self.assertIn("curl is not allowed in this project", seen)
        self.assertIn("rewritten", seen)
        self.assertEqual(len(result["denials"]), 1)
        self.assertIn("hook PreToolUse", result["denials"][0]["rule"])
        self.assertIn("curl is not allowed", self.oap("audit", "tail", "--json", "-n", "50").out)

    def test_what_it_allows_our_policy_still_denies(self):
        self.settings({"PreToolUse": [group(
            """echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow","""
            """"updatedInput":{"command":"touch made"}}}'""", "Bash")]}, permissions={"deny": ["Bash(touch *)"]})
        result, _, _ = self.run_calls("ls")
        self.assertFalse((self.work / "made").exists())
        self.assertEqual(len(result["denials"]), 1)

    def test_an_untrusted_folders_hooks_do_not_run_and_it_is_said_once(self):
        self.settings({"PreToolUse": [group("touch ran", "Bash")]})
        env, _ = self.script(bash("ls"))
        result = self.oap("run", "go on", "--model", "openai/m", "--yes", env=env)
        self.assertFalse((self.work / "ran").exists(), result)
        self.assertEqual(result.err.count("oap trust"), 1, result)
        self.assertIn(".claude/settings.json: hooks", result.err)
        self.run_calls("ls")
        self.assertTrue((self.work / "ran").exists())

    def test_a_changed_command_or_script_asks_again(self):
        script = self.write(".claude/hooks/check.sh", "touch one\n")
        self.settings({"PreToolUse": [group("bash .claude/hooks/check.sh", "Bash")]})
        self.run_calls("ls")
        self.assertTrue((self.work / "one").exists())
        script.write_text("touch two\n")
        _, _, _ = self.run_calls("ls", trust=False)
        self.assertFalse((self.work / "two").exists())
        self.assertIn("check.sh", self.oap("run", "x").err)

    def test_a_failed_guard_denies(self):
        self.settings({"PreToolUse": [group("echo broken >&2; exit 1", "Bash")]})
        result, _, seen = self.run_calls("echo effect > made")
        self.assertFalse((self.work / "made").exists())
        self.assertIn("ended with code 1", seen)
        self.settings({"PreToolUse": [group("exit 1", "Bash", onFailure="allow")]})
        self.run_calls("echo effect > made")
        self.assertTrue((self.work / "made").exists())

    def test_results_prompts_sessions_and_the_end(self):
        self.settings({
            "SessionStart": [group("echo the branch is main", "startup")],
            "UserPromptSubmit": [group("""grep -q forbidden && { echo 'not this' >&2; exit 2; }; echo 'today is Friday'""")],
            "PostToolUse": [group("""cat > post.json; echo '{"decision":"block","reason":"the linter complains"}'""", "Bash")],
            "PostToolUseFailure": [group("cat > failure.json", "Bash")],
            "Stop": [group("""grep -q '"stop_hook_active":true' || { echo 'run the tests first' >&2; exit 2; }""")],
            "SessionEnd": [group("cat > end.json")],
        })
        _, code, seen = self.run_calls("echo one", "exit 3")
        self.assertEqual(code, 0)
        for text in ("the branch is main", "today is Friday", "the linter complains", "run the tests first"):
            self.assertIn(text, seen)
        post = json.loads((self.work / "post.json").read_text())
        self.assertEqual((post["tool_name"], post["tool_input"]["command"]), ("Bash", "echo one"))
        self.assertIn("one", post["tool_response"]["stdout"])
        self.assertIn("3", json.loads((self.work / "failure.json").read_text())["error"])
        self.assertEqual(json.loads((self.work / "end.json").read_text())["reason"], "other")
        result, code = self.run_task("a forbidden thing")
        self.assertEqual(code, 3, result)
        self.assertIn("not this", result["error"])

    def test_a_secret_in_a_programs_words_reaches_nobody(self):
        token = github_token("Xk3vQ9xT1mB7pLr5wYs8dNf2hJc6gE")
        self.settings({"PostToolUse": [group(f"echo 'token {token}' >&2; exit 2", "Bash")]})
        _, _, seen = self.run_calls("echo one")
        self.assertIn("token", seen)
        self.assertNotIn(token, seen)
        self.assertNotIn(token, self.oap("audit", "tail", "--json", "-n", "50").out)

    def test_the_transcript_is_there(self):
        self.settings({"Stop": [group("""p=$(grep -o '"transcript_path":"[^"]*' | cut -d'"' -f4); cp "$p" copy.jsonl""")]})
        self.run_calls("echo one")
        lines = [json.loads(line) for line in (self.work / "copy.jsonl").read_text().splitlines()]
        self.assertEqual(lines[0]["type"], "user")
        self.assertEqual(lines[-1]["type"], "assistant")
        self.assertIn("all done", json.dumps(lines[-1]["message"]["content"]))

    def test_continue_false_ends_the_run(self):
        self.settings({"PostToolUse": [group("""echo '{"continue":false,"stopReason":"the build is broken"}'""")]})
        result, code, _ = self.run_calls("echo one", "touch made")
        self.assertEqual(code, 1, result)
        self.assertIn("the build is broken", result["error"])
        self.assertFalse((self.work / "made").exists())

    def test_a_persons_own_hooks_need_no_trust(self):
        folder = self.home / ".config/oap/hooks"
        folder.mkdir(parents=True)
        (folder / "mine.json").write_text(json.dumps({"hooks": {"PreToolUse": [group("exit 2", "Bash")]}}))
        result, _, _ = self.run_calls("touch made", trust=False)
        self.assertEqual(len(result["denials"]), 1)
        (folder / "mine.json").write_text("{broken")
        self.assertEqual(self.oap("run", "x").code, 2)

    def test_they_are_listed_and_checked(self):
        self.settings({"PreToolUse": [group("guard.sh", "Edit|Write"), {"hooks": [{"type": "prompt", "prompt": "x"}]}],
                       "WorktreeCreate": [group("x")]})
        listed = self.oap("hooks", "list", "--json")
        (row,) = listed.json()["programs"]
        self.assertEqual((row["event"], row["matcher"], row["command"], row["runs"], row["on_error"]),
                         ("PreToolUse", "Edit|Write", "guard.sh", False, "deny"))
        self.assertIn("type prompt", listed.err)
        self.assertIn("WorktreeCreate", listed.err)
        self.assertIn("oap trust", self.oap("hooks", "list").out)
        trusted = self.oap("trust")
        self.assertIn("hook PreToolUse[Edit|Write]: guard.sh", trusted.out)
        self.assertTrue(self.oap("hooks", "list", "--json").json()["programs"][0]["runs"])

    def test_if_is_a_permission_rule(self):
        self.settings({"PreToolUse": [
            {"matcher": "Bash", "hooks": [{"type": "command", "command": "echo not pushed >&2; exit 2", "if": "Bash(git push *)"}]},
            {"hooks": [{"type": "command", "command": "echo no TypeScript >&2; exit 2", "if": "Edit(*.ts)"}]}]})
        result, _, _ = self.run_calls("echo git push", "ls && A=1 git push origin main", "git status")
        self.assertEqual([one["arguments"]["command"] for one in result["denials"]], ["ls && A=1 git push origin main"])
        env, received = self.script({"tool_calls": [{"name": "write_file", "arguments": {"path": "a.ts", "content": "x"}}]},
                                    {"tool_calls": [{"name": "write_file", "arguments": {"path": "a.js", "content": "x"}}]})
        self.run_task("go on", "--model", "openai/m", "--yes", env=env)
        self.assertFalse((self.work / "a.ts").exists())
        self.assertTrue((self.work / "a.js").exists())

    def test_somebody_is_about_to_be_asked(self):
        self.settings({"PermissionRequest": [group("grep -q 'touch never' && { echo 'not that' >&2; exit 2; }; exit 0", "Bash")],
                       "Notification": [group("cat > told.json", "permission_prompt")]})
        result, _, _ = self.run_calls("touch never", "touch made")
        self.assertEqual([(one["rule"], one["reason"]) for one in result["denials"]], [("hook PermissionRequest", "not that")])
        self.assertTrue((self.work / "made").exists())
        told = json.loads((self.work / "told.json").read_text())
        self.assertEqual((told["hook_event_name"], told["notification_type"]), ("Notification", "permission_prompt"))
        self.assertIn("bash", told["message"])

    def test_a_hook_answers_yes_for_nobody(self):
        self.settings({"PermissionRequest": [group(
            """echo '{"hookSpecificOutput":{"hookEventName":"PermissionRequest","decision":{"behavior":"allow"}}}'""")]})
        result, _, _ = self.run_calls("touch made", flags=())
        self.assertEqual(len(result["denials"]), 1)
        self.assertFalse((self.work / "made").exists())

    def test_compatibility_none_reads_none_of_them(self):
        self.settings({"PreToolUse": [group("exit 2", "Bash")]})
        self.write(".opencode/config.yaml", "platform: {compatibility_mode: none}\n")
        result, _, _ = self.run_calls("echo one")
        self.assertEqual(result["denials"], [])

    def test_imported_hooks_run(self):
        self.settings({"PreToolUse": [group("exit 2", "Bash")]})
        report = self.oap("migrate", "claude-code", "--json").json()
        self.assertIn("hooks", report["migrated_components"])
        (self.work / ".claude/settings.json").unlink()
        result, _, _ = self.run_calls("touch made")
        self.assertEqual(len(result["denials"]), 1)


if __name__ == "__main__":
    unittest.main()
