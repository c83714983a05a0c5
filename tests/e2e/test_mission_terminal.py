"""A mission watched by a person: the countdown, Ctrl-C as a durable pause, questions inline."""

import json
import os
import pathlib
import pty
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, unittest  # noqa: E402
from mission import MissionTest, call, good_script, plan, says, turns  # noqa: E402


class Terminal(MissionTest):
    def open(self, *args, script, yes=True):
        """oap mission … on a terminal of its own."""
        self.mock_env, self.received = self.mock_llm(script)
        self.master, slave = pty.openpty()
        self.shown = ""
        process = subprocess.Popen([OAP, "mission", *args, *(["--yes"] if yes else []),
                                    "-m", "openai/m"], stdin=slave, stdout=slave,
                                   stderr=slave, cwd=self.work, env={**self.env, **self.mock_env, "TERM": "xterm"},
                                   start_new_session=True, preexec_fn=lambda: self.control(slave))
        os.close(slave)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            os.close(self.master)

        self.addCleanup(end)
        return process

    @staticmethod
    def control(slave):
        import fcntl
        import termios
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    def see(self, text, seconds=20):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.shown:
                return
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        self.assertIn(text, self.shown)

    def type(self, text):
        os.write(self.master, text.encode())

    def test_the_countdown_is_seen_and_ctrl_c_pauses_for_good(self):
        process = self.open("start", "go", script=turns("Commander", plan("T1"), then=says("next")))
        self.see("going on in 3 s")
        requests = len(self.received())
        self.type("\x03")
        self.assertEqual(process.wait(timeout=20), 130)
        state, _ = self.mission("status")
        self.assertEqual((state["status"], state["reason_code"]), ("paused", "interrupted"))
        self.assertEqual(len(self.received()), requests, "nothing is injected after it")

    def test_ctrl_c_in_a_call_pauses_and_resume_goes_on(self):
        script = good_script()
        process = self.open("start", "go", script=turns("Commander", call("bash", command="sleep 30")) + script)
        self.see("sleep 30")
        os.kill(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(timeout=20), 130)
        result, code = self.mission("resume")
        self.assertEqual((code, result["status"]), (0, "done"), result)

    def test_a_question_is_asked_here(self):
        asking = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + good_script()
        process = self.open("start", "go", script=asking)
        self.see("Which name?")
        self.see("> ")
        self.type("out.txt\n")
        self.see("done")
        self.assertEqual(process.wait(timeout=20), 0, self.shown[-3000:])
        self.assertIn("done", self.shown)

    def test_the_question_stays_until_it_is_answered(self):
        asking = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + good_script()
        process = self.open("start", "go", script=asking)
        self.see("Which name?\r\n> ")
        self.look(1.2)
        after = self.shown.split("Which name?\r\n> ", 1)[1]
        self.assertEqual(after, "", "nothing is drawn over a question")
        self.type("out.txt\n")
        self.assertEqual(self.end(process), 0, self.shown[-3000:])

    def test_the_countdown_stays(self):
        process = self.open("start", "go", script=turns("Commander", plan("T1"), then=says("next")))
        self.see("going on in 3 s")
        self.look(0.8)
        self.assertNotIn("\x1b[", self.shown.split("going on in 3 s", 1)[1])
        self.type("\x03")
        self.assertEqual(self.end(process), 130)

    def test_a_persons_time_is_no_time_at_work(self):
        script = turns("Commander", plan("T1"), call("bash", command="true"), then=says("more work"))
        process = self.open("start", "go", "--time", "2", "--iterations", "1", script=script, yes=False)
        self.see("Allow this once?")
        self.look(2.5)
        self.type("y\n")
        self.see("✓ bash")
        self.end(process)
        state, _ = self.mission("status")
        self.assertEqual(state["reason_code"], "iterations", state)
        self.assertLess(state["duration_ms"], 2000)

    def test_what_was_typed_before_a_question_approves_nothing(self):
        script = turns("Commander", plan("T1"), says("working on it"), call("bash", command="true"),
                       then=says("more work"))
        process = self.open("start", "go", "--iterations", "2", script=script, yes=False)
        self.see("going on in 3 s")
        self.type("y\ny\n")
        self.see("Allow this once?")
        self.look(1.0)
        self.assertNotIn("✓ bash", self.shown)
        self.assertTrue(self.shown.rstrip(" ").endswith("]"), self.shown[-300:])
        self.type("n\n")
        self.see("✗ bash")
        self.end(process)
        self.assertNotIn("✓ bash", self.shown)

    def test_a_word_in_the_countdown_answers_no_later_question(self):
        script = turns("Commander", plan("T1"), says("working on it"), call("todo", action="ask", question="Which?"),
                       says("asked"), then=says("more"))
        process = self.open("start", "go", script=script)
        self.see("going on in 3 s")
        self.type("stop\n")
        self.see("Which?\r\n> ")
        self.look(0.8)
        self.assertEqual(self.mission("status")[0]["status"], "waiting")
        self.assertNotIn("stop", json.dumps(self.received()))
        self.type("\n")
        self.end(process)

    def look(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.05)[0]:
                self.shown += os.read(self.master, 65536).decode(errors="replace")

    def end(self, process, seconds=20):
        """The exit code; what it writes meanwhile is read, so that it is not held up."""
        deadline = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.shown += os.read(self.master, 65536).decode(errors="replace")
                except OSError:
                    break
        return process.wait(timeout=5)


if __name__ == "__main__":
    unittest.main()
