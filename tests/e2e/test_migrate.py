"""oap migrate: what people have set up for other programs, taken over, decided the same, and taken back."""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, unittest  # noqa: E402

TEAM = {
    "permissions": {
        "allow": ["Bash(npm run *)", "Bash(git diff:*)", "Edit(src/**)", "WebFetch(domain:docs.example.com)",
                  "mcp__github__get_issue"],
        "ask": ["Bash(git push *)"],
        "deny": ["Read(./.env)", "Read(./secrets/**)", "Bash(curl *)", "Bash(rm -rf *)"],
        "additionalDirectories": ["../shared"],
        "defaultMode": "default",
        "disableBypassPermissionsMode": "disable",
    },
    "env": {"NODE_ENV": "development"},
    "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": ".claude/hooks/x.sh"}]}]},
    "model": "claude-sonnet-4-5",
    "statusLine": {"type": "command", "command": "date"},
    "cleanupPeriodDays": 20,
    "enabledPlugins": {"a@b": True},
}


def picture(root):
    """Every file, link and directory below root, with what is in it."""
    out = {}
    for path in sorted(pathlib.Path(root).rglob("*")):
        name = str(path.relative_to(root))
        out[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
    return out


class Migrate(OapTest):
    def setUp(self):
        super().setUp()
        self.source = self.base / "source"
        (self.source / ".claude").mkdir(parents=True)

    def put(self, path, text):
        file = self.source / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text if isinstance(text, str) else json.dumps(text))
        return file

    def migrate(self, host="claude-code", *more, expect=0):
        result = self.oap("migrate", host, "--source", str(self.source), "--target", str(self.work), "--json", *more)
        self.assertEqual(result.code, expect, result)
        return result.json()

    def decision(self, **request):
        (answer,) = self.oap("permission", "check", "--batch", stdin=json.dumps(request)).lines()
        return answer["decision"]

    def command(self, text):
        return self.decision(tool="bash", arguments={"command": text})

    def test_the_seeds_example_to_the_end(self):
        self.put(".claude/settings.json", {"system_prompt": "You are a helpful coding assistant",
                                           "tools": {"bash": {"enabled": True}, "python": {"enabled": True}}})
        self.put(".claude/skills/test_skill.md", "# Test Skill\nThis is a test skill.")
        report = self.migrate()
        self.assertEqual(report["status"], "success")
        self.assertLessEqual({"settings", "skills"}, set(report["migrated_components"]))
        self.assertTrue(any("system_prompt" in one for one in report["warnings"]), report)
        self.assertTrue(self.oap("migrate", "validate", "--json").json()["valid"])
        self.assertEqual(self.oap("config", "check").code, 0, self.oap("config", "check"))
        result, code = self.run_task("List all available skills", "--trust")
        self.assertEqual(code, 0, result)
        self.assertIn("test_skill", result["content"])

    def test_deny_and_ask_count_at_once_and_allow_after_trust(self):
        self.put(".claude/settings.json", TEAM)
        self.migrate()
        self.assertEqual(self.command("npm run build"), "ask")
        self.assertEqual(self.command("curl x"), "deny")
        self.assertEqual(self.decision(tool="read_file", arguments={"path": ".env"}), "deny")
        self.assertEqual(self.oap("trust").code, 0)
        for text, level in (("npm run build", "allow"), ("npm run build && curl x", "deny"), ("npm runner", "ask"),
                            ("git diff HEAD", "allow"), ("git push origin main", "ask"), ("rm -fr src", "deny"),
                            ("ls -l", "allow")):
            self.assertEqual(self.command(text), level, text)
        self.assertEqual(self.decision(tool="write_file", arguments={"path": "src/a.ts"}), "allow")
        self.assertEqual(self.decision(tool="write_file", arguments={"path": "lib/a.ts"}), "ask")
        self.assertEqual(self.decision(tool="github__get_issue", action="invoke"), "allow")

    def test_every_key_is_carried_over_or_named(self):
        self.put(".claude/settings.json", TEAM)
        report = self.migrate()
        self.assertEqual({one["key"] for one in report["not_carried"]},
                         {"permissions.disableBypassPermissionsMode", "statusLine",
                          "cleanupPeriodDays", "enabledPlugins"})
        self.assertTrue(all(one["reason"] and ".claude/settings.json:" in one["where"] for one in report["not_carried"]))
        kept = json.loads((self.work / ".opencode/hooks/claude-code.json").read_text())
        self.assertEqual((kept["hooks"], kept["env"]), (TEAM["hooks"], TEAM["env"]))
        self.assertIn("anthropic/claude-sonnet-4-5", (self.work / ".opencode/config.yaml").read_text())

    def test_dry_run_second_run_and_undo(self):
        self.put(".claude/settings.json", TEAM)
        self.put("CLAUDE.md", "Read @docs/style.md first.\n")
        self.put("docs/style.md", "Two spaces.\n")
        self.put(".claude/skills/a/SKILL.md", "---\nname: a\ndescription: d\n---\nx\n")
        self.put(".claude/commands/fix.md", "Fix $ARGUMENTS\n")
        self.put(".claude/agents/r.md", "---\nname: r\ndescription: d\n---\nx\n")
        self.put(".mcp.json", {"mcpServers": {"files": {"command": "npx", "args": ["-y", "x"]}}})
        self.write("mine.txt", "mine")
        before = picture(self.work)
        self.assertTrue(self.migrate("claude-code", "--dry-run")["changed"])
        self.assertEqual(picture(self.work), before)
        first = self.migrate()
        self.assertEqual(first["status"], "success", first)
        self.assertIn("Read Two spaces. first.", (self.work / "AGENTS.md").read_text())
        after = picture(self.work)
        second = self.migrate()
        self.assertFalse(second["changed"], second)
        self.assertEqual(picture(self.work), after)
        self.assertTrue(self.oap("migrate", "validate", "--json").json()["valid"])
        self.migrate("claude-code", "--undo")
        self.assertEqual(picture(self.work), before)

    def test_several_hosts_share_one_file(self):
        self.put(".claude/settings.json", {"permissions": {"deny": ["Bash(rm *)"]}})
        self.put(".codex/rules/a.rules", 'prefix_rule(pattern=["git", "push"], decision="forbidden")\n')
        self.put("opencode.json", {"permission": {"bash": {"make *": "deny"}}})
        self.put(".gemini/policies/p.toml", '[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix = "dd"\n'
                                            'decision = "deny"\npriority = 5\n')
        before = picture(self.work)
        hosts = ("claude-code", "codex", "opencode", "gemini")
        for host in hosts:
            self.assertEqual(self.migrate(host)["status"], "success")
        after = picture(self.work)
        for host in hosts:
            self.assertFalse(self.migrate(host)["changed"])
        self.assertEqual(picture(self.work), after)
        commands = ("rm x", "git push", "make x", "dd if=x")
        for text in commands:
            self.assertEqual(self.command(text), "deny", text)
        self.migrate("codex", "--undo")
        self.assertEqual(self.command("git push"), "ask")
        self.assertEqual(self.command("rm x"), "deny")
        for host in hosts:
            self.migrate(host, "--undo")
        self.assertEqual(picture(self.work), before)

    def test_the_users_own_policy_is_never_weakened(self):
        rules = self.home / ".config/oap/permissions.yaml"
        rules.parent.mkdir(parents=True)
        rules.write_text("permissions:\n  - {program: curl, level: deny}\n  - {pattern: '**/.env', level: deny}\n")
        self.put(".claude/settings.json", {
            "permissions": {"allow": ["Bash", "Read", "Edit", "Bash(curl *)", "WebFetch"],
                            "defaultMode": "bypassPermissions", "additionalDirectories": ["/", "~", "../.."]},
            "sandbox": {"enabled": False, "autoAllowBashIfSandboxed": True, "filesystem": {"allowWrite": ["/"]}}})
        report = self.migrate()
        self.assertEqual(self.command("make"), "ask")
        self.oap("trust")
        self.assertEqual(self.command("curl x"), "deny")
        self.assertEqual(self.decision(tool="read_file", arguments={"path": ".env"}), "deny")
        self.assertEqual(self.command("make"), "allow")
        lost = {one["key"] for one in report["not_carried"]}
        self.assertIn("permissions.defaultMode: bypassPermissions", lost)
        self.assertIn("permissions.additionalDirectories: /", lost)
        self.assertIn("sandbox.enabled", lost)

    def test_a_hostile_repository_writes_nothing_outside(self):
        outside = self.base / "outside"
        outside.mkdir()
        (outside / "secret.txt").write_text("TOPSECRET")
        self.put(".claude/settings.json", {"permissions": {"deny": ["Bash(rm *)"]}, "__proto__": {"a": 1}})
        self.put("CLAUDE.md", "@loop.md @../outside/secret.txt @/etc/passwd\n")
        self.put("loop.md", "@CLAUDE.md\n")
        self.put(".claude/skills/ok/SKILL.md", "---\nname: ok\ndescription: d\n---\n")
        (self.source / ".claude/skills/bad").symlink_to(outside)
        (self.source / ".claude/commands").symlink_to("/etc")
        (self.source / ".claude/agents").symlink_to("agents")
        os.mkfifo(self.source / ".claude/skills/ok/pipe")
        (self.work / ".claude").symlink_to(outside)
        (self.work / "AGENTS.md").symlink_to(outside / "agents.md")
        (self.work / ".opencode/skills").symlink_to(outside)
        before = picture(outside)
        report = self.migrate(expect=1)
        self.assertEqual(report["status"], "partial")
        self.assertEqual(picture(outside), before)
        errors = "\n".join(report["errors"])
        for name in (".claude/skills/bad", ".claude/commands", ".claude/agents", "skills/ok/pipe", "imports itself",
                     "@../outside/secret.txt", "@/etc/passwd", "AGENTS.md: is a symbolic link",
                     ".opencode/skills is a symbolic link"):
            self.assertIn(name, errors)
        for name, text in picture(self.work).items():
            self.assertNotIn(b"TOPSECRET", text if isinstance(text, bytes) else b"", name)
        self.assertEqual(self.command("rm x"), "deny")

    def test_settings_that_cannot_be_read_fail_the_whole(self):
        for text in ("{", '{"a":1,"a":2}', '{"permissions":{"deny":"x"}}', "[" * 500, '{"a":"\udcff"}'):
            (self.source / ".claude/settings.json").write_bytes(text.encode(errors="surrogateescape"))
            before = picture(self.work)
            report = self.migrate(expect=1)
            self.assertEqual(report["status"], "failed")
            self.assertIn(".claude/settings.json", report["errors"][0])
            self.assertEqual(picture(self.work), before)

    def test_policies_that_cannot_be_read_fail_the_whole(self):
        self.put(".codex/rules/a.rules", "x = 1\n")
        self.put("opencode.json", '{"permission": {"bash": {"x": "maybe"}}}')
        self.put(".gemini/policies/p.toml", "[[rule]\n")
        for host, name in (("codex", "a.rules:1"), ("opencode", "opencode.json"), ("gemini", "p.toml:1")):
            report = self.migrate(host, expect=1)
            self.assertEqual(report["status"], "failed")
            self.assertIn(name, report["errors"][0])
        self.assertFalse((self.work / ".opencode/permissions.yaml").exists())

    def test_what_it_did_not_write_stays(self):
        self.put(".claude/settings.json", TEAM)
        self.put("CLAUDE.md", "theirs\n")
        self.write("AGENTS.md", "mine\n")
        self.write(".opencode/permissions.yaml", "permissions: []\n")
        report = self.migrate(expect=1)
        self.assertEqual(report["status"], "partial")
        self.assertEqual((self.work / "AGENTS.md").read_text(), "mine\n")
        self.assertEqual((self.work / ".opencode/permissions.yaml").read_text(), "permissions: []\n")
        self.migrate("claude-code", "--undo")
        self.assertEqual((self.work / "AGENTS.md").read_text(), "mine\n")

    def test_the_persons_own_settings_count_too(self):
        settings = self.home / ".claude/settings.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps({"permissions": {"deny": ["Bash(dd *)", "Read(/private/**)"]}}))
        self.put(".claude/settings.json", {"permissions": {"deny": ["Bash(rm *)"]}})
        self.migrate()
        self.assertEqual(self.command("dd if=x"), "deny")
        self.assertEqual(self.decision(tool="read_file", arguments={"path": str(self.home / ".claude/private/a")}), "deny")
        self.migrate("claude-code", "--project-only")
        self.assertEqual(self.command("dd if=x"), "ask")

    def test_validate_names_what_is_missing_or_broken(self):
        result = self.oap("migrate", "validate", "--json")
        self.assertEqual(result.code, 1)
        self.assertEqual(result.json()["errors"], ["Missing required file: .opencode/config.yaml",
                                                   "Missing required file: AGENTS.md"])
        self.put("CLAUDE.md", "x\n")
        self.migrate()
        self.assertEqual(self.oap("migrate", "validate").code, 0)
        self.write(".opencode/config.yaml", "platform: [\n")
        self.assertIn("config.yaml", "\n".join(self.oap("migrate", "validate", "--json").json()["errors"]))

    def test_rules_count_in_place_too(self):
        self.write(".claude/settings.json", json.dumps({"permissions": {"allow": ["Bash(npm run *)"], "deny": ["Bash(curl *)"]}}))
        self.assertEqual(self.command("curl x"), "deny")
        self.assertEqual(self.command("npm run x"), "ask")
        self.oap("trust")
        self.assertEqual(self.command("npm run x"), "allow")
        self.write(".claude/settings.local.json", json.dumps({"permissions": {"ask": ["Bash(npm run deploy)"]}}))
        self.assertEqual(self.command("npm run deploy"), "ask")
        self.write(".opencode/config.yaml", "platform: {compatibility_mode: none}\n")
        self.assertEqual(self.command("curl x"), "ask")

    def test_settings_in_place_that_cannot_be_read_stop(self):
        self.write(".claude/settings.json", "{")
        result = self.oap("permission", "check", "--tool", "bash", "--resource", "ls")
        self.assertEqual(result.code, 2, result)
        self.assertIn(".claude/settings.json", result.err)
        self.assertIn("compatibility_mode", result.err)

    def test_an_import_in_place_counts_once(self):
        self.write(".claude/settings.json", json.dumps({"permissions": {"deny": ["Bash(curl *)"]}}))
        before = picture(self.work)
        self.assertEqual(self.oap("migrate", "claude-code").code, 0)
        rules = self.oap("permission", "show", "--json").json()["rules"]
        self.assertEqual(len([one for one in rules if "curl" in one["rule"]]), 1)
        self.assertFalse(self.oap("migrate", "claude-code", "--json").json()["changed"])
        self.assertEqual(self.oap("migrate", "claude-code", "--undo").code, 0)
        self.assertEqual(picture(self.work), before)

    def test_text_for_people(self):
        self.put(".claude/settings.json", TEAM)
        result = self.oap("migrate", "claude-code", "--source", str(self.source))
        self.assertEqual(result.code, 0, result)
        for part in ("claude-code: success", "Carried over: settings", "created", "Not carried over", "Next: oap trust"):
            self.assertIn(part, result.out)
        self.assertEqual(self.oap("migrate", "claude-code", "--source", str(self.base / "none")).code, 1)
        self.assertEqual(self.oap("migrate", "nothing").code, 2)


class WithoutImport(OapTest):
    """platform.compatibility_mode: what .claude and CLAUDE.md say, in place."""

    def prompt(self):
        env, received = self.mock_llm([{"answer": {"text": "ok"}}])
        self.run_task("hello", "--model", "openai/m", env=env)
        return json.dumps(received()[0]["body"])

    def test_instructions_with_what_they_import(self):
        self.write("CLAUDE.md", "Read @docs/style.md and `@docs/not.md`, @.env, @../outside.md\n")
        self.write("docs/style.md", "TWO-SPACES and @deep.md\n")
        self.write("docs/deep.md", "DEEP-TEXT\n")
        self.write("docs/not.md", "NOT-THIS\n")
        self.write(".env", "TOKEN=TELL-NOBODY\n")
        (self.base / "outside.md").write_text("OUTSIDE-TEXT\n")
        self.write(".claude/rules/api.md", "---\npaths: ['src/api/**']\n---\nAPI-RULE\n")
        self.write("CLAUDE.local.md", "LOCAL-NOTE\n")
        seen = self.prompt()
        for text in ("TWO-SPACES", "DEEP-TEXT", "API-RULE", "LOCAL-NOTE", "src/api/**"):
            self.assertIn(text, seen)
        for text in ("NOT-THIS", "TELL-NOBODY", "OUTSIDE-TEXT"):
            self.assertNotIn(text, seen)
        self.write(".opencode/config.yaml", "platform: {compatibility_mode: none}\n")
        seen = self.prompt()
        self.assertIn("@docs/style.md", seen)
        self.assertNotIn("TWO-SPACES", seen)
        self.assertNotIn("API-RULE", seen)

    def test_a_persons_own_setup_for_all_projects(self):
        claude = self.home / ".claude"
        claude.mkdir()
        (claude / "CLAUDE.md").write_text("MY-STYLE\n")
        (claude / "settings.json").write_text(json.dumps({"permissions": {"allow": ["Bash"], "deny": ["Bash(curl *)"]}}))
        before = picture(self.home)
        dry = self.oap("migrate", "claude-code", "--user", "--dry-run", "--json").json()
        self.assertEqual(picture(self.home), before)
        report = self.oap("migrate", "claude-code", "--user", "--json")
        self.assertEqual(report.code, 0, report)
        self.assertEqual(report.json()["files"], dry["files"])
        self.assertEqual([one["key"] for one in report.json()["not_carried"]], ["permissions.allow: Bash"])
        self.assertIn("MY-STYLE", self.prompt())
        (answer,) = self.oap("permission", "check", "--batch",
                             stdin=json.dumps({"tool": "bash", "arguments": {"command": "curl x"}})).lines()
        self.assertEqual(answer["decision"], "deny")
        self.assertFalse((self.work / "AGENTS.md").exists())
        self.assertEqual(self.oap("migrate", "claude-code", "--user", "--undo").code, 0)
        self.assertEqual({k: v for k, v in picture(self.home).items() if k.startswith(".claude")}, before)
        self.assertFalse((self.home / ".config/oap/permissions.yaml").exists())


if __name__ == "__main__":
    unittest.main()
