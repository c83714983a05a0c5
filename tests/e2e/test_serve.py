"""oap serve: the daemon's socket, its decisions, its bounds, and what happens when it dies."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import test_hook  # noqa: E402
from harness import OapTest, github_token, unittest  # noqa: E402

TOKEN = github_token("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2")
POLICY = """permissions:
  - {scope: command, action: execute, argv: [git, status], level: allow}
  - {scope: command, action: execute, program: rm, level: deny}
  - {scope: file_pattern, action: read, pattern: 'secret/**', level: deny}
"""


class Client:
    """One connection. Requests by call(); answers in any order are matched by id."""

    def __init__(self, path, directory, session="ses_1", timeout=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(timeout)
        self.file = self.socket.makefile("rb")
        self.directory, self.session, self.next = str(directory), session, 0
        self.answers = {}

    def send(self, method, **params):
        self.next += 1
        place = {"directory": self.directory, "session": self.session}
        message = {"jsonrpc": "2.0", "id": self.next, "method": method, "params": {**place, **params}}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        return self.next

    def answer(self, number):
        while number not in self.answers:
            line = self.file.readline()
            if not line:
                raise ConnectionError("the daemon ended the connection")
            message = json.loads(line)
            self.answers[message["id"]] = message
        return self.answers.pop(number)

    def call(self, method, **params):
        message = self.answer(self.send(method, **params))
        if "error" in message:
            raise RuntimeError(message["error"]["message"])
        return message["result"]

    def before(self, tool, arguments, **more):
        return self.call("tool/before", call=more.pop("call", "c1"), tool=tool, arguments=arguments, **more)

    def close(self):
        self.file.close()
        self.socket.close()


class ServeTest(OapTest):
    def setUp(self):
        super().setUp()
        self.write(".opencode/permissions.yaml", POLICY)
        self.oap("trust", "--json")
        self.path = self.base / "state/oap.sock"

    def serve(self, env=None):
        process = self.start("serve", "--json", env=env)
        line = process.stdout.readline()
        if not line:
            self.fail("oap serve did not start: " + process.communicate()[1].decode())
        self.ready = json.loads(line)
        return process

    def client(self, directory=None, **more):
        client = Client(self.ready["socket"], directory or self.work, **more)
        self.addCleanup(client.close)
        return client

    def audit(self, directory=None):
        where = ["--workspace", str(directory)] if directory else []
        result = self.oap("audit", "search", "--json", "--limit", "100000", *where)
        self.assertEqual(result.code, 0, result)
        return [e for e in result.lines() if (e.get("details") or {}).get("host")]


class Process(ServeTest):
    def test_ready_status_and_stop(self):
        process = self.serve()
        self.assertEqual((self.ready["event"], self.ready["pid"]), ("ready", process.pid))
        self.assertEqual(self.ready["socket"], str(self.path))
        mode = self.path.stat().st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.path.parent.stat().st_mode), 0o700)
        self.client().before("bash", {"command": "rm x"})
        status = self.oap("serve", "--status", "--json").json()
        self.assertEqual((status["running"], status["pid"], status["calls"], status["denied"]), (True, process.pid, 1, 1))
        stopped = self.oap("serve", "--stop", "--json")
        self.assertEqual((stopped.code, stopped.json()["stopped"]), (0, process.pid))
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertFalse(self.path.exists())
        self.assertEqual(self.oap("serve", "--status", "--json").code, 1)
        self.assertEqual(self.oap("serve", "--stop").code, 1)

    def test_a_second_one_is_refused(self):
        process = self.serve()
        second = self.oap("serve")
        self.assertNotEqual(second.code, 0)
        self.assertIn(str(process.pid), second.err)
        self.assertIsNone(process.poll())
        self.client().call("status")

    def test_two_started_at_once_are_one(self):
        both = [self.start("serve", "--json") for _ in range(4)]
        lines = [p.stdout.readline() for p in both]
        ready = [line for line in lines if line and b'"ready"' in line]
        self.assertEqual(len(ready), 1, lines)

    def test_a_killed_daemons_budgets_hold_for_the_next(self):
        self.write(".opencode/config.yaml", "orchestration: {missions: {max_cost_usd: 0.5}}\n")
        process = self.serve()
        tokens = {"input": 10, "output": 5, "reasoning": 0, "cache_read": 0, "cache_write": 0}
        self.client().call("session/usage", tokens=tokens, cost_usd=0.3)
        process.kill()
        process.wait()
        self.serve()
        client = self.client()
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "allow")
        self.assertEqual(client.call("session/usage", tokens=tokens, cost_usd=0.3)["stop"], True)
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "deny")
        kept = self.base / "state/host-sessions.jsonl"
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)

    def test_killed_and_started_again(self):
        process = self.serve()
        self.assertEqual(self.client().before("bash", {"command": "rm x"})["decision"], "deny")
        process.kill()
        process.wait()
        self.assertTrue(self.path.exists())
        self.assertEqual(self.oap("serve", "--status").code, 1)
        self.serve()
        self.assertEqual(self.client().before("bash", {"command": "git status"})["decision"], "allow")
        self.assertEqual(self.oap("audit", "verify").code, 0)
        self.assertEqual([e["permission_decision"] for e in self.audit()], ["deny", "allow"])

    def test_what_is_no_socket_is_left_alone(self):
        self.path.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.write_text("mine")
        refused = self.oap("serve")
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(self.path.read_text(), "mine")

    def test_an_open_folder_is_refused(self):
        folder = self.base / "open"
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        refused = self.oap("serve", env={"OAP_SOCKET": str(folder / "s")})
        self.assertNotEqual(refused.code, 0)
        self.assertIn("chmod 700", refused.err)

    def test_long_paths_get_a_short_socket(self):
        run = self.base / "run"
        run.mkdir(mode=0o700)
        env = {"OPENCODE_DATA_PATH": str(self.base / ("x" * 100)), "XDG_RUNTIME_DIR": str(run)}
        self.serve(env=env)
        self.assertTrue(self.ready["socket"].startswith(str(run) + "/oap-"), self.ready)
        self.assertEqual(self.client().before("bash", {"command": "rm x"})["decision"], "deny")
        self.assertTrue(self.oap("serve", "--status", "--json", env=env).json()["running"])

    def test_systemd_is_told(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind(str(self.base / "notify"))
        listener.settimeout(20)
        self.addCleanup(listener.close)
        process = self.serve(env={"NOTIFY_SOCKET": str(self.base / "notify")})
        self.assertEqual(listener.recv(100), b"READY=1")
        process.send_signal(signal.SIGHUP)
        self.assertTrue(listener.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC="))
        self.assertEqual(listener.recv(100), b"READY=1")
        process.terminate()
        self.assertEqual(listener.recv(100), b"STOPPING=1")

    def test_the_end_waits_for_answers(self):
        process = self.serve()
        client = self.client()
        numbers = [client.send("tool/before", call=str(i), tool="bash", arguments={"command": "rm x"}) for i in range(200)]
        client.answer(numbers[0])
        process.terminate()
        for number in numbers[1:]:
            try:
                self.assertEqual(client.answer(number)["result"]["decision"], "deny")
            except ConnectionError:
                break
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertEqual(self.oap("audit", "verify").code, 0)


class Decisions(ServeTest):
    def setUp(self):
        super().setUp()
        self.serve()

    def decide(self, tool, arguments, **more):
        return self.client().before(tool, arguments, **more)["decision"]

    def test_rules_decide(self):
        for tool, arguments, expected in (
                ("bash", {"command": "git status"}, "allow"),
                ("bash", {"command": "rm x"}, "deny"),
                ("bash", {"command": "git status; rm x"}, "deny"),
                ("bash", {"command": "make"}, "deny"),
                ("bash", {"command": "cat key", "workdir": "secret"}, "deny"),
                ("bash", {"command": "rm -rf /"}, "deny"),
                ("read", {"filePath": str(self.work / "a.txt")}, "allow"),
                ("read", {"filePath": "a.txt"}, "allow"),
                ("read", {"filePath": "secret/key"}, "deny"),
                ("read", {"filePath": "secret/../a.txt"}, "allow"),
                ("read", {"filePath": "/etc/hostname"}, "deny"),
                ("list", {}, "allow"),
                ("glob", {"pattern": "*.c"}, "allow"),
                ("skill", {"name": "pdf"}, "allow"),
                ("write", {"filePath": "/etc/x", "content": ""}, "deny"),
                ("todowrite", {"todos": []}, "allow"),
                ("task", {"prompt": "x"}, "allow"),
                ("github_create_issue", {}, "deny"),
                ("newtool", {}, "deny"),
                ("bash", {}, "deny"),
                ("bash", {"command": 5}, "deny"),
                ("apply_patch", {"patchText": "*** Begin Patch\n*** Delete File: b\n*** End Patch"}, "deny"),
                ("batch", {"tool_calls": [{"tool": "read", "parameters": {"filePath": "a"}},
                                          {"tool": "bash", "parameters": {"command": "rm x"}}]}, "deny"),
                ("batch", {"tool_calls": [{"tool": "read", "parameters": {"filePath": "a"}}]}, "allow"),
                ("__proto__", {"__proto__": {"constructor": 1}}, "deny")):
            self.assertEqual(self.decide(tool, arguments), expected, (tool, arguments))

    def test_searches_leave_out_what_may_not_be_read(self):
        client = self.client()
        answer = client.before("grep", {"pattern": "x"})
        self.assertEqual(answer["decision"], "modify")
        self.assertRegex(answer["arguments"]["include"], r"^!\{.*\*\*/secret/\*\*")
        self.assertEqual(client.before("grep", {"pattern": "x", "include": "*.c"})["decision"], "deny")
        self.assertEqual(client.before("grep", {"pattern": "x", "path": "secret"})["decision"], "deny")
        found = "\n".join(str(self.work / name) for name in ("a.c", "secret/key", ".env", "b.c"))
        answer = client.call("tool/after", call="c", tool="glob", arguments={"pattern": "*"}, output=found)
        self.assertEqual(answer, {"output": f"{self.work}/a.c\n{self.work}/b.c", "findings": []})

    def test_an_ask_says_how_to_allow(self):
        answer = self.client().before("bash", {"command": "make"})
        self.assertEqual(answer["decision"], "deny")
        self.assertIn("oap permission set", answer["reason"])

    def test_clients_are_told_a_command_that_takes_secrets_out(self):
        hello = self.client().call("initialize", client={"name": "t", "version": "1"}, protocol=1)
        done = subprocess.run(hello["filter"], input=f"the token {TOKEN}!\n".encode(), stdout=subprocess.PIPE, cwd=self.work,
                              env=self.env, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout.decode(), r"^the token \[REDACTED:github_token:[0-9a-f]{4}\]!\n$")

    def test_a_client_that_can_ask_is_asked(self):
        client = self.client()
        client.call("initialize", client={"name": "t", "version": "1"}, protocol=1, can_ask=True)
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "ask")
        self.assertEqual(client.before("bash", {"command": "rm x"})["decision"], "deny")

    def test_initialize(self):
        answer = self.client(self.work).call("initialize", client={"name": "t", "version": "1"}, protocol=1)
        self.assertEqual((answer["protocol"], answer["server"]["name"], answer["workspace"]), (1, "oap", str(self.work)))
        with self.assertRaisesRegex(RuntimeError, "protocol"):
            self.client().call("initialize", client={}, protocol=2)

    def test_secrets_go_out_of_results_and_prompts(self):
        client = self.client()
        answer = client.call("tool/after", call="c", tool="bash", arguments={"command": "x"}, output=f"a {TOKEN} b",
                             title=f"t {TOKEN}", metadata={"output": f"a {TOKEN}", "exit": 0})
        self.assertNotIn(TOKEN, json.dumps(answer))
        self.assertTrue(answer["output"].startswith("a [REDACTED:github_token"), answer)
        self.assertEqual(answer["metadata"]["exit"], 0)
        self.assertIn({"type": "github_token"}, answer["findings"])
        clean = client.call("tool/after", call="c", tool="bash", arguments={"command": "x"}, output="fine")
        self.assertEqual(clean, {"findings": []})
        told = client.call("chat/message", text=f"use {TOKEN}")
        self.assertEqual(told["decision"], "allow")
        self.assertNotIn(TOKEN, told["text"])
        self.assertEqual(client.call("chat/message", text="hello"), {"decision": "allow"})
        self.assertNotIn(TOKEN, json.dumps(self.audit()))

    def test_each_call_is_in_the_audit_with_its_reason(self):
        client = self.client()
        client.before("bash", {"command": "rm x"}, call="one")
        client.before("bash", {"command": "git status"}, call="two")
        client.call("tool/after", call="two", tool="bash", arguments={"command": "git status"}, output="clean", failed=True)
        events = self.audit()
        self.assertEqual([(e["call_id"], e["event_type"], e["permission_decision"] or "") for e in events],
                         [("one", "permission_check", "deny"), ("two", "permission_check", "allow"),
                          ("two", "tool_execution", "")])
        self.assertTrue(events[0]["reason"])
        self.assertIs(events[2]["success"], False)

    def test_two_workspaces(self):
        other = self.base / "other"
        (other / ".opencode/sub").mkdir(parents=True)
        (other / "deep").mkdir()
        (other / ".opencode/permissions.yaml").write_text(
            "permissions:\n  - {scope: command, action: execute, program: make, level: allow}\n")
        client = self.client()
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "deny")
        client.directory = str(other / "deep")
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "deny")  # not trusted
        self.oap("trust", str(other))
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "allow")
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "deny")
        client.directory = str(self.work)
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "deny")
        self.assertEqual(len(self.audit()), 2)
        self.assertEqual(len(self.audit(other)), 3)

    def test_rules_are_read_again(self):
        client = self.client()
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "deny")
        self.write(".opencode/permissions.yaml", POLICY + "  - {scope: command, action: execute, program: make, level: allow}\n")
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "allow")
        self.write(".opencode/permissions.yaml", "permissions: [{scope: nothing}]\n")
        self.assertEqual(client.before("bash", {"command": "make"})["decision"], "allow")  # the last good ones
        self.assertEqual(client.before("bash", {"command": "rm x"})["decision"], "deny")
        self.oap("trust", "--revoke")
        self.write(".opencode/permissions.yaml", POLICY)
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "deny")

    def test_sighup_reads_again_and_wrong_rules_change_nothing(self):
        client = self.client()
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "allow")
        os.kill(self.ready["pid"], signal.SIGHUP)
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "allow")
        self.write(".opencode/permissions.yaml", "permissions: [{scope: nothing}]\n")
        os.kill(self.ready["pid"], signal.SIGHUP)
        self.assertEqual(client.before("bash", {"command": "git status"})["decision"], "allow")
        self.write(".opencode/permissions.yaml", POLICY)
        os.kill(self.ready["pid"], signal.SIGHUP)
        self.assertEqual(client.before("bash", {"command": "rm x"})["decision"], "deny")
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_many_workspaces_are_opened_and_closed(self):
        client = self.client()
        for i in range(80):
            folder = self.base / f"many{i % 40}"
            (folder / ".opencode").mkdir(parents=True, exist_ok=True)
            client.directory = str(folder)
            self.assertEqual(client.before("bash", {"command": "rm -rf /"})["decision"], "deny")
        status = client.call("status")
        self.assertLessEqual(status["workspaces"], 32)
        self.assertEqual(len(self.audit(self.base / "many39")), 2)
        descriptors = len(os.listdir(f"/proc/{self.ready['pid']}/fd"))
        self.assertLess(descriptors, 300)

    def test_a_folder_that_cannot_be_opened_is_denied(self):
        client = self.client(self.base / "missing")
        answer = client.before("bash", {"command": "git status"})
        self.assertEqual(answer["decision"], "deny")
        self.assertIn("could not decide", answer["reason"])
        other = self.base / "broken"
        (other / ".opencode").mkdir(parents=True)
        (other / ".opencode/permissions.yaml").write_text("permissions: [{scope: nothing}]\n")
        client.directory = str(other)
        answer = client.before("bash", {"command": "git status"})
        self.assertEqual(answer["decision"], "deny")
        self.assertIn("permissions.yaml", answer["reason"])
        self.assertEqual([e["rule"] for e in self.audit(other)], ["host:failed"])

    def test_permission_questions(self):
        client = self.client()
        client.before("bash", {"command": "git status"}, call="known")
        asked = {"permission": "bash", "patterns": ["git status"]}
        self.assertEqual(client.call("permission/asked", call="known", **asked)["reply"], "once")
        self.assertEqual(client.call("permission/asked", call="other", permission="bash", patterns=["rm x"])["reply"], "reject")
        self.assertEqual(client.call("permission/asked", permission="bash", patterns=["make"])["reply"], "none")
        self.assertEqual(client.call("permission/asked", call="known", permission="doom_loop", patterns=["*"])["reply"], "none")
        self.assertEqual(client.call("permission/asked", permission="edit", patterns=["/etc/passwd"])["reply"], "reject")

    def test_a_budget_stops_a_session_and_its_children(self):
        self.write(".opencode/config.yaml", "orchestration: {missions: {max_cost_usd: 0.5}}\n")
        client = self.client()
        tokens = {"input": 10, "output": 5, "reasoning": 0, "cache_read": 0, "cache_write": 0}
        self.assertEqual(client.call("session/usage", tokens=tokens, cost_usd=0.3), {"stop": False})
        child = self.client(session="ses_child")
        child.call("session/created", parent="ses_1")
        self.assertEqual(child.before("bash", {"command": "git status"})["decision"], "allow")
        told = child.call("session/usage", tokens=tokens, cost_usd=0.3)
        self.assertEqual(told["stop"], True)
        self.assertIn("max_cost_usd", told["reason"])
        for each in (client, child):
            answer = each.before("bash", {"command": "git status"})
            self.assertEqual(answer["decision"], "deny")
            self.assertIn("max_cost_usd", answer["reason"])
        self.assertEqual(self.client(session="ses_2").before("bash", {"command": "git status"})["decision"], "allow")

    def test_idle_without_a_mission(self):
        self.assertEqual(self.client().call("session/idle"), {})


class BothWays:
    """Every event goes to oap-hook twice, without the daemon and through it: the same answer, the same records."""

    def setUp(self):
        super().setUp()
        self.daemon = self.start("serve", "--json")
        self.assertIn(b'"ready"', self.daemon.stdout.readline())

    def calls(self):
        return self.oap("serve", "--status", "--json").json()["calls"]

    def hook(self, host, event, env=None):
        alone = super().hook(host, event, {**(env or {}), "OAP_SOCKET": "/nonexistent/oap.sock"})
        before = self.calls()
        through = super().hook(host, event, env)
        self.assertEqual(through, alone)
        text = event if isinstance(event, str) else json.dumps(event)
        if host in ("claude-code", "codex", "gemini", "goose", "crush", "qwen"):
            self.assertEqual(self.calls(), before + 1, text)
        return through

    def events(self):
        events = super().events()
        own = ("event_id", "id", "seq", "hash", "prev_hash", "timestamp", "time", "call_id", "record_id")
        bare = [{key: value for key, value in event.items() if key not in own} for event in events]
        self.assertEqual(bare[0::2], bare[1::2])
        return events[0::2]


class HookThroughIt(unittest.TestCase):
    def both_ways(self, case):
        twice = type("Both" + case.__name__, (BothWays, case), {})
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(twice).run(result)
        problems = "\n".join(text for _, text in result.errors + result.failures)
        self.assertTrue(result.wasSuccessful() and result.testsRun > 2, problems)

    def test_claude_code(self):
        self.both_ways(test_hook.ClaudeCode)

    def test_failures(self):
        self.both_ways(test_hook.FailsClosed)

    def test_other_hosts(self):
        self.both_ways(test_hook.OtherHosts)


class HookWithoutIt(test_hook.HookTest):
    def daemon(self, env=None):
        daemon = self.start("serve", "--json", env=env)
        self.assertIn(b'"ready"', daemon.stdout.readline())
        return daemon

    def calls(self):
        return self.oap("serve", "--status", "--json").json()["calls"]

    def test_a_killed_one(self):
        daemon = self.daemon()
        self.assertEqual((self.decision("Bash", {"command": "rm x"}), self.calls()), ("deny", 1))
        daemon.kill()
        daemon.wait()
        self.assertEqual(self.decision("Bash", {"command": "rm x"}), "deny")
        self.assertEqual(self.decision("Bash", {"command": "git status"}), "allow")

    def test_one_that_hangs(self):
        daemon = self.daemon()
        daemon.send_signal(signal.SIGSTOP)
        self.addCleanup(daemon.send_signal, signal.SIGCONT)
        self.assertEqual(self.decision("Bash", {"command": "rm x"}), "deny")

    def test_one_under_another_configuration(self):
        other = self.base / "otherhome"
        other.mkdir()
        self.daemon(env={"HOME": str(other)})
        self.assertEqual((self.decision("Bash", {"command": "rm x"}), self.calls()), ("deny", 0))

    def test_a_socket_that_answers_nonsense(self):
        path = self.base / "state/oap.sock"
        for answer in (b"", b"nonsense\n", b'{"jsonrpc":"2.0","id":1,"result":{"exit":7}}\n',
                       b'{"jsonrpc":"2.0","id":2,"result":{"exit":0,"stdout":"","stderr":""}}\n', b'{"result":5}\n'):
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen()

            def serve(listener=listener, answer=answer):
                connection, _ = listener.accept()
                connection.recv(1 << 20)
                connection.sendall(answer)
                connection.close()

            thread = threading.Thread(target=serve)
            thread.start()
            self.assertEqual(self.decision("Bash", {"command": "rm x"}), "deny", answer)
            thread.join()
            listener.close()

    def test_a_large_event_decides_alone(self):
        self.daemon()
        content = "x" * (13 << 20)
        self.assertEqual(self.decision("Write", {"file_path": "/etc/x", "content": content}), "deny")


class Hostile(ServeTest):
    def setUp(self):
        super().setUp()
        self.process = self.serve()

    def still_decides(self):
        self.assertIsNone(self.process.poll())
        self.assertEqual(self.client().before("bash", {"command": "rm x"})["decision"], "deny")

    def raw(self):
        raw = socket.socket(socket.AF_UNIX)
        raw.settimeout(60)
        raw.connect(self.ready["socket"])
        self.addCleanup(raw.close)
        return raw

    def said(self, data):
        raw = self.raw()
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        out = b""
        while True:
            piece = raw.recv(65536)
            if not piece:
                return [json.loads(line) for line in out.splitlines()]
            out += piece

    def test_what_is_no_message_is_an_error(self):
        for data in (b"\n", b"hello\n", b"\x00\xff\xfe\n", b"[]\n", b"[1]\n", b"{}\n", b"5\n", b'{"jsonrpc":"2.0"}\n',
                     b'{"jsonrpc":"1.0","id":1,"method":"status"}\n', b'{"jsonrpc":"2.0","id":{},"method":"status"}\n',
                     b'{"jsonrpc":"2.0","id":1,"id":2,"method":"status"}\n', b"[" * 100000 + b"\n"):
            answers = self.said(data)
            if data.strip():
                self.assertTrue(answers and "error" in answers[0], (data[:50], answers))
        self.assertIn("error", self.said(b'{"jsonrpc":"2.0","id":1,"method":"nope"}\n')[0])
        self.assertEqual(self.said(b'{"jsonrpc":"2.0","method":"status"}\n'), [])
        self.still_decides()

    def test_wrong_parameters_are_errors(self):
        good = {"directory": str(self.work), "session": "s", "call": "c", "tool": "bash", "arguments": {"command": "git status"}}
        for change in ({"directory": "relative"}, {"directory": 5}, {"directory": ""}, {"directory": "/" + "x" * 5000},
                       {"directory": "/a\0b"}, {"session": ""}, {"session": None}, {"session": "x" * 2000}, {"tool": ""},
                       {"tool": 5}, {"arguments": []}, {"arguments": "x"}, {"call": {}}):
            params = {**good, **change}
            line = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tool/before", "params": params}).encode() + b"\n"
            answer = self.said(line)[0]
            self.assertIn("error", answer, change)
        self.still_decides()

    def test_half_a_line_and_gone(self):
        for _ in range(20):
            raw = self.raw()
            raw.sendall(b'{"jsonrpc":"2.0","id":1,"method":"tool/before","params":{')
            raw.close()
        self.still_decides()

    def test_a_line_in_single_bytes(self):
        raw = self.raw()
        for byte in b'{"jsonrpc":"2.0","id":1,"method":"status"}\n':
            raw.send(bytes([byte]))
        self.assertIn(b'"result"', raw.recv(65536))

    def test_100_megabytes_without_an_end(self):
        raw = self.raw()
        with self.assertRaises(OSError):
            for _ in range(100):
                raw.sendall(b"x" * (1 << 20))
        self.still_decides()
        peak = int(next(line for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
                        if line.startswith("VmHWM")).split()[1])
        self.assertLess(peak, 400_000)

    def test_who_never_reads_is_dropped(self):
        raw = self.raw()
        raw.settimeout(20)
        request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "nope" * 10, "params": {}}).encode() + b"\n"
        with self.assertRaises(OSError):
            for _ in range(2_000):
                raw.sendall(request * 1000)
        self.still_decides()

    def test_thousands_of_connections(self):
        held = []
        for _ in range(1_500):
            raw = socket.socket(socket.AF_UNIX)
            raw.settimeout(10)
            try:
                raw.connect(self.ready["socket"])
                held.append(raw)
            except OSError:
                raw.close()
        self.still_decides()
        for raw in held:
            raw.close()
        self.still_decides()

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_is_turned_away(self):
        folder = pathlib.Path(self.ready["socket"]).parent
        for part in (self.base, folder):
            part.chmod(0o711)
        os.chmod(self.ready["socket"], 0o666)
        child = os.fork()
        if child == 0:
            code = 99
            try:
                os.setgid(65534)
                os.setuid(65534)
                raw = socket.socket(socket.AF_UNIX)
                raw.settimeout(20)
                raw.connect(self.ready["socket"])
                code = 1 if raw.recv(1000) else 0
            except ConnectionError:
                code = 0
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.still_decides()


class Load(ServeTest):
    def test_every_call_of_many_clients_is_in_the_chain(self):
        self.serve()
        clients, calls = 8, 2_000
        wrong = []

        def work(number):
            client = Client(self.ready["socket"], self.work, session=f"ses_{number}")
            window = []
            for i in range(calls):
                command = "rm x" if i % 2 else "git status"
                window.append((client.send("tool/before", call=f"{number}-{i}", tool="bash",
                                           arguments={"command": command}), "deny" if i % 2 else "allow"))
                if len(window) >= 32 or i == calls - 1:
                    for sent, expected in window:
                        if client.answer(sent).get("result", {}).get("decision") != expected:
                            wrong.append((number, sent))
                    window = []
            client.close()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertEqual(self.oap("audit", "verify").code, 0)
        events = self.audit()
        self.assertEqual(len({e["call_id"] for e in events}), clients * calls)
        self.assertEqual(len(events), clients * calls)

    def test_killed_under_load(self):
        process = self.serve()
        told = []

        def work(number):
            try:
                client = Client(self.ready["socket"], self.work, session=f"ses_{number}")
                for i in range(100_000):
                    client.before("bash", {"command": "rm x"}, call=f"{number}-{i}")
                    told.append(f"{number}-{i}")
            except (ConnectionError, OSError):
                pass

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        self.wait_for(lambda: len(told) > 400, "some calls")
        process.kill()
        for thread in threads:
            thread.join()
        self.assertEqual(self.oap("audit", "verify").code, 0)
        self.assertLessEqual(set(told), {e["call_id"] for e in self.audit()})
        self.serve()
        self.assertEqual(self.client().before("bash", {"command": "rm x"})["decision"], "deny")
        self.assertEqual(self.oap("audit", "verify").code, 0)


if __name__ == "__main__":
    unittest.main()
