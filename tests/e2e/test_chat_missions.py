"""Missions in the talk: shown, counted down, asked about, paused and gone on with, and taken back."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, unittest  # noqa: E402
from mission import call, good_script, plan, says, turns  # noqa: E402
from terminal import Terminal  # noqa: E402


class TalkedMissions(OapTest):
    def talk(self, script, *flags, term="xterm-256color", columns=80):
        env, self.received = self.mock_llm(script)
        terminal = Terminal([OAP, "chat", "-m", "openai/m", "--yes", *flags], self.work,
                            {**self.env, **env, "TERM": term}, columns, 30)
        self.addCleanup(terminal.kill)
        terminal.wait("/help")
        return terminal

    def status(self):
        return self.oap("mission", "status", "--json").json()

    def test_it_is_shown_with_who_does_what_and_can_be_taken_back(self):
        terminal = self.talk(good_script())
        terminal.send("/task Write out.txt\r")
        text = terminal.wait("context")
        self.assertIn("All is there.", text)
        self.assertIn("delegate_task worker: Write out.txt", text)
        self.assertIn("todo add do T1", text)
        self.assertIn("mission: done", text)
        self.assertTrue((self.work / "out.txt").exists())
        terminal.send("/undo\r")
        terminal.wait("Taken back: out.txt")
        self.assertFalse((self.work / "out.txt").exists())
        terminal.send("/exit\r")
        self.assertEqual((terminal.end(), terminal.screen.strange), (0, []))

    def test_words_in_the_countdown_are_for_the_mission(self):
        script = turns("Commander", plan("T1", check="test -f out.txt"), says("to be continued")) + good_script()[1:]
        terminal = self.talk(script)
        terminal.send("/task Write out.txt\r")
        text = terminal.wait("going on in 3 s")
        self.assertIn("iteration 2 of 50", text)
        terminal.send("mind the name\r")
        terminal.wait("Paused, and kept")
        terminal.wait("mission: done")
        self.assertIn("mind the name", json.dumps(self.received()))
        terminal.send("/exit\r")
        self.assertEqual(terminal.end(), 0)

    def test_esc_pauses_for_good_also_in_a_call(self):
        script = turns("Commander", call("bash", command="sleep 30")) + good_script()
        terminal = self.talk(script)
        terminal.send("/task Write out.txt\r")
        terminal.wait("sleep 30")
        terminal.send("\x1b")
        text = terminal.wait("/task goes on with the mission")
        self.assertIn("Paused, and kept", text)
        self.assertEqual(self.status()["status"], "paused")
        terminal.send("/exit\r")
        self.assertEqual(terminal.end(), 0)
        resumed = self.oap("mission", "resume", "--yes", "-m", "openai/m", "--json",
                           env=self.mock_llm(good_script())[0])
        self.assertEqual(resumed.json()["status"], "done", resumed)

    def test_its_question_is_answered_in_the_talk(self):
        script = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + good_script()
        terminal = self.talk(script)
        terminal.send("/task Write a file\r")
        terminal.wait("The mission asks: Which name?")
        requests = len(self.received())
        terminal.send("/agents\r")
        terminal.wait("reviewer")
        self.assertEqual(len(self.received()), requests, "a pending question means no injection")
        terminal.send("out.txt it is\r")
        terminal.wait("mission: done")
        self.assertIn("out.txt it is", json.dumps(self.received()))
        terminal.send("/exit\r")
        self.assertEqual(terminal.end(), 0)

    def test_esc_leaves_a_question_open(self):
        script = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait."))
        terminal = self.talk(script)
        terminal.send("/task Write a file\r")
        terminal.wait("The mission asks: Which name?")
        terminal.send("\x1b")
        terminal.wait("Paused")
        state = self.status()
        self.assertEqual((state["status"], state["question"]), ("waiting", "Which name?"))

    def test_stop_ends_it_while_it_works(self):
        script = turns("Commander", plan("T1"), then=call("bash", command="sleep 0.2"))
        terminal = self.talk(script)
        terminal.send("/task go\r")
        terminal.wait("sleep 0.2")
        terminal.send("/stop\r")
        terminal.wait("is cancelled")
        self.assertEqual(self.oap("mission", "list", "--all", "--json").json()["missions"][0]["status"], "cancelled")

    def test_a_dumb_terminal_and_a_narrow_one(self):
        terminal = self.talk(good_script(), term="dumb")
        terminal.send("/task Write out.txt\r")
        terminal.wait("mission: done")
        self.assertNotIn(b"\x1b", terminal.raw)
        terminal.send("/exit\r")
        terminal.end()
        (self.work / "out.txt").unlink()
        narrow = self.talk(good_script(), columns=28)
        narrow.send("/task Write out.txt\r")
        narrow.wait("mission: done")
        self.assertEqual(narrow.screen.strange, [])


if __name__ == "__main__":
    unittest.main()
