"""A mission watched by a person: the countdown, Ctrl-C as a durable pause, questions inline."""

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
    def open(self, *args, script):
        """oap mission … on a terminal of its own."""
        self.mock_env, self.received = self.mock_llm(script)
        self.master, slave = pty.openpty()
        self.shown = ""
        process = subprocess.Popen([OAP, "mission", *args, "--yes", "-m", "openai/m"], stdin=slave, stdout=slave,
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


if __name__ == "__main__":
    unittest.main()
