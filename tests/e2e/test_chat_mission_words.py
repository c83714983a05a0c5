"""A mission in the talk takes what the person writes: an answer, a word that goes on with it, a key that holds it."""

import json
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, unittest  # noqa: E402
from mission import call, good_script, plan, says, turns  # noqa: E402
from terminal import Terminal  # noqa: E402


class Words(OapTest):
    def talk(self, script, *flags, term="xterm-256color"):
        env, self.received = self.mock_llm(script)
        terminal = Terminal([OAP, "chat", "-m", "openai/m", *flags], self.work, {**self.env, **env, "TERM": term}, 90, 30)
        self.addCleanup(terminal.kill)
        terminal.wait("/help")
        return terminal

    def status(self):
        return self.oap("mission", "status", "--json").json()

    def leave(self, terminal):
        terminal.send("/exit\r")
        self.assertEqual((terminal.end(), terminal.screen.strange), (0, []))

    def test_a_question_is_answered_here(self):
        script = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + good_script()
        terminal = self.talk(script, "--yes")
        terminal.send("/task Write a file\r")
        terminal.wait("The mission asks: Which name?")
        terminal.send("out.txt it is\r")
        text = terminal.wait("mission: done")
        terminal.wait("context")
        self.assertIn("All is there.", text)
        self.assertNotIn("! mission", text)
        self.assertIn("out.txt it is", json.dumps(self.received()))
        self.leave(terminal)

    def test_a_question_left_open_is_answered_by_the_next_words(self):
        script = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + good_script()
        terminal = self.talk(script, "--yes")
        terminal.send("/task Write a file\r")
        terminal.wait("The mission asks: Which name?")
        terminal.send("\x1b")
        terminal.wait("Paused, and kept: /task goes on")
        self.assertEqual(self.status()["status"], "waiting")
        terminal.send("out.txt it is\r")
        terminal.wait("mission: done")
        self.assertEqual(self.status_of_all(), ["done"])
        self.leave(terminal)

    def status_of_all(self):
        return [each["status"] for each in self.oap("mission", "list", "--all", "--json").json()["missions"]]

    def test_any_key_stops_the_countdown_and_words_go_on(self):
        script = turns("Commander", plan("T1", check="test -f out.txt"), says("to be continued")) + good_script()[1:]
        terminal = self.talk(script, "--yes")
        terminal.send("/task Write out.txt\r")
        terminal.wait("going on in")
        requests = len(self.received())
        terminal.send("u")
        terminal.wait("Paused, and kept: /task goes on")
        state = self.status()
        self.assertEqual((state["status"], state["reason_code"]), ("paused", "interrupted"))
        self.assertEqual(len(self.received()), requests)
        terminal.send("se the short form\r")
        terminal.wait("mission: done")
        self.assertIn("use the short form", json.dumps(self.received()))
        self.leave(terminal)

    def test_other_words_at_an_approval_are_answered_with_what_would_do(self):
        script = [{"times": 2, "answer": call("bash", command="touch made")}, {"answer": says("The end.")}]
        terminal = self.talk(script)
        terminal.send("go\r")
        terminal.wait("Allow?")
        terminal.send("what?\r")
        terminal.wait("'what?' is no answer: y allows once")
        self.assertFalse((self.work / "made").exists())
        terminal.send("/stop\r")
        terminal.wait("Paused.")
        self.assertFalse((self.work / "made").exists())
        terminal.send("again\r")
        terminal.wait(lambda text: text.count("wants to run") == 2 and "Allow?" in text)
        terminal.send("\x04")
        self.assertEqual(terminal.end(), 0)
        self.assertFalse((self.work / "made").exists())

    def test_a_person_s_thinking_is_no_time_of_the_call(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="touch made")}, {"answer": says("The end.")}]
        terminal = self.talk(script)
        terminal.send("go\r")
        terminal.wait("Allow?")
        deadline = time.monotonic() + 2.5
        while time.monotonic() < deadline:
            terminal.read(0.05)
        terminal.send("y")
        text = terminal.wait("The end.")
        row = next(line for line in text.splitlines() if line.startswith("✓ bash"))
        took = re.search(r"· ([0-9.]+) (ms|s) ·", row)
        self.assertLess(float(took[1]) / (1000 if took[2] == "ms" else 1), 2, row)
        self.leave(terminal)

    def test_a_dumb_terminal_takes_no_line_that_came_before_the_question(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="touch made")}, {"answer": says("The end.")}]
        terminal = self.talk(script, term="dumb")
        terminal.send("go\n")
        terminal.wait("Allow?")
        terminal.send("maybe\n")
        terminal.wait("is no answer")
        terminal.send("y\n")
        terminal.wait("The end.")
        self.assertTrue((self.work / "made").exists())

    def test_help_keeps_every_key_on_a_narrow_terminal(self):
        for columns in (20, 24, 40):
            env, _ = self.mock_llm([])
            terminal = Terminal([OAP, "chat", "-m", "openai/m"], self.work, {**self.env, **env, "TERM": "xterm"}, columns, 24)
            self.addCleanup(terminal.kill)
            terminal.wait("/help")
            terminal.send("/help\r")
            text = terminal.wait("clear the")
            flat = "".join(text.split())
            for key in ("Alt-Enter,\\Enter", "Up,Down,Ctrl-R", "Ctrl-L,Ctrl-Z", "/model[PROVIDER/MODEL]"):
                self.assertIn(key, flat, columns)


if __name__ == "__main__":
    unittest.main()
