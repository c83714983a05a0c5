"""oap hook and oap-hook: other hosts' tool calls under our policy."""

import json
import pathlib
import shutil
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, github_token, unittest  # noqa: E402

HOOK = str(pathlib.Path(OAP).parent / "oap-hook")
TOKEN = github_token("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2")
POLICY = """permissions:
  - {scope: command, action: execute, argv: [git, status], level: allow}
  - {scope: command, action: execute, program: rm, level: deny}
  - {scope: file_pattern, action: read, pattern: 'secret/**', level: deny}
"""


class HookTest(OapTest):
    def setUp(self):
        super().setUp()
        self.write(".opencode/permissions.yaml", POLICY)
        self.oap("trust", "--json")

    def hook(self, host, event, env=None):
        """One event to the small program; exit code, the object on stdout (or None), stderr."""
        text = event if isinstance(event, str) else json.dumps(event)
        done = subprocess.run([HOOK, host], input=text.encode(), cwd=self.work, env={**self.env, **(env or {})},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        out = done.stdout.decode()
        return done.returncode, json.loads(out) if out.strip() else None, done.stderr.decode()

    def claude(self, tool, tool_input, name="PreToolUse", **more):
        return self.hook("claude-code", {"session_id": "s1", "cwd": str(self.work), "hook_event_name": name,
                                         "tool_name": tool, "tool_input": tool_input, "tool_use_id": "t1", **more})

    def decision(self, tool, tool_input):
        code, out, err = self.claude(tool, tool_input)
        self.assertEqual(code, 0, err)
        return out["hookSpecificOutput"]["permissionDecision"] if out else None

    def events(self):
        return [e for e in self.audit() if (e.get("details") or {}).get("host")]

    def audit(self):
        result = self.oap("audit", "search", "--json", "--limit", "1000")
        self.assertEqual(result.code, 0, result)
        return result.lines()


class ClaudeCode(HookTest):
    def test_rules_decide(self):
        self.assertEqual(self.decision("Bash", {"command": "git status"}), "allow")
        self.assertEqual(self.decision("Bash", {"command": "rm x"}), "deny")
        self.assertEqual(self.decision("Bash", {"command": "git status; rm x"}), "deny")
        self.assertEqual(self.decision("Bash", {"command": "make"}), "ask")
        self.assertEqual(self.decision("Read", {"file_path": str(self.work / "secret/key")}), "deny")
        self.assertEqual(self.decision("Read", {"file_path": str(self.work / "a.txt")}), "allow")
        self.assertEqual(self.decision("Read", {"file_path": "/etc/hostname"}), "ask")
        self.assertEqual(self.decision("Write", {"file_path": "/etc/x", "content": ""}), "deny")
        self.assertEqual(self.decision("Bash", {"command": "rm -rf /"}), "deny")
        self.assertEqual(self.decision("mcp__github__create_issue", {}), "ask")
        self.assertEqual(self.decision("NewTool", {}), "ask")
        self.assertIsNone(self.decision("TodoWrite", {"todos": []}))

    def test_commands_start_where_the_host_is(self):
        (self.work / "secret").mkdir()
        code, out, _ = self.hook("claude-code", {"session_id": "s", "cwd": str(self.work / "secret"),
                                                 "hook_event_name": "PreToolUse", "tool_name": "Bash",
                                                 "tool_input": {"command": "cat key"}},
                                 env={"CLAUDE_PROJECT_DIR": str(self.work)})
        self.assertEqual((code, out["hookSpecificOutput"]["permissionDecision"]), (0, "deny"))

    def test_each_decision_is_in_the_audit(self):
        self.decision("Bash", {"command": "rm x"})
        self.decision("TodoWrite", {"todos": []})
        self.claude("Bash", {"command": "git status"}, "PostToolUse", tool_response={"stdout": "clean", "stderr": ""})
        events = self.events()
        self.assertEqual(sorted((e["event_type"], e["permission_decision"] or "") for e in events),
                         [("permission_check", "allow"), ("permission_check", "deny"), ("tool_execution", "")])
        self.assertTrue(all(e["details"]["host"] == "claude-code" for e in events))
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_secrets_are_taken_out_of_answers(self):
        code, out, _ = self.claude("Bash", {"command": "cat x"}, "PostToolUse",
                                   tool_response={"stdout": f"token {TOKEN}\n", "stderr": "", "interrupted": False})
        self.assertEqual(code, 0)
        changed = out["hookSpecificOutput"]["updatedToolOutput"]
        self.assertNotIn(TOKEN, json.dumps(out))
        self.assertIs(changed["interrupted"], False)
        self.assertNotIn(TOKEN, json.dumps(self.audit()))
        code, out, _ = self.claude("Bash", {"command": "ls"}, "PostToolUse", tool_response={"stdout": "a\n"})
        self.assertEqual((code, out), (0, None))

    def test_a_secret_in_a_call_is_asked_about_and_never_stored(self):
        self.assertIn(self.decision("Write", {"file_path": str(self.work / "a"), "content": f"t = '{TOKEN}'"}),
                      ("ask", "deny"))
        self.assertNotIn(TOKEN, json.dumps(self.audit()))

    def test_prompts_are_audited_and_pointed_out(self):
        code, out, _ = self.hook("claude-code", {"session_id": "s", "cwd": str(self.work),
                                                 "hook_event_name": "UserPromptSubmit", "prompt": f"use {TOKEN}"})
        self.assertEqual(code, 0)
        self.assertIn("secret", out["systemMessage"])
        self.assertNotIn(TOKEN, json.dumps(self.audit()))

    def test_events_that_need_nothing(self):
        for name in ("SessionStart", "Stop", "SomethingOfTomorrow"):
            self.assertEqual(self.hook("claude-code", {"hook_event_name": name, "session_id": "s"})[:2], (0, None))

    def test_a_permission_dialog(self):
        code, out, _ = self.claude("Bash", {"command": "rm x"}, "PermissionRequest")
        self.assertEqual(out["hookSpecificOutput"]["decision"]["behavior"], "deny")


class FailsClosed(HookTest):
    def test_unreadable_events(self):
        for text in ("", "5", "{", "[]", '{"hook_event_name":"PreToolUse"}', "\xff", "{" * 5000):
            code, out, err = self.hook("claude-code", text)
            self.assertEqual((code, out), (2, None), text)
            self.assertIn("could not decide", err)
        self.assertEqual([e["rule"] for e in self.events()], ["host:failed"] * 7)

    def test_a_wrong_policy(self):
        self.write(".opencode/permissions.yaml", "permissions: [{scope: nothing}]\n")
        code, _, err = self.claude("Bash", {"command": "git status"})
        self.assertEqual(code, 2)
        self.assertIn("permissions.yaml", err)
        denied = [e for e in self.events() if e["rule"] == "host:failed"]
        self.assertEqual([(e["permission_decision"], e["tool"]) for e in denied], [("deny", "Bash")])

    def test_an_audit_that_cannot_be_written(self):
        self.decision("Bash", {"command": "git status"})
        folder = next((self.base / "state").rglob("audit"))
        shutil.rmtree(folder)
        folder.write_text("")
        denied = self.claude("Bash", {"command": "git status"})
        self.assertEqual(denied[0], 2, denied)
        withheld = self.claude("Bash", {"command": "git status"}, "PostToolUse", tool_response={"stdout": TOKEN})
        self.assertIn("withheld", json.dumps(withheld[1]))
        self.assertNotIn(TOKEN, json.dumps(withheld[1:]))

    def test_untrusted_allow_rules_do_not_count(self):
        self.oap("trust", "--revoke")
        self.assertEqual(self.decision("Bash", {"command": "git status"}), "ask")
        self.assertEqual(self.decision("Bash", {"command": "rm x"}), "deny")

    def test_an_answer_that_cannot_be_written(self):
        event = {"cwd": str(self.work), "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "rm x"}}
        with open("/dev/full", "w") as full:
            done = subprocess.run([HOOK, "claude-code"], input=json.dumps(event).encode(), cwd=self.work, env=self.env,
                                  stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_unknown_hosts(self):
        self.assertEqual(self.hook("emacs", {})[0], 2)


class OtherHosts(HookTest):
    def test_codex(self):
        event = {"session_id": "s", "cwd": str(self.work), "hook_event_name": "PreToolUse", "tool_name": "Bash"}
        self.assertEqual(self.hook("codex", {**event, "tool_input": {"command": "git status"}})[:2], (0, None))
        _, out, _ = self.hook("codex", {**event, "tool_input": {"command": "rm x"}})
        self.assertEqual(out["hookSpecificOutput"]["permissionDecision"], "deny")
        _, out, _ = self.hook("codex", {**event, "tool_name": "apply_patch", "tool_input": {
            "command": "*** Begin Patch\n*** Update File: secret/../a\n+x\n*** Delete File: b\n*** End Patch"}})
        self.assertEqual(out["hookSpecificOutput"]["permissionDecision"], "deny")
        _, out, _ = self.hook("codex", {**event, "hook_event_name": "PostToolUse", "tool_input": {"command": "x"},
                                        "tool_response": f"a {TOKEN} b"})
        self.assertEqual(out["decision"], "block")
        self.assertNotIn(TOKEN, out["reason"])
        self.assertIn("a ", out["reason"])

    def test_codex_commands_are_judged_in_the_folder_that_only_the_transcript_has(self):
        transcript = self.base / "rollout.jsonl"

        def decided(command, folder):
            arguments = {"cmd": command, **({"workdir": folder} if folder else {})}
            transcript.write_text(json.dumps({"type": "response_item", "payload": {
                "type": "function_call", "name": "exec_command", "arguments": json.dumps(arguments), "call_id": "c1"}}) + "\n")
            return self.hook("codex", {"session_id": "s", "cwd": str(self.work), "hook_event_name": "PreToolUse",
                                       "transcript_path": str(transcript), "tool_name": "Bash", "tool_use_id": "c1",
                                       "tool_input": {"command": command}})[1]

        (self.work / "secret").mkdir()
        self.oap("permission", "set", '{"program": "cat", "level": "allow"}')
        self.assertIsNone(decided("cat key", ""))
        self.assertIsNone(decided("cat key", "docs"))
        for folder in ("secret", str(self.work / "secret"), "docs/../secret"):
            self.assertEqual(decided("cat key", folder)["hookSpecificOutput"]["permissionDecision"], "deny", folder)
        transcript.unlink()
        _, out, _ = self.hook("codex", {"session_id": "s", "cwd": str(self.work), "hook_event_name": "PreToolUse",
                                        "transcript_path": str(transcript), "tool_name": "Bash", "tool_use_id": "c1",
                                        "tool_input": {"command": "cat key"}})
        self.assertEqual(out["hookSpecificOutput"]["updatedInput"], {"command": f"cd -- '{self.work}' || exit 126\ncat key"})

    def test_gemini(self):
        event = {"session_id": "s", "cwd": str(self.work), "hook_event_name": "BeforeTool"}
        _, out, _ = self.hook("gemini", {**event, "tool_name": "run_shell_command", "tool_input": {"command": "git status"}})
        self.assertEqual(out["decision"], "allow")
        _, out, _ = self.hook("gemini", {**event, "tool_name": "run_shell_command", "tool_input": {"command": "make"}})
        self.assertEqual(out["decision"], "deny")
        _, out, _ = self.hook("gemini", {**event, "hook_event_name": "AfterTool", "tool_name": "read_file",
                                         "tool_input": {}, "tool_response": {"llmContent": f"x {TOKEN}"}})
        self.assertEqual(out["decision"], "deny")
        self.assertNotIn(TOKEN, out["reason"])

    def test_goose(self):
        event = {"session_id": "s", "working_dir": str(self.work), "event": "PreToolUse", "tool_name": "developer__shell"}
        self.assertEqual(self.hook("goose", {**event, "tool_input": {"command": "git status"}})[1], {"decision": "allow"})
        self.assertEqual(self.hook("goose", {**event, "tool_input": {"command": "rm x"}})[1]["decision"], "block")

    def test_crush(self):
        event = {"session_id": "s", "cwd": str(self.work), "event": "PreToolUse", "tool_name": "bash"}
        self.assertEqual(self.hook("crush", {**event, "tool_input": '{"command": "git status"}'})[1]["decision"], "allow")
        self.assertEqual(self.hook("crush", {**event, "tool_input": {"command": "rm x"}})[1]["decision"], "deny")

    def test_qwen(self):
        event = {"session_id": "s", "cwd": str(self.work), "hook_event_name": "PreToolUse", "tool_name": "run_shell_command"}
        code, out, _ = self.hook("qwen", {**event, "tool_input": {"command": "git status", "is_background": False}})
        self.assertEqual((code, out), (0, None))
        for command, decision in (("rm x", "deny"), ("make", "ask")):
            _, out, _ = self.hook("qwen", {**event, "tool_input": {"command": command}})
            self.assertEqual(out["hookSpecificOutput"]["permissionDecision"], decision)
        _, out, err = self.hook("qwen", {**event, "hook_event_name": "PostToolUse", "tool_name": "read_file", "tool_input": {},
                                         "tool_response": {"llmContent": f"x {TOKEN}"}})
        self.assertIsNone(out)
        self.assertIn("does not let a hook remove them", err)

    def test_the_command_of_the_large_program_is_the_same(self):
        event = json.dumps({"cwd": str(self.work), "event": "PreToolUse", "tool_name": "bash",
                            "tool_input": {"command": "rm x"}})
        self.assertEqual(self.oap("hook", "crush", stdin=event).json()["decision"], "deny")


class Install(HookTest):
    def test_into_nothing_and_out(self):
        for host, file in (("claude-code", ".claude/settings.json"), ("codex", ".codex/hooks.json"),
                           ("gemini", ".gemini/settings.json"), ("crush", "crush.json"), ("qwen", ".qwen/settings.json"),
                           ("goose", ".agents/plugins/oap/hooks/hooks.json")):
            self.assertEqual(self.oap("hook", "install", host).code, 0)
            text = (self.work / file).read_text()
            self.assertIn(HOOK, text)
            self.assertIn("unchanged", self.oap("hook", "install", host).out)
            self.assertEqual((self.work / file).read_text(), text)
            self.assertEqual(self.oap("hook", "uninstall", host).code, 0)
            self.assertFalse((self.work / file).exists(), host)

    def test_what_was_there_comes_back_to_the_byte(self):
        before = '{"env": {"A": "1"},\n\n  "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}]}}'
        self.write(".claude/settings.json", before)
        self.assertEqual(self.oap("hook", "install", "claude-code").code, 0)
        now = json.loads((self.work / ".claude/settings.json").read_text())
        self.assertEqual(now["env"], {"A": "1"})
        self.assertEqual(len(now["hooks"]["PreToolUse"]), 2)
        self.assertEqual(self.oap("hook", "uninstall", "claude-code").code, 0)
        self.assertEqual((self.work / ".claude/settings.json").read_text(), before)
        self.assertEqual([f.name for f in (self.work / ".claude").iterdir()], ["settings.json"])

    def test_files_that_say_next_to_nothing_come_back_to_the_byte(self):
        for host, file in (("claude-code", ".claude/settings.json"), ("crush", "crush.json"), ("codex", ".codex/hooks.json")):
            for before in ("", "\n", "{}", '{"hooks":{}}', '{"hooks": {"PreToolUse": []}}', '{"hooks":{"Stop":[]}}'):
                path = self.write(file, before)
                path.chmod(0o640)
                self.assertEqual(self.oap("hook", "install", host).code, 0)
                self.assertEqual(self.oap("hook", "install", host).code, 0)
                self.assertEqual(self.oap("hook", "uninstall", host).code, 0)
                self.assertEqual(path.read_text(), before, (host, before))
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o640)
                self.assertEqual(list(path.parent.glob("*.before-oap")), [])

    def test_no_copy_stays_where_others_wrote_since(self):
        self.write("crush.json", '{"a": 1}')
        self.oap("hook", "install", "crush")
        settings = json.loads((self.work / "crush.json").read_text())
        self.write("crush.json", json.dumps({**settings, "b": 2}))
        self.oap("hook", "uninstall", "crush")
        self.assertEqual(json.loads((self.work / "crush.json").read_text()), {"a": 1, "b": 2})
        self.assertEqual(list(self.work.glob("*.before-oap")), [])

    def test_codex_for_project_and_user_in_any_order(self):
        config = self.home / ".codex/config.toml"
        for before in (None, 'model = "x"\n', '[hooks.state."/h:stop:0:0"]\ntrusted_hash = "sha256:00"\n'):
            for there in ([[], ["--user"]], [["--user"], []]):
                for back in (there, there[::-1]):
                    if before is not None:
                        config.parent.mkdir(exist_ok=True)
                        config.write_text(before)
                    for options in there:
                        self.assertEqual(self.oap("hook", "install", "codex", *options).code, 0)
                    for options in back:
                        self.assertEqual(self.oap("hook", "uninstall", "codex", *options).code, 0)
                    self.assertEqual(config.read_text() if config.exists() else None, before, (there, back))
                    self.assertEqual(list(self.base.rglob("*.before-oap")), [], (there, back))
                    self.assertFalse((self.work / ".codex").exists())
                    self.assertEqual(config.parent.exists(), before is not None)
            config.unlink(missing_ok=True)

    def test_folders_that_it_made_go(self):
        xdg = {"XDG_CONFIG_HOME": str(self.home / ".config")}
        for host, env in (("crush", {}), ("crush", xdg), ("opencode", xdg), ("claude-code", {}), ("goose", {})):
            shutil.rmtree(self.home / ".config", ignore_errors=True)
            before = sorted(p for p in self.home.rglob("*"))
            self.assertEqual(self.oap("hook", "install", host, "--user", env=env).code, 0)
            self.assertEqual(self.oap("hook", "uninstall", host, "--user", env=env).code, 0)
            self.assertEqual(sorted(p for p in self.home.rglob("*")), before, host)

    def test_later_changes_of_others_stay(self):
        self.write(".claude/settings.json", '{"a": 1}')
        self.oap("hook", "install", "claude-code")
        settings = json.loads((self.work / ".claude/settings.json").read_text())
        settings["b"] = 2
        self.write(".claude/settings.json", json.dumps(settings))
        self.oap("hook", "uninstall", "claude-code")
        self.assertEqual(json.loads((self.work / ".claude/settings.json").read_text()), {"a": 1, "b": 2})

    def test_codex_trusts_the_hook_and_the_configuration_comes_back_to_the_byte(self):
        config = self.home / ".codex/config.toml"
        for options, hooks in ((["--user"], self.home / ".codex/hooks.json"), ([], self.work / ".codex/hooks.json")):
            for before in (None, 'model = "x"\n[projects."/p"]\ntrust_level = "trusted"'):
                config.parent.mkdir(exist_ok=True)
                config.unlink(missing_ok=True)
                if before is not None:
                    config.write_text(before)
                result = self.oap("hook", "install", "codex", *options)
                self.assertEqual(result.code, 0, result)
                text = config.read_text()
                self.assertEqual(text.count(f'[hooks.state."{hooks}:pre_tool_use:0:0"]'), 1, text)
                self.assertEqual(text.count('trusted_hash = "sha256:'), 3)
                self.assertNotIn("written", self.oap("hook", "install", "codex", *options).out)
                self.assertEqual(self.oap("hook", "uninstall", "codex", *options).code, 0)
                self.assertFalse(hooks.exists())
                self.assertEqual(config.read_text() if config.exists() else None, before)
                self.assertEqual(list(config.parent.glob("*.before-oap")), [])

    def test_codex_with_a_home_of_its_own(self):
        env = {"CODEX_HOME": str(self.base / "cx")}
        self.assertEqual(self.oap("hook", "install", "codex", "--user", env=env).code, 0)
        self.assertEqual(sorted(f.name for f in (self.base / "cx").iterdir()), ["config.toml", "hooks.json"])
        self.assertFalse((self.home / ".codex").exists())

    def test_codex_hooks_in_one_line_are_left_alone(self):
        config = self.home / ".codex/config.toml"
        config.parent.mkdir()
        config.write_text("hooks = {}\n")
        result = self.oap("hook", "install", "codex", "--user")
        self.assertNotEqual(result.code, 0)
        self.assertIn("/hooks", result.err)
        self.assertEqual(config.read_text(), "hooks = {}\n")
        self.assertFalse((self.home / ".codex/hooks.json").exists())

    def test_the_opencode_plugin_comes_with_the_program(self):
        source = pathlib.Path(__file__).resolve().parents[2] / "integrations/opencode/src"
        for options, folder, env in (([], self.work / ".opencode/plugin", {}),
                                     (["--user"], self.home / ".config/opencode/plugin", {}),
                                     (["--user"], self.base / "xdg/opencode/plugin", {"XDG_CONFIG_HOME": str(self.base / "xdg")})):
            result = self.oap("hook", "install", "opencode", *options, env=env)
            self.assertEqual(result.code, 0, result)
            self.assertTrue((folder / "oap.ts").read_text().endswith('export { default } from "./oap/index.ts"\n'))
            self.assertEqual(sorted(f.name for f in (folder / "oap").iterdir()), sorted(f.name for f in source.iterdir()))
            for file in source.iterdir():
                self.assertTrue((folder / "oap" / file.name).read_text().endswith(file.read_text()), file)
            self.assertNotIn("written", self.oap("hook", "install", "opencode", *options, env=env).out)
            self.assertEqual(self.oap("hook", "uninstall", "opencode", *options, env=env).code, 0)
            self.assertFalse(folder.exists())
        self.assertTrue((self.work / ".opencode/permissions.yaml").exists())

    def test_an_older_opencode_plugin_is_replaced_and_a_file_of_yours_comes_back(self):
        folder = self.work / ".opencode/plugin"
        self.oap("hook", "install", "opencode")
        older = folder / "oap/v1.ts"
        older.write_text(older.read_text().splitlines()[0] + "\n// of another version\n")
        self.assertIn("written: " + str(older), self.oap("hook", "install", "opencode").out)
        self.assertEqual(list(folder.rglob("*.before-oap")), [])
        self.oap("hook", "uninstall", "opencode")
        mine = self.write(".opencode/plugin/oap.ts", "export default {}\n")
        self.oap("hook", "install", "opencode")
        self.oap("hook", "uninstall", "opencode")
        self.assertEqual(mine.read_text(), "export default {}\n")
        self.assertEqual([f.name for f in folder.iterdir()], ["oap.ts"])

    def test_links_and_broken_files_are_left_alone(self):
        outside = self.base / "outside.json"
        outside.write_text("{}")
        (self.work / ".claude").mkdir()
        (self.work / ".claude/settings.json").symlink_to(outside)
        self.assertEqual(self.oap("hook", "install", "claude-code").code, 2)
        self.assertEqual(outside.read_text(), "{}")
        self.assertIn(f"is a symbolic link to {outside}", self.oap("hook", "install", "claude-code").err)
        self.write("crush.json", "{broken")
        self.assertNotEqual(self.oap("hook", "install", "crush").code, 0)
        self.assertEqual((self.work / "crush.json").read_text(), "{broken")

    def test_a_host_whose_hooks_are_off_is_not_called_governed(self):
        for host, file, text, member in (
                ("claude-code", ".claude/settings.json", '{"disableAllHooks": true}', "disableAllHooks"),
                ("qwen", ".qwen/settings.json", '{"disableAllHooks": true}', "disableAllHooks"),
                ("gemini", ".gemini/settings.json", '{"hooks": {"enabled": false}}', "hooks.enabled"),
                ("codex", ".codex/config.toml", "[features]\nhooks = false\n", "features.hooks")):
            for options, folder in (([], self.work), (["--user"], self.home), ([], self.home)):
                path = folder / file
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)
                result = self.oap("hook", "install", host, *options)
                self.assertEqual(result.code, 1, (host, options, result))
                self.assertIn(f"'{member}'", result.err)
                self.assertIn(str(path), result.err)
                self.assertFalse(self.oap("hook", "install", host, *options, "--json").json()["success"])
                self.assertEqual(self.oap("hook", "uninstall", host, *options).code, 0)
                self.assertEqual(path.read_text(), text)
                path.unlink()

    def test_a_codex_configuration_that_cannot_be_read_is_left_alone(self):
        config = self.home / ".codex/config.toml"
        config.parent.mkdir()
        config.write_text('model = "x\n')
        result = self.oap("hook", "install", "codex")
        self.assertEqual(result.code, 1, result)
        self.assertIn(f"{config}:1", result.err)
        self.assertEqual(config.read_text(), 'model = "x\n')
        self.assertFalse((self.work / ".codex").exists())

    def test_for_the_user(self):
        self.assertEqual(self.oap("hook", "install", "claude-code", "--user").code, 0)
        file = self.home / ".claude/settings.json"
        command = json.loads(file.read_text())["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
        self.assertTrue(stat.S_ISREG(file.stat().st_mode))
        event = json.dumps({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "rm x"}})
        done = subprocess.run(["sh", "-c", command], input=event.encode(), cwd=self.work, env=self.env,
                              stdout=subprocess.PIPE, timeout=60)
        self.assertIn(b'"deny"', done.stdout)


if __name__ == "__main__":
    unittest.main()
