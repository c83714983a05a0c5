"""What others wrote, at a terminal: escape sequences and marks that turn the writing are shown by their number."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, unittest  # noqa: E402
from terminal import Terminal  # noqa: E402

HOSTILE = "done \x1b[2J\x1b]0;title\x07\x1b]52;c;aGk=\x07\x9b31m\u202e over\tthere\nnext line"


class TerminalOutput(OapTest):
    def at_terminal(self, *args, env=None):
        terminal = Terminal([OAP, *args], self.work, {**self.env, **(env or {}), "TERM": "xterm-256color"}, 160)
        self.addCleanup(terminal.kill)
        code = terminal.end()
        self.assertEqual(terminal.screen.strange, [], args)
        for bad in (b"\x1b[2J", b"\x1b]", b"\x07", "\x9b".encode(), "\u202e".encode()):
            self.assertNotIn(bad, terminal.raw, args)
        return code, terminal.screen.text()

    def test_a_model_s_answer(self):
        script = [{"answer": {"text": HOSTILE}}]
        env, _ = self.mock_llm(script)
        code, text = self.at_terminal("run", "hello", "-m", "openai/m", env=env)
        self.assertEqual(code, 0)
        self.assertIn("done \\u{1b}[2J\\u{1b}]0;title\\u{7}", text)
        self.assertIn("\\u{202e} over", text)
        self.assertIn("\nnext line", text)
        piped = self.oap("run", "hello", "-m", "openai/m", env=env)
        self.assertIn("\x1b[2J", piped.out, "where there is no terminal, the text is what was written")

    def test_json_stays_json(self):
        env, _ = self.mock_llm([{"answer": {"text": HOSTILE}}])
        code, text = self.at_terminal("run", "hello", "-m", "openai/m", "--output-format", "json", env=env)
        self.assertEqual(code, 0)
        self.assertIn("\\u202e", text)

    def test_a_mission_and_what_is_listed_of_it(self):
        script = [{"answer": {"text": HOSTILE}}]
        env, _ = self.mock_llm(script)
        self.at_terminal("mission", "start", HOSTILE, "--yes", "--iterations", "1", "-m", "openai/m", env=env)
        for args in (("mission", "status"), ("mission", "list", "--all"), ("mission", "log"), ("sessions", "list"),
                     ("audit", "search"), ("mission", "list", "--all", "--json")):
            self.at_terminal(*args, env=env)

    def test_a_session_s_calls_and_the_audit(self):
        script = [{"when": {"results": 0}, "answer": {"tool_calls": [
            {"name": "bash", "arguments": {"command": "printf '\\033[2J\\033]0;x\\007'; echo '" + "\u202e" + "'"}}]}},
            {"answer": {"text": HOSTILE}}]
        env, _ = self.mock_llm(script)
        self.at_terminal("run", HOSTILE, "--yes", "-m", "openai/m", env=env)
        session = self.oap("sessions", "list", "--json").json()["sessions"][0]
        name = session.get("session_id") or session["id"]
        for args in (("sessions", "show", name), ("audit", "search"), ("approvals", "list"), ("hooks", "list"),
                     ("workflow", "list"), ("mcp", "list")):
            self.at_terminal(*args, env=env)

    def test_what_was_typed_before_a_question_approves_nothing(self):
        script = [{"when": {"results": 0}, "answer": {"tool_calls": [
            {"name": "bash", "arguments": {"command": "touch PWNED"}}]}}, {"answer": {"text": "the end"}}]
        env, _ = self.mock_llm(script)
        terminal = Terminal([OAP, "run", "do it", "-m", "openai/m"], self.work, {**self.env, **env, "TERM": "xterm"})
        self.addCleanup(terminal.kill)
        terminal.send("y\ny\n")
        terminal.wait("Allow this once?")
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            terminal.read(0.05)
        self.assertFalse((self.work / "PWNED").exists())
        self.assertTrue(terminal.screen.text().rstrip().endswith("[y/N, a = always]"), terminal.screen.text())
        terminal.send("n\n")
        self.assertEqual(terminal.end(), 3)
        self.assertFalse((self.work / "PWNED").exists())


if __name__ == "__main__":
    unittest.main()
