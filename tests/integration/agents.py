"""Tests that run real agent programs, headless, governed by oap, against the mock LLM on loopback.

    class MyTest(AgentTest):
        def test_it(self):
            self.says({"results": 0}, bash("touch marker"))
            ...

The programs are those of scripts/peers.sh ($OAP_PEERS, else build/peers); where one is missing its tests skip, or fail
with OAP_REQUIRE=1. Each test has a home of its own, no registry and no proxy: what leaves loopback fails.
"""

import functools
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from harness import OAP, ROOT, OapTest, github_token, unittest  # noqa: E402

PEERS = pathlib.Path(os.environ.get("OAP_PEERS", ROOT / "build" / "peers")).absolute()
NODE = PEERS / "bin" / "node"
HOOK = str(pathlib.Path(OAP).parent / "oap-hook")
ARCH = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
CODEX = next(iter((PEERS / f"node_modules/@openai/codex-linux-{ARCH}").glob("vendor/*/bin/codex")), PEERS / "codex")
OPENCODE = PEERS / f"node_modules/opencode-linux-{ARCH}/bin/opencode"
GEMINI = PEERS / "node_modules/@google/gemini-cli/bundle/gemini.js"
# Not among the peers, for its size and licence: npm's @anthropic-ai/claude-code-linux-x64, wherever it is.
CLAUDE = pathlib.Path(os.environ.get("OAP_CLAUDE") or shutil.which("claude") or PEERS / "claude")
TOKEN = github_token("aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2")
NOWHERE = "http://127.0.0.1:9"
POLICY = """permissions:
  - {scope: command, action: execute, program: echo, level: allow}
  - {scope: command, action: execute, program: cat, level: allow}
  - {scope: command, action: execute, program: kill, level: allow}
  - {scope: command, action: execute, program: touch, level: deny}
  - {scope: file_pattern, action: read, pattern: 'private/**', level: deny}
"""


@functools.cache
def runs(program, *arguments):
    """Whether the program is there and starts on this machine."""
    try:
        return os.access(program, os.R_OK) and subprocess.run(
            [*arguments, str(program), "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


class AgentTest(OapTest):
    program = None
    launcher = ()
    how = "run scripts/peers.sh"

    def setUp(self):
        if not runs(self.program, *self.launcher):
            reason = f"{self.program} is missing or does not run here: {self.how}"
            if os.environ.get("OAP_REQUIRE") == "1":
                self.fail(reason)
            self.skipTest(reason)
        super().setUp()
        self.env.update({
            "npm_config_registry": NOWHERE, "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "http_proxy": NOWHERE,
            "https_proxy": NOWHERE, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
            "npm_config_fetch_retries": "0", "SHELL": "/bin/bash", "CI": "1"})
        self.rules = []
        self.write(".opencode/permissions.yaml", POLICY)
        self.write("token.txt", f"the token is {TOKEN}\n")
        self.ok("trust")

    def ok(self, *args, **kwargs):
        result = self.oap(*args, **kwargs)
        self.assertEqual(result.code, 0, result)
        return result

    # ---- the model
    def says(self, when, *calls, text=""):
        """What the model answers to a request with tools; the first rule that fits is used."""
        self.rules.append({"when": {"has_tools": True, **when}, "answer": {"tool_calls": list(calls), "text": text}})

    def model(self):
        """Starts the model; its port. Afterwards self.received() are the requests it got."""
        env, self.received = self.mock_llm(self.rules)
        return int(env["ANTHROPIC_BASE_URL"].rsplit(":", 1)[1])

    def seen_by_model(self):
        return json.dumps([request["body"] for request in self.received()])

    # ---- oap
    def serve(self):
        """The daemon; it listens when this returns."""
        process = self.start("serve", "--json")
        ready = json.loads(process.stdout.readline())
        self.socket = pathlib.Path(ready["socket"])
        return process

    def audited(self):
        return [event for event in self.ok("audit", "search", "--json", "--limit", "1000").lines()
                if (event.get("details") or {}).get("host")]

    def assert_audit(self, *wanted):
        """The chain is whole, and these (event_type, tool, decision) are in it in this order."""
        self.ok("audit", "verify")
        got = sorted(self.audited(), key=lambda event: event["seq"] if "seq" in event else event["timestamp"])
        self.assertEqual([(e["event_type"], e["tool"], e["permission_decision"] or "") for e in got
                          if e["event_type"] != "chat_message"], list(wanted))

    def exists(self, name="marker"):
        return (self.work / name).exists()

    # ---- the hook
    def stand_in(self, file, answers):
        """Puts a program that says {event: (exit code, stdout, stderr)} in the place of oap-hook."""
        script = self.base / "oap-hook"
        script.write_text("#!/usr/bin/python3\nimport json, sys\nevent = json.load(sys.stdin)\n"
                          f"code, out, err = {answers!r}.get(event['hook_event_name'], (0, '', ''))\n"
                          "print(err, file=sys.stderr)\nprint(out)\nsys.exit(code)\n")
        script.chmod(0o755)
        text = file.read_text()
        self.assertIn(HOOK, text)
        file.write_text(text.replace(HOOK, str(script)))

    # ---- the program
    def run_program(self, *arguments, timeout=100, env=None):
        done = subprocess.run([*map(str, self.launcher), str(self.program), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.work,
                              env={**self.env, **(env or {})}, timeout=timeout)
        self.said = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        return done


def files_with(text, *folders):
    """The files below that hold the text, SQLite databases read through SQLite as well as byte by byte."""
    found = []
    for folder in folders:
        for file in sorted(pathlib.Path(folder).rglob("*")):
            if file.is_file() and not file.is_symlink() and text.encode() in file.read_bytes():
                found.append(str(file))
    return found


def rows_with(text, database):
    """(table, column) of each value that holds the text."""
    found = set()
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for (table,) in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            cursor = connection.execute(f'select * from "{table}"')
            names = [column[0] for column in cursor.description]
            for row in cursor:
                found.update((table, name) for name, value in zip(names, row) if text in str(value))
    return sorted(found)


__all__ = ["AgentTest", "CLAUDE", "CODEX", "GEMINI", "HERE", "HOOK", "NODE", "OAP", "OPENCODE", "PEERS", "POLICY", "ROOT", "TOKEN",
           "files_with", "rows_with", "unittest"]
