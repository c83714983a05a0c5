"""Hook programs written for Claude Code, at the points of our own runs."""

import http.server
import json
import pathlib
import sys
import threading

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

    def hook_server(self, answer):
        """A server of hooks: what it was posted, and its port. `answer`: event -> (status, body)."""
        posted = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                posted.append((self.path, dict(self.headers), body))
                status, text = answer(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return posted, server.server_address[1]

    def http_hook(self, url, **more):
        return {"matcher": "Bash", "hooks": [{"type": "http", "url": url, **more}]}

    def test_a_hook_is_posted_to_a_server(self):
        deny = json.dumps({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "deny",
                                                  "permissionDecisionReason": "the server says no"}})
        posted, port = self.hook_server(lambda event: (200, deny if "made" in json.dumps(event) else ""))
        url = f"http://127.0.0.1:{port}/pre"
        self.settings({"PreToolUse": [self.http_hook(url, headers={"X-Token": "Bearer $HOOK_TOKEN $HOME"},
                                                     allowedEnvVars=["HOOK_TOKEN"])]})
        self.assertIn(f"POST {url}", self.oap("trust").out)
        env, received = self.script(bash("echo fine"), bash("touch made"))
        result, code = self.run_task("go on", "--model", "openai/m", "--yes", env={**env, "HOOK_TOKEN": "s3cr"})
        self.assertEqual(code, 3, result)
        self.assertFalse((self.work / "made").exists())
        self.assertIn("the server says no", json.dumps([one["body"] for one in received()]))
        path, headers, body = posted[0]
        self.assertEqual((path, headers["X-Token"].strip(), headers["Content-Type"]),
                         ("/pre", "Bearer s3cr", "application/json"))
        self.assertEqual((body["tool_name"], body["tool_input"]["command"]), ("Bash", "echo fine"))

    def test_a_server_of_hooks_that_fails_denies(self):
        posted, port = self.hook_server(lambda event: (500, "{}"))
        self.settings({"PreToolUse": [self.http_hook(f"http://localhost:{port}/")]})
        self.run_calls("touch made")
        self.assertEqual(len(posted), 1)
        self.assertFalse((self.work / "made").exists())
        self.settings({"PreToolUse": [self.http_hook(f"http://localhost:{port}/", onFailure="allow")]})
        self.run_calls("touch made")
        self.assertTrue((self.work / "made").exists())

    def test_where_hooks_are_not_posted_to(self):
        posted, port = self.hook_server(lambda event: (200, ""))
        url = f"http://127.0.0.1:{port}/x"
        for settings, place in [({"allowedHttpHookUrls": ["https://hooks.example.com/*"]}, url),
                                ({"allowedHttpHookUrls": ["http://localhost:*"]},
                                 f"http://localhost:1@127.0.0.1:{port}/x"),
                                ({"allowedHttpHookUrls": [f"http://127.0.0.1:{port}/ok/*"]},
                                 f"http://127.0.0.1:{port}/ok/../no"),
                                ({"permissions": {"deny": ["WebFetch(domain:127.0.0.1)"]}}, url),
                                ({"permissions": {"deny": ["WebFetch(domain:127.0.0.1)"]}},
                                 f"http://[::ffff:127.0.0.1]:{port}/x"),
                                ({}, "http://169.254.169.254/latest"), ({}, "http://10.0.0.1/x"),
                                ({}, f"http://[::ffff:169.254.169.254]:{port}/"), ({}, "file:///etc/passwd"),
                                ({}, "http://example.com/")]:
            self.settings({"PreToolUse": [self.http_hook(place, timeout=5)]}, **settings)
            result, _, seen = self.run_calls("touch made")
            self.assertFalse((self.work / "made").exists(), (settings, place))
            self.assertEqual(len(result["denials"]), 1, (settings, place))
        self.assertEqual(posted, [])

    def test_a_model_judges(self):
        self.settings({"PreToolUse": [{"matcher": "Bash", "hooks": [
            {"type": "prompt", "prompt": "JUDGE whether this is harmless: $ARGUMENTS", "continueOnBlock": True}]}]})
        self.assertEqual(self.oap("trust").code, 0)
        verdict = {"text": json.dumps({"ok": False, "reason": "it makes a file"})}
        env, received = self.mock_llm([
            {"when": {"user": "JUDGE.*touch made"}, "answer": verdict},
            {"when": {"user": "JUDGE"}, "answer": {"text": '{"ok": true}'}},
            {"when": {"results": 0}, "answer": bash("echo fine")},
            {"when": {"results": 1}, "answer": bash("touch made")},
            {"answer": {"text": "all done"}}])
        result, code = self.run_task("go on", "--model", "openai/m", "--yes", env=env)
        self.assertEqual(code, 3, result)
        self.assertFalse((self.work / "made").exists())
        seen = json.dumps([one["body"] for one in received()])
        self.assertIn("it makes a file", seen)
        self.assertIn("You judge one event", seen)
        self.assertEqual(len(result["denials"]), 1)

    def test_variables_reach_commands_and_hooks_where_the_folder_is_trusted(self):
        self.settings({"PreToolUse": [group('echo "hook $COLOUR" > hook', "Bash")]},
                      env={"COLOUR": "green", "LD_PRELOAD": "/x.so", "PATH": "/nowhere"})
        env, received = self.script(bash("echo is $COLOUR"))
        result, _ = self.run_task("go on", "--model", "openai/m", "--yes", env=env)
        self.assertNotIn("is green", json.dumps(received()))
        _, _, seen = self.run_calls("echo is $COLOUR; ls")
        self.assertIn("is green", seen)
        self.assertEqual((self.work / "hook").read_text(), "hook green\n")
        self.assertIn("LD_PRELOAD", self.oap("hooks", "list").err)

    def test_they_are_listed_and_checked(self):
        self.settings({"PreToolUse": [group("guard.sh", "Edit|Write"), {"hooks": [{"type": "agent", "prompt": "x"}]}],
                       "WorktreeCreate": [group("x")]})
        listed = self.oap("hooks", "list", "--json")
        (row,) = listed.json()["programs"]
        self.assertEqual((row["event"], row["matcher"], row["command"], row["runs"], row["on_error"]),
                         ("PreToolUse", "Edit|Write", "guard.sh", False, "deny"))
        self.assertIn("type agent", listed.err)
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
