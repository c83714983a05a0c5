"""The commands as a person or a script uses them, with right and wrong input."""

import json
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, SUPPORT, OapTest, alive, github_token, signal, unittest  # noqa: E402


class Cli(OapTest):
    def setUp(self):
        super().setUp()
        self.write("README.md", "# Test Project\n")

    def test_version(self):
        result = self.oap("--version")
        self.assertEqual(result.code, 0)
        self.assertRegex(result.out, r"^oap \d+\.\d+\.\d+")
        self.assertEqual(self.oap("version").out, result.out)

    def test_help_has_examples(self):
        result = self.oap("--help")
        self.assertEqual(result.code, 0)
        self.assertIn("oap run", result.out)
        self.assertEqual(self.oap("run", "--help").code, 0)

    def test_wrong_usage_is_2(self):
        for args in ([], ["nonsense"], ["run", "--no-such-option", "x"], ["run", ""], ["permission"],
                     ["run", "x", "--output-format", "xml"], ["run", "x", "--agent-path", "--fast-path"]):
            with self.subTest(args):
                self.assertEqual(self.oap(*args).code, 2)

    def test_prompt_from_stdin(self):
        for args in ([], ["-"]):
            result = self.oap("run", *args, "--output-format", "json", stdin="Read the README.md file")
            self.assertEqual(result.code, 0, result)
            self.assertIn("Test Project", result.json()["content"])

    def test_text_output_is_the_content(self):
        result = self.oap("run", "Read the README.md file")
        self.assertEqual(result.code, 0, result)
        self.assertIn("# Test Project", result.out)

    def test_stream_json(self):
        lines = self.oap("run", "Read the README.md file", "--output-format", "stream-json").lines()
        types = [line["type"] for line in lines]
        self.assertEqual(types[0], "session")
        self.assertEqual(types[-1], "result")
        self.assertIn("tool_call", types)
        self.assertIn("tool_result", types)
        self.assertIs(lines[-1]["success"], True)

    def test_the_result_object_has_every_member(self):
        result, _ = self.run_task("Read the README.md file")
        for key in ("success", "task_id", "session_id", "status", "task", "execution_path", "content", "plan",
                    "results", "review", "error", "error_code", "denials", "usage", "duration_ms"):
            self.assertIn(key, result)
        self.assertIsNone(result["review"])
        self.assertTrue(result["task_id"].startswith("task_"))

    def test_offline_says_which_part_needs_a_model(self):
        result, code = self.run_task("Refactor the parser to be faster", "--fast-path")
        self.assertEqual(code, 1, result)
        self.assertEqual(result["error_code"], "needs_model")
        self.assertIn("Refactor the parser", result["error"])
        self.assertIn("--model", result["error"])

    def test_offline_numbered_list_on_the_agent_path(self):
        self.write("a.txt", "alpha")
        result, code = self.run_task("1. Read README.md\n2. Read a.txt\n3. List the files in .", "--agent-path")
        self.assertEqual(code, 0, result)
        self.assertEqual(result["execution_path"], "agent")
        self.assertEqual(len(result["plan"]["steps"]), 3)
        self.assertIn("alpha", result["content"])
        self.assertIs(result["review"]["overall_success"], True)

    def test_a_missing_file_fails_plainly(self):
        result, code = self.run_task("Read the file no-such.txt")
        self.assertEqual(code, 1, result)
        self.assertIn("no-such.txt", result["error"])

    def test_missing_workspace(self):
        result = self.oap("run", "-w", str(self.base / "nowhere"), "Read README.md")
        self.assertEqual(result.code, 2)
        self.assertIn("nowhere", result.err)

    def test_unknown_model_provider(self):
        result = self.oap("run", "x", "--model", "opnai/gpt-4.1")
        self.assertEqual(result.code, 2)
        self.assertIn("openai", result.err)

    def test_broken_configuration_names_file_line_key_and_nearest(self):
        self.write(".opencode/config.yaml", "routing:\n  fast_path_treshold: 5\n")
        result = self.oap("run", "Read README.md")
        self.assertEqual(result.code, 2)
        self.assertRegex(result.err, r"config\.yaml:2: .*fast_path_treshold.*fast_path_threshold")
        self.assertEqual(self.oap("config", "check").code, 2)

    def test_config_show_and_schema(self):
        shown = self.oap("config", "show", "--json")
        self.assertEqual(shown.code, 0)
        json.loads(shown.out)
        for name in ("config", "agents", "mcp-servers", "permissions", "plugins"):
            json.loads(self.oap("config", "schema", name).out)
        self.assertEqual(self.oap("config", "schema", "x").code, 2)

    def test_route(self):
        fast = self.oap("route", "Read the README file", "--json").json()
        self.assertEqual(fast["execution_path"], "fast")
        agent = self.oap("route", "Refactor the codebase, add tests and update the docs", "--json").json()
        self.assertEqual(agent["execution_path"], "agent")
        self.assertTrue(agent["rule"])

    def test_permission_check_exit_codes_and_batch(self):
        self.write("policy.yaml", "permissions:\n  - {scope: command, action: execute, program: rm, level: deny}\n"
                                  "  - {scope: command, action: execute, argv: [git, status], level: allow}\n")
        check = ["permission", "check", "--policy", "policy.yaml", "--tool", "bash", "--resource"]
        self.assertEqual(self.oap(*check, "rm -rf x").code, 3)
        self.assertEqual(self.oap(*check, "git status").code, 0)
        self.assertEqual(self.oap(*check, "make").code, 4)
        lines = [{"tool": "bash", "arguments": {"command": "git status && rm x"}}, {"tool": "bash"}, "junk"]
        stdin = "\n".join(json.dumps(line) if line != "junk" else "{junk" for line in lines)
        answers = self.oap("permission", "check", "--policy", "policy.yaml", "--batch", stdin=stdin).lines()
        self.assertEqual(len(answers), 3)
        self.assertEqual(answers[0]["decision"], "deny")
        self.assertIn("error", answers[2])

    def test_a_batch_with_unreadable_lines_answers_the_others_and_says_so(self):
        good = '{"tool": "bash", "arguments": {"command": "ls"}}'
        code = '{"id": 1, "language": "bash", "text": "ls"}'
        for words, line, wrong in ((["permission", "check"], good, 2), (["scan", "code"], code, 2),
                                   (["scan", "secrets"], '{"id": 1, "text": "x"}', 0)):
            with self.subTest(words):
                result = self.oap(*words, "--batch", stdin=f"{line}\n{{junk\n{line}\n[]\n{line}")
                self.assertEqual(result.code, wrong, result)
                answers = result.lines()
                self.assertEqual([i for i, one in enumerate(answers) if "error" in one], [1, 3])
                self.assertEqual(len(answers), 5)
                self.assertIn("2 of 5 lines", result.err.strip().split("\n")[-1])
                result = self.oap(*words, "--batch", stdin=line)
                self.assertEqual((result.code, result.err), (0, ""))

    def test_an_option_that_names_what_there_is_not_is_2(self):
        self.write(".opencode/workflows/hello.yaml",
                   "id: hello\nname: Hello\nsteps:\n  - {id: a, tool: list_dir, arguments: {path: .}}\n")
        self.write(".opencode/workflows/hello.test.yaml", "cases:\n  - {name: first, expect: {status: completed}}\n")
        for words, near in ((["run", "--agent", "workr", "x"], "'worker'"), (["run", "--model", "ofline", "x"], "'offline'"),
                            (["run", "--agent", "nosuch", "x"], "'nosuch'"), (["run", "--session", "ses_no", "x"], "'ses_no'"),
                            (["workflow", "run", "hello", "--model", "ofline"], "'offline'"),
                            (["workflow", "list", "--workflow", "helo"], "'hello'"),
                            (["workflow", "test", "hello", "--case", "frist"], "'first'"),
                            (["mission", "start", "x", "--model", "antropic/m"], "'anthropic'"),
                            (["config", "schema", "confg"], "'config'")):
            with self.subTest(words):
                result = self.oap(*words)
                self.assertEqual(result.code, 2, result)
                self.assertIn(near, result.err)
        self.assertEqual(self.oap("workflow", "list", "--workflow", "hello").code, 0)

    def test_untrusted_allow_rules_do_not_count_until_trusted(self):
        self.write(".opencode/permissions.yaml",
                   "permissions: [{scope: tool, action: execute, pattern: bash, level: allow}]\n")
        check = ["permission", "check", "--tool", "bash", "--resource", "make"]
        self.assertEqual(self.oap(*check).code, 4)
        self.assertEqual(self.oap(*check, "--trust").code, 0)
        self.assertEqual(self.oap("trust").code, 0)
        self.assertEqual(self.oap(*check).code, 0)
        self.assertEqual(self.oap("trust", "--revoke").code, 0)
        self.assertEqual(self.oap(*check).code, 4)

    def test_a_changed_server_command_asks_again(self):
        config = "mcp_servers: {x: {type: local, command: [echo, %s]}}\n"
        self.write(".opencode/mcp-servers.yaml", config % "one")
        self.oap("trust")
        self.assertIn('"x"', self.oap("mcp", "list", "--json").out)
        self.write(".opencode/mcp-servers.yaml", config % "two")
        result = self.oap("mcp", "list", "--json")
        self.assertNotIn('"x"', result.out)
        self.assertIn("oap trust", result.err)

    def test_audit_verifies_and_finds_a_changed_byte(self):
        self.assertEqual(self.oap("audit", "verify", "--json").json()["events"], 0)
        self.run_task("Read the README.md file")
        verified = self.oap("audit", "verify", "--json")
        self.assertEqual(verified.code, 0, verified)
        self.assertGreaterEqual(verified.json()["events"], 4)
        segment = next((self.base / "state").rglob("audit/*.jsonl"))
        data = bytearray(segment.read_bytes())
        data[len(data) // 2] ^= 1
        segment.write_bytes(data)
        broken = self.oap("audit", "verify", "--json")
        self.assertEqual(broken.code, 1)
        self.assertIs(broken.json()["ok"], False)

    def test_an_unwritable_audit_means_nothing_runs(self):
        self.run_task("Read the README.md file")
        audit = next((self.base / "state").rglob("audit"))
        segment = next(audit.glob("*.jsonl"))
        segment.write_bytes(b'{"not":"ours"}\n' + segment.read_bytes())
        result, code = self.run_task("Read the README.md file")
        self.assertNotEqual(code, 0, result)
        self.assertNotIn("# Test Project", result.get("content") or "")

    def test_secrets_in_results_are_redacted_everywhere(self):
        token = github_token("Q7mVx2LkT9pWz4RbN8cYs3HdJ6fGaE")
        self.write("notes.txt", f"token = {token}\n")
        result = self.oap("run", "Read notes.txt", "--output-format", "stream-json")
        self.assertEqual(result.code, 0, result)
        self.assertNotIn(token, result.out + result.err)
        self.assertIn("REDACTED", result.out)
        for file in (self.base / "state").rglob("*"):
            if file.is_file():
                self.assertNotIn(token.encode(), file.read_bytes(), file)

    def test_secrets_in_arguments_are_neither_shown_nor_stored(self):
        token = github_token("t5BqXn8WcK2zLmR7vYp3DgHs9JfTaU")
        env, _ = self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [{
                "name": "bash", "arguments": {"command": f"echo {token} > /tmp/{token}"}}]}},
            {"answer": {"text": f"wrote {token}"}},
        ])
        result = self.oap("run", "go", "--model", "openai/m", "--output-format", "stream-json", env=env)
        self.assertNotIn(token, result.out + result.err)
        self.assertIn("wrote ", "".join(e["text"] for e in result.lines() if e["type"] == "text"))
        for file in (self.base / "state").rglob("*"):
            if file.is_file():
                self.assertNotIn(token.encode(), file.read_bytes(), file)

    def test_a_run_that_cannot_begin_still_prints_the_whole_object(self):
        blocked = self.base / "blocked"
        blocked.write_text("")
        result = self.oap("run", "Read README.md", "--output-format", "stream-json",
                          env={"OPENCODE_DATA_PATH": str(blocked)})
        self.assertNotIn(result.code, (0, 3))
        last = result.lines()[-1]
        self.assertEqual(last["type"], "result")
        for key in ("success", "task_id", "status", "error", "error_code", "denials", "usage"):
            self.assertIn(key, last)

    def test_a_relative_place_of_the_state_is_refused(self):
        for args in (["run", "Read README.md"], ["permission", "check", "--tool", "bash", "--resource", "ls"],
                     ["permission", "set", '{"program":"rm","level":"deny"}'], ["doctor"]):
            result = self.oap(*args, env={"OPENCODE_DATA_PATH": "state"})
            self.assertEqual(result.code, 1 if args == ["doctor"] else 2, result)
            self.assertIn("absolute path", result.err + result.out)
        self.assertFalse((self.work / "state").exists())

    def test_a_result_that_cannot_be_written_is_no_success(self):
        for target in ("/dev/full",):
            with open(target, "wb") as out:
                process = subprocess.run([OAP, "run", "Read README.md"], stdout=out, stderr=subprocess.PIPE,
                                         cwd=self.work, env=self.env, timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertIn(b"standard output", process.stderr)

    def test_calls_that_were_never_judged_are_not_audited_as_allowed(self):
        env, _ = self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [{"name": "read_file", "arguments": {"path": 5}}]}},
            {"answer": {"text": "ok"}},
        ])
        self.run_task("go", "--model", "openai/m", env=env)
        events = [e for e in self.oap("audit", "tail", "--json").lines() if e.get("tool") == "read_file"]
        self.assertEqual(len(events), 1, events)
        self.assertNotEqual(events[0].get("permission_decision"), "allow")

    def test_config_check_names_a_wrong_model(self):
        self.write(".opencode/agents.yaml", "agents: {executor: {model: foo/bar}}\n")
        result = self.oap("config", "check", "--trust")
        self.assertEqual(result.code, 2, result)
        self.assertIn("agents.executor.model", result.err)

    def test_a_search_leaves_out_what_may_not_be_read(self):
        self.write(".env", "KEYVAL=1\n")
        self.write("secrets/k", "KEYVAL=2\n")
        self.write("open.txt", "KEYVAL=3\n")
        self.write(".opencode/permissions.yaml",
                   "permissions: [{scope: file_pattern, action: read, pattern: 'secrets/**', level: deny}]\n")
        env, _ = self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [{
                "name": "grep", "arguments": {"pattern": "KEYVAL", "path": "."}}]}},
            {"answer": {"text": "ok"}},
        ])
        result, code = self.run_task("go", "--model", "openai/m", env=env)
        self.assertEqual(code, 0, result)
        output = next(iter(result["results"].values()))["output"]
        self.assertIn("open.txt", output)
        self.assertNotIn("KEYVAL=1", output)
        self.assertNotIn("KEYVAL=2", output)

    def test_permission_show_prints_the_builtin_policy(self):
        self.assertTrue(self.oap("permission", "show", "--json").json()["builtin"])

    def test_state_is_private_and_outside_the_workspace(self):
        self.run_task("Read the README.md file")
        state = next((self.base / "state" / "workspaces").iterdir())
        self.assertEqual(state.stat().st_mode & 0o777, 0o700)
        self.assertRegex(state.name, r"^work-[0-9a-f]{16}$")
        self.assertEqual(sorted(p.name for p in (self.work / ".opencode").iterdir()), [])

    def test_doctor(self):
        result = self.oap("doctor", "--json")
        self.assertEqual(result.code, 0, result)
        areas = {f["area"] for f in result.json()["findings"]}
        self.assertTrue({"program", "sandbox", "provider", "state"} <= areas)
        before = next(f for f in result.json()["findings"] if f["name"] == "tool.execute.before")
        self.assertEqual(before["detail"], "StrictRoleGuard → SkillScope → GoverningFiles → Permission → SecurityPolicy")

    def test_doctor_names_what_stops_every_run(self):
        self.oap("run", "read note.txt")
        state = next((self.base / "state").rglob("oap.db")).parent
        for name, damage, said in (
            ("oap.db", b"x" * 8192, "is damaged"),
            ("redaction.key", b"x", "is damaged"),
            ("pins.json", b"{", "pins.json"),
        ):
            file = state / name
            kept = file.read_bytes() if file.exists() else None
            file.write_bytes(damage)
            file.chmod(0o600)
            found = self.oap("doctor", "--json")
            self.assertEqual(found.code, 1, found)
            broken = [f for f in found.json()["findings"] if f["state"] == "broken"]
            self.assertEqual([f["name"] for f in broken], [name], found)
            self.assertIn(said, broken[0]["detail"])
            self.assertEqual(file.read_bytes(), damage)
            file.unlink() if kept is None else file.write_bytes(kept)
        self.assertEqual(self.oap("doctor").code, 0)

    def test_doctor_starts_python_in_the_sandbox(self):
        path = self.write("bin/python3", "#!/bin/sh\necho no such version >&2\nexit 127\n")
        path.chmod(0o755)
        self.env["PATH"] = f"{path.parent}:{os.environ['PATH']}"
        found = self.oap("doctor", "--json")
        self.assertEqual(found.code, 1, found)
        broken = [f for f in found.json()["findings"] if f["state"] == "broken"]
        self.assertEqual([f["name"] for f in broken], ["python3"], found)
        self.assertIn("no such version", broken[0]["detail"])

    def test_completion_scripts(self):
        script = self.oap("completion", "bash").out
        check = subprocess.run(["bash", "-n"], input=script.encode(), stderr=subprocess.PIPE)
        self.assertEqual(check.returncode, 0, check.stderr)
        self.assertIn("permission", script)


class Servers(OapTest):
    """Servers that die, hang or flood."""

    def server(self, name, script, extra=""):
        self.write(".opencode/mcp-servers.yaml",
                   f"mcp_servers:\n  {name}:\n    type: local\n    timeout: 2\n    command: "
                   f"[python3, {SUPPORT / 'mcp_servers' / script}]\n{extra}")
        self.write(".opencode/config.yaml", "security: {default_permission: allow}\n")

    def test_a_server_that_does_not_exist(self):
        self.write(".opencode/mcp-servers.yaml",
                   "mcp_servers: {ghost: {type: local, command: [no-such-program-here]}}\n")
        result = self.oap("mcp", "list", "--trust", "--json")
        ghost = next(s for s in result.json()["servers"] if s["name"] == "ghost")
        self.assertIs(ghost["ok"], False)
        self.assertIn("no-such-program-here", ghost["error"])
        other = next(s for s in result.json()["servers"] if s["name"] == "sandbox")
        self.assertIs(other["ok"], True)

    def test_a_server_that_dies_or_hangs_ends_the_call_in_time(self):
        for script in ("dies.py", "hangs.py"):
            with self.subTest(script):
                self.server("bad", script)
                tools = self.oap("mcp", "tools", "bad", "--trust", "--json").json()["tools"]
                tool = tools[0]["tool"] if tools else "echo"
                began = time.monotonic()
                result = self.oap("mcp", "call", "bad", tool, "{}", "--trust", "--json")
                self.assertNotEqual(result.code, 0, result)
                self.assertLess(time.monotonic() - began, 30)
                self.assertIn("error", result.json())


class Interruption(OapTest):
    """No orphan is left, however oap ends."""

    def running(self, marker):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if marker.encode() in file.read() and int(pid) != os.getpid() and alive(pid):
                        yield int(pid)
            except (FileNotFoundError, ProcessLookupError):
                pass

    def begin(self):
        """A run whose tool is at work; returns the process and the tool's marker."""
        marker = f"sleep 86{os.getpid() % 1000:03d}{time.monotonic_ns() % 10000:04d}"
        env, _ = self.mock_llm([{"answer": {"tool_calls": [{
            "name": "bash", "arguments": {"command": f"(setsid {marker} &) ; {marker}"}}]}}])
        process = self.start("run", "go", "--yes", "--model", "openai/m", "--output-format", "json", env=env)
        number = marker.split()[1]
        self.wait_for(lambda: len(list(self.sleepers(number))) >= 2, "the tool to start")
        return process, number

    def sleepers(self, number):
        for pid in self.running(number):
            with open(f"/proc/{pid}/comm") as file:
                if file.read().strip() == "sleep":
                    yield pid

    def test_interrupt_ends_the_run_and_its_children(self):
        process, number = self.begin()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), 130)
        self.wait_for(lambda: not list(self.sleepers(number)), "the children to end")

    def test_kill_9_leaves_no_orphan(self):
        process, number = self.begin()
        process.kill()
        process.wait(20)
        self.wait_for(lambda: not list(self.sleepers(number)), "the children to end")
        verified = self.oap("audit", "verify", "--json")
        self.assertEqual(verified.code, 0, verified)

    def test_a_call_under_way_at_a_crash_is_in_doubt_and_not_repeated(self):
        process, number = self.begin()
        process.kill()
        process.wait(20)
        self.wait_for(lambda: not list(self.sleepers(number)), "the children to end")
        env, received = self.mock_llm([{"answer": {"text": "understood"}}])
        result, code = self.run_task("go on", "--continue", "--yes", "--model", "openai/m", env=env)
        self.assertEqual(code, 0, result)
        self.assertIn("in doubt: may have run", json.dumps(received()[0]))
        self.assertEqual(result["results"], {})


class Terminal(OapTest):
    """A person at a pseudo terminal."""

    def dialogue(self, args, env, answer):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(OAP, [OAP, *args], {**self.env, **env, "TERM": "xterm"})
        seen = ""
        answered = False
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            ready, _, _ = select.select([fd], [], [], 0.2)
            if ready:
                try:
                    data = os.read(fd, 65536)
                except OSError:
                    break
                if not data:
                    break
                seen += data.decode(errors="replace")
            if not answered and "Allow this once?" in seen:
                os.write(fd, answer)
                answered = True
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        return os.waitstatus_to_exitcode(status), seen

    def script(self):
        return self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [{
                "name": "bash", "arguments": {"command": "touch made\u202e.txt"}}]}},
            {"answer": {"text": "finished"}},
        ])[0]

    def test_an_approval_shows_the_exact_arguments_and_runs(self):
        code, seen = self.dialogue(["run", "go", "--model", "openai/m"], self.script(), b"y\n")
        self.assertEqual(code, 0, seen)
        self.assertIn("touch made", seen)
        self.assertNotIn("\u202e", seen)
        self.assertTrue(any(p.name.startswith("made") for p in self.work.iterdir()))

    def test_a_refusal_is_not_run(self):
        code, seen = self.dialogue(["run", "go", "--model", "openai/m"], self.script(), b"n\n")
        self.assertEqual(code, 3, seen)
        self.assertFalse(any(p.name.startswith("made") for p in self.work.iterdir()))
        self.assertRegex(seen, re.compile("permission denied"))


if __name__ == "__main__":
    unittest.main()
