"""The real OpenCode under oap's plugin: what is denied does not run, what is secret does not reach the model or its database."""

import contextlib
import http.client
import json
import socket
import subprocess
import threading

from agents import CODEX, OPENCODE, TOKEN, AgentTest, rows_with, unittest

CONFIG = {
    "$schema": "https://opencode.ai/config.json", "autoupdate": False, "share": "disabled", "snapshot": False,
    "model": "mock/mock-1", "small_model": "mock/mock-1", "enabled_providers": ["mock"],
}


def bash(command):
    return {"name": "bash", "arguments": {"command": command, "description": "a step"}}


class OpenCodeTest(AgentTest):
    program = OPENCODE

    def setUp(self):
        super().setUp()
        self.env.update({"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
                         "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"})
        search = CODEX.parent.parent / "codex-path"  # OpenCode would fetch ripgrep from the network
        self.env["PATH"] = f"{search}:{self.env['PATH']}"
        self.settings = dict(CONFIG)

    def configure(self):
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "Mock",
                    "options": {"baseURL": f"http://127.0.0.1:{self.model()}/v1", "apiKey": "none"},
                    "models": {"mock-1": {"name": "mock", "limit": {"context": 100_000, "output": 4_096}}}}
        folder = self.home / ".config" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "opencode.json").write_text(json.dumps({**self.settings, "provider": {"mock": provider}}))

    def opencode(self, prompt="go"):
        self.configure()
        return self.run_program("run", "--format", "json", prompt)

    def results(self):
        """What the model saw as results of tools, in the order of its newest request with any."""
        for request in reversed(self.received()):
            found = [m["content"] for m in request["body"].get("messages", []) if m["role"] == "tool"]
            if found:
                return [content if isinstance(content, str) else json.dumps(content) for content in found]
        return []

    def database(self):
        return self.home / ".local/share/opencode/opencode.db"


class Governed(OpenCodeTest):
    def setUp(self):
        super().setUp()
        self.ok("hook", "install", "opencode")
        self.daemon = self.serve()

    def test_a_denied_command_does_not_run(self):
        self.says({"results": 0}, bash("touch marker"))
        self.opencode()
        self.assertFalse(self.exists(), self.said)
        self.assertIn("matches command program 'touch'", self.results()[0])
        self.assert_audit(("permission_check", "bash", "deny"))

    def test_an_allowed_command_runs_and_both_ends_are_in_the_audit(self):
        self.says({"results": 0}, bash("echo hello"))
        self.says({"results": 1}, bash("touch marker"))
        self.says({"results": 2}, {"name": "read", "arguments": {"filePath": str(self.work / "token.txt")}})
        self.opencode()
        self.assertIn("hello", self.results()[0], self.said)
        self.assert_audit(("permission_check", "bash", "allow"), ("tool_execution", "bash", ""),
                          ("permission_check", "bash", "deny"),
                          ("permission_check", "read_file", "allow"), ("tool_execution", "read_file", ""))

    def test_what_a_person_would_have_to_approve_is_denied(self):
        self.says({"results": 0}, bash("python3 -c 'open(\"marker\", \"w\")'"))
        self.opencode()
        self.assertFalse(self.exists())
        self.assertIn("approve", self.results()[0])

    def test_secrets_in_answers_reach_neither_the_model_nor_the_database(self):
        self.says({"results": 0}, bash("cat token.txt; cat token.txt >&2"))
        self.says({"results": 1}, {"name": "read", "arguments": {"filePath": str(self.work / "token.txt")}})
        self.says({"results": 2}, {"name": "grep", "arguments": {"pattern": "token is", "path": str(self.work)}})
        self.opencode()
        self.assertEqual(["the token is [REDACTED:" in result or "denied" in result for result in self.results()],
                         [True, True, True], self.results())
        self.assertNotIn(TOKEN, self.seen_by_model())
        self.assertNotIn(TOKEN, self.said)
        self.assertEqual(rows_with(TOKEN, self.database()), [])
        self.ok("audit", "verify")

    def test_a_secret_in_a_message_reaches_neither(self):
        self.opencode(f"use {TOKEN} please")
        self.assertIn("use [REDACTED:", self.seen_by_model())
        self.assertNotIn(TOKEN, self.seen_by_model())
        self.assertEqual(rows_with(TOKEN, self.database()), [])

    def test_a_file_that_may_not_be_read_is_not(self):
        self.write("private/notes.txt", "the hidden word is xylophone\n")
        self.says({"results": 0}, {"name": "read", "arguments": {"filePath": str(self.work / "private/notes.txt")}})
        self.says({"results": 1}, {"name": "grep", "arguments": {"pattern": "hidden word", "path": str(self.work)}})
        self.opencode()
        self.assertEqual(len(self.results()), 2, self.said)
        self.assertNotIn("xylophone", self.seen_by_model())

    def test_a_command_is_judged_in_the_folder_where_it_starts(self):
        self.write("private/notes.txt", "the hidden word is xylophone\n")
        self.says({"results": 0}, {"name": "bash", "arguments": {
            "command": "cat notes.txt", "description": "x", "workdir": str(self.work / "private")}})
        self.opencode()
        self.assertEqual(len(self.results()), 1, self.said)
        self.assertNotIn("xylophone", self.seen_by_model())

    def test_the_calls_of_a_subagent_are_governed(self):
        self.says({"user": "SUBTASK", "results": 0}, bash("touch marker"))
        self.says({"user": "SUBTASK"}, text="the subtask is done")
        self.says({"results": 0}, {"name": "task", "arguments": {
            "description": "a subtask", "prompt": "SUBTASK: go", "subagent_type": "general"}})
        self.opencode()
        self.assertFalse(self.exists())
        self.assertIn("matches command program 'touch'", self.seen_by_model(), self.said)
        denied = [e for e in self.audited() if e["permission_decision"] == "deny"]
        self.assertEqual([e["tool"] for e in denied], ["bash"])

    def test_without_the_daemon_nothing_is_sent_or_run(self):
        self.daemon.kill()
        self.daemon.wait()
        self.says({"results": 0}, bash("touch marker"))
        done = self.opencode()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("oap serve", self.said)
        self.assertFalse(self.exists())
        self.assertEqual([r for r in self.received() if '"go"' in json.dumps(r["body"]["messages"])], [])

    def test_the_daemon_dying_under_way_denies_the_rest(self):
        self.says({"results": 0}, bash(f"kill -9 {self.daemon.pid}"))
        self.says({"results": 1}, bash("echo hello > made"))
        self.opencode()
        self.assertTrue(self.results(), self.said)
        self.assertIn("oap serve", self.results()[-1])
        self.assertFalse(self.exists("made"))
        self.daemon.wait()
        self.ok("audit", "verify")

    def test_removed_it_governs_no_more(self):
        self.ok("hook", "uninstall", "opencode")
        self.assertFalse((self.work / ".opencode/plugin").exists())
        self.says({"results": 0}, bash("touch marker"))
        self.opencode()
        self.assertTrue(self.exists(), self.said)

    def test_permission_questions_of_the_server_are_answered(self):
        self.settings["permission"] = {"bash": "ask"}
        self.says({"results": 0}, bash("echo hello > /dev/null; cat token.txt"))
        self.configure()
        server = subprocess.Popen([str(OPENCODE), "serve", "--hostname", "127.0.0.1", "--port", "0"], cwd=self.work,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env=self.env, start_new_session=True)
        self.addCleanup(server.communicate)
        self.addCleanup(server.kill)
        line = b""
        while b"listening on" not in line:
            line = server.stdout.readline()
            self.assertTrue(line, "the server did not start")
        connection = http.client.HTTPConnection(line.split()[-1].decode().removeprefix("http://"), timeout=60)
        self.addCleanup(connection.close)

        def post(path, body):
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            self.assertEqual(answer.status, 200, text)
            return json.loads(text)

        session = post("/session", {"title": "a test"})["id"]
        post(f"/session/{session}/message", {"parts": [{"type": "text", "text": "go"}]})
        self.assertIn("the token is [REDACTED:", self.results()[0])
        self.assertNotIn(TOKEN, self.seen_by_model())


class Daemon(OpenCodeTest):
    """What OpenCode does with answers of the daemon, given here by a stand-in."""

    def stand_in(self, **answers):
        self.ok("hook", "install", "opencode")
        path = self.base / "fake.sock"
        self.env["OAP_SOCKET"] = str(path)
        self.asked = []
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        self.addCleanup(listener.close)
        known = {"initialize": {"protocol": 1, "server": {"name": "oap", "version": "0"}}, "tool/before": {"decision": "allow"},
                 "chat/message": {"decision": "allow"}, **{name.replace("_", "/"): value for name, value in answers.items()}}

        def talk(connection):
            with connection, connection.makefile("rwb") as stream, contextlib.suppress(ConnectionError):
                for line in stream:
                    request = json.loads(line)
                    self.asked.append((request["method"], request["params"]))
                    answer = known.get(request["method"], {})
                    result = answer(request["params"]) if callable(answer) else answer
                    stream.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}).encode() + b"\n")
                    stream.flush()

        def listen():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                threading.Thread(target=talk, args=(connection,), daemon=True).start()

        threading.Thread(target=listen, daemon=True).start()

    def test_a_rewritten_command_runs_rewritten(self):
        self.stand_in(tool_before={"decision": "modify", "arguments": {"command": "echo rewritten > written", "description": "x"}})
        self.says({"results": 0}, bash("touch marker"))
        self.opencode()
        self.assertFalse(self.exists())
        self.assertEqual((self.work / "written").read_text(), "rewritten\n")

    def test_a_spent_budget_stops_the_session(self):
        self.stand_in(session_usage={"stop": True, "reason": "spent"})
        for number in range(20):
            self.says({"results": number}, bash(f"echo {number}"))
        self.opencode()
        self.assertLess(len([r for r in self.received() if r["body"].get("tools")]), 6)

    def test_what_is_asked_in_a_turn(self):
        self.stand_in()
        self.says({"results": 0}, bash("echo hello"))
        self.opencode()
        methods = [method for method, _ in self.asked]
        self.assertEqual(sorted(set(methods)), ["chat/message", "initialize", "session/created", "session/idle",
                                                "session/usage", "tool/after", "tool/before"])
        self.assertEqual([methods.count(m) for m in ("initialize", "chat/message", "tool/before", "tool/after")], [1, 1, 1, 1])
        before = dict(self.asked)["tool/before"]
        self.assertEqual((before["directory"], before["tool"], before["arguments"]["command"], before["agent"]),
                         (str(self.work), "bash", "echo hello", "build"))


if __name__ == "__main__":
    unittest.main()
