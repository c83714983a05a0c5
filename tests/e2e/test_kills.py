"""What a kill leaves: usage is not forgotten, and what a call has changed can be taken back."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import MissionTest, call, plan, says, turns  # noqa: E402


class Killed(MissionTest):
    def killed_in(self, *args, until):
        process = self.start(*args, env=self.mock_env)
        self.wait_for(until, "the moment to kill")
        process.kill()
        process.wait()

    def test_what_a_killed_command_changed_can_be_taken_back(self):
        self.write("a.txt", "old\n")
        self.mock_env, _ = self.mock_llm([{"answer": call(
            "bash", command="echo half > a.txt; rm -f c.txt; echo new > b.txt; sleep 60")}])
        self.write("c.txt", "mine\n")
        self.killed_in("run", "go", "--yes", "-m", "openai/m", until=lambda: (self.work / "b.txt").exists())
        listed = self.oap("undo", "--list")
        self.assertIn("go", listed.out, listed)
        undone = self.oap("undo")
        self.assertEqual(undone.code, 0, undone)
        self.assertEqual((self.work / "a.txt").read_text(), "old\n")
        self.assertEqual((self.work / "c.txt").read_text(), "mine\n")
        self.assertFalse((self.work / "b.txt").exists())
        self.assertIn("was ended while a call was under way", undone.out + undone.err + listed.out + listed.err)

    def test_a_killed_runs_usage_is_its_sessions(self):
        usage = {"input": 1000, "output": 10, "cached": 500}
        self.mock_env, received = self.mock_llm([
            {"when": {"results": 2}, "answer": {"fault": "stall"}},
            {"answer": {**call("list_dir", path="."), "usage": usage}}])
        self.killed_in("run", "go", "--yes", "-m", "openai/m", until=lambda: len(received()) == 3)
        sessions = self.oap("sessions", "list", "--json").json()["sessions"]
        self.assertEqual([sessions[0]["usage"][k] for k in ("input_tokens", "cache_read_tokens", "requests")],
                         [2000, 1000, 2], sessions)
        again = self.oap("sessions", "list", "--json").json()["sessions"]
        self.assertEqual(again[0]["usage"], sessions[0]["usage"], "counted once")

    def test_a_killed_missions_usage_and_calls_are_kept(self):
        usage = {"input": 1000, "output": 10, "cached": 500}
        endless = {**call("list_dir", path="."), "usage": usage}
        script = (turns("Commander", plan("T1"), *[endless] * 12) + [{"when": {"agent": "Commander"}, "times": 1,
                                                                      "answer": {"fault": "stall"}}]
                  + turns("Commander", then=says("hm")))
        self.mock_env, received = self.mock_llm(script)
        self.killed_in("mission", "start", "go", "--yes", "-m", "openai/m", until=lambda: len(received()) == 14)
        shown, _ = self.mission("status")
        self.assertGreaterEqual(shown["usage"]["input_tokens"], 12_000)
        self.assertEqual((shown["usage"]["cache_read_tokens"], shown["tool_calls"]), (6_000, 13))
        result, _ = self.mission("resume")
        self.assertGreaterEqual(result["usage"]["requests"], 14)
        self.assertGreaterEqual(result["tool_calls"], 13)
        session = self.oap("sessions", "show", result["session_id"], "--json").json()
        self.assertEqual(session["usage"]["requests"], result["usage"]["requests"])

    def test_a_mission_in_a_run_is_counted_once(self):
        env, received = self.mock_llm(turns("Commander", then=says("hm")))
        result, _ = self.run_task("/task go", "--yes", "-m", "openai/m", env=env)
        session = self.oap("sessions", "show", result["session_id"], "--json").json()
        self.assertEqual(session["usage"]["requests"], len(received()))


if __name__ == "__main__":
    unittest.main()
