"""Missions with a model that plays its part, over the true wire: from the objective to the seal, and orders to it."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import SEAL, MissionTest, call, delegate, good_script, plan, says, turns  # noqa: E402


class Missions(MissionTest):
    def test_from_the_objective_to_a_sealed_mission_with_evidence(self):
        result, code = self.mission("start", "Write out.txt", script=good_script())
        self.assertEqual(code, 0, result)
        self.assertEqual(result["status"], "done")
        self.assertIs(result["success"], True)
        self.assertEqual(result["progress"]["done"], 1)
        self.assertEqual(result["open"], [])
        commands = [e for e in result["evidence"] if e["kind"] == "command"]
        self.assertEqual([(e["command"], e["exit_code"], e["agent"]) for e in commands],
                         [("test -f out.txt", 0, "reviewer")])
        self.assertEqual(len(commands[0]["tree"]), 64)
        self.assertRegex(self.todo(), r"- \[x\] T1: do T1 .*evidence: call_")
        self.assertEqual([t["state"] for t in result["tasks"]], ["completed", "completed"])
        self.assertGreater(result["usage"]["input_tokens"], 0)
        self.assertEqual((self.work / "out.txt").read_text(), "made\n")

    def test_status_list_and_log_tell_of_it(self):
        result, _ = self.mission("start", "Write out.txt\nand nothing else", script=good_script())
        self.assertEqual(self.mission("list")[0]["missions"], [])
        missions = self.mission("list", "--all")[0]["missions"]
        self.assertEqual([m["status"] for m in missions], ["done"])
        self.assertEqual(missions[0]["objective"], "Write out.txt\nand nothing else")
        shown, code = self.mission("status", result["mission_id"][:10])
        self.assertEqual((code, shown["status"], shown["open"]), (0, "done", []))
        kinds = [e["event"] for e in self.events(result["mission_id"])]
        self.assertEqual(kinds[0], "started")
        self.assertEqual(kinds.count("child_ended"), 2)
        self.assertEqual(kinds[-1], "turn_ended")
        self.assertEqual(self.mission("status")[1], 1)
        text = self.oap("mission", "status", result["mission_id"])
        self.assertIn("test -f out.txt", text.out)

    def test_task_as_a_message_begins_a_mission(self):
        env, _ = self.mock_llm(good_script())
        result, code = self.run_task("/task Write out.txt\n\nin the workspace", "--yes", "-m", "openai/m", env=env)
        self.assertEqual(code, 0, result)
        self.assertEqual(result["results"]["mission"]["status"], "done")
        self.assertEqual(result["results"]["mission"]["objective"], "Write out.txt\n\nin the workspace")

    def test_the_other_commands_are_answered_here(self):
        for command, text in (("/help", "/task"), ("/agents", "reviewer"), ("/status", "no mission"),
                              ("/stop", "no open mission"), ("/plan", "needs an objective")):
            result, code = self.run_task(command)
            self.assertEqual(code, 0, result)
            self.assertIn(text, result["content"])
        result, code = self.run_task("/task", "-m", "openai/m", env=self.mock_llm([])[0])
        self.assertEqual(code, 2, result)

    def test_without_a_model_it_says_so(self):
        result, code = self.mission("start", "x", env={})
        self.assertEqual(code, 5, result)
        result = self.oap("mission", "start", "x", "--json")
        self.assertEqual(result.json()["error_code"], "needs_model")

    def test_a_plan_only_stops_when_it_is_made_and_resume_carries_it_out(self):
        script = good_script()
        result, code = self.mission("start", "--plan", "Write out.txt",
                                    script=turns("Commander", script[0]["answer"], says("planned")) + script[1:])
        self.assertEqual((code, result["status"], result["reason_code"]), (0, "paused", "planned"))
        result, code = self.mission("resume")
        self.assertEqual((code, result["status"]), (0, "done"), result)

    def test_stream_json_ends_with_the_result(self):
        env, _ = self.mock_llm(good_script())
        run = self.oap("mission", "start", "Write out.txt", "--yes", "-m", "openai/m", "--output-format", "stream-json",
                       env=env)
        lines = run.lines()
        self.assertEqual(lines[0]["type"], "session")
        self.assertEqual(lines[-1]["type"], "result")
        self.assertEqual(lines[-1]["status"], "done")
        self.assertLessEqual({line["type"] for line in lines},
                             {"session", "text", "tool_call", "tool_result", "approval", "step", "usage", "error",
                              "result"})

    def test_children_in_the_background_wake_their_parent(self):
        check = "test -f a.txt -a -f b.txt"
        script = (turns("Commander", plan("T1", check=check),
                        {"tool_calls": [delegate("worker", "Write a.txt", background=True)["tool_calls"][0],
                                        delegate("worker", "Write b.txt", background=True)["tool_calls"][0]]},
                        says("they are at work"))
                  + [{"when": {"agent": "Commander", "user": "Delegated tasks have ended"}, "times": 1,
                      "answer": says("waiting for all")}]
                  + [{"when": {"agent": "Worker", "user": "Write a.txt", "results": 0},
                      "answer": call("write_file", path="a.txt", content="a")},
                     {"when": {"agent": "Worker", "user": "Write b.txt", "results": 0},
                      "answer": call("write_file", path="b.txt", content="b")},
                     {"when": {"agent": "Worker"}, "answer": says("report: written")}]
                  + turns("Commander", delegate("reviewer", "Check T1"), then=says(SEAL))
                  + turns("Reviewer", call("bash", command=check), call("todo", action="tick", id="T1"),
                          then=says("holds")))
        result, code = self.mission("start", "Write both", script=script)
        self.assertEqual(code, 0, result)
        self.assertEqual(len(result["tasks"]), 3)
        told = json.dumps(self.received())
        self.assertIn("report: written", told)
        states = [e["data"].get("to") for e in self.events(result["mission_id"]) if e["event"] == "turn_ended"]
        self.assertIn("waiting", states)

    def test_a_seal_that_evidence_contradicts_is_refused_by_name(self):
        script = good_script()
        early = turns("Commander", script[0]["answer"], says(f"done\n{SEAL}")) + script[1:]
        result, code = self.mission("start", "Write out.txt", script=early)
        self.assertEqual(code, 0, result)
        refused = [r for r in self.received() if "The seal was refused" in json.dumps(r["body"])]
        self.assertTrue(refused)
        self.assertIn("T1 'do T1' is open", json.dumps(refused[0]["body"]))

    def test_evidence_older_than_the_last_edit_does_not_count(self):
        script = (turns("Commander", plan("T1"), delegate("worker", "Write"), delegate("reviewer", "Check"),
                        delegate("worker", "Write more"), says(SEAL), delegate("reviewer", "Check again"),
                        then=says(SEAL))
                  + turns("Worker", call("write_file", path="a.txt", content="1"), says("ok"),
                          call("write_file", path="a.txt", content="2"), then=says("ok"))
                  + turns("Reviewer", call("bash", command="grep -q 1 a.txt"), call("todo", action="tick", id="T1"),
                          says("ok"), call("bash", command="grep -q 2 a.txt"), then=says("ok")))
        result, code = self.mission("start", "Write", script=script)
        self.assertEqual(code, 0, result)
        told = json.dumps([r["body"]["messages"][-1] for r in self.received()])
        self.assertIn("older than the last edit (a.txt)", told)

    def test_a_person_may_edit_the_plan_at_any_time(self):
        self.write(".opencode/todo.md", "# Mission: mine\n\n- [ ] T1: do T1 | check: test -f out.txt\n- [x] T0: before\n")
        script = good_script()
        result, code = self.mission("start", "Write out.txt", script=turns("Commander", call("todo", action="list"))
                                    + script[1:])
        self.assertEqual(code, 0, result)
        self.assertTrue(self.todo().startswith("# Mission: mine\n\n- [x] T1: do T1 | check: test -f out.txt | evidence:"))
        self.assertTrue(self.todo().endswith("- [x] T0: before\n"))

    def test_a_closed_plan_is_put_away_and_not_lost(self):
        self.write(".opencode/todo.md", "- [x] T1: old\n")
        result, code = self.mission("start", "Write out.txt", script=good_script())
        self.assertEqual(code, 0, result)
        old = list((self.work / ".opencode" / "archive").rglob("todo.md"))
        self.assertEqual([p.read_text() for p in old], ["- [x] T1: old\n"])

    def test_a_question_waits_for_its_answer(self):
        script = good_script()
        asking = turns("Commander", call("todo", action="ask", question="Which name?"), says("I wait.")) + script
        result, code = self.mission("start", "Write a file", script=asking)
        self.assertEqual((code, result["status"], result["waits_for"], result["question"]),
                         (4, "waiting", "user", "Which name?"))
        self.assertIn(f'oap mission resume {result["mission_id"]} --answer ', self.oap("mission", "status").out)
        count = len(self.received())
        again, code = self.mission("resume")
        self.assertEqual((code, again["status"]), (4, "waiting"))
        self.assertEqual(len(self.received()), count, "a pending question means no injection")
        result, code = self.mission("resume", "--answer", "out.txt it is")
        self.assertEqual((code, result["status"]), (0, "done"), result)
        self.assertIn("out.txt it is", json.dumps(self.received()))
        self.assertNotIn("--answer", self.oap("mission", "status", result["mission_id"]).out)

    def test_pause_and_stop_from_another_process(self):
        endless = turns("Commander", plan("T1"), then=call("bash", command="sleep 0.2"))
        process = self.begin("go", script=endless)
        self.wait_for(lambda: self.mission("list")[0]["missions"], "the mission")
        said, code = self.mission("pause")
        self.assertEqual(code, 0, said)
        out, _ = process.communicate(timeout=30)
        result = json.loads(out)
        self.assertEqual((process.returncode, result["status"], result["reason_code"]), (4, "paused", "person"))
        process = self.popen("resume")
        self.wait_for(lambda: self.mission("list")[0]["missions"][0]["status"] == "running", "it to run")
        said, code = self.mission("stop")
        self.assertEqual(code, 0, said)
        out, _ = process.communicate(timeout=30)
        self.assertEqual((process.returncode, json.loads(out)["status"]), (130, "cancelled"))
        self.assertEqual(self.mission("resume", result["mission_id"])[1], 1)

    def test_stop_of_a_paused_one_needs_no_process(self):
        result, code = self.mission("start", "x", script=turns("Commander", then=says("hm")))
        self.assertEqual((code, result["status"]), (4, "paused"))
        said, code = self.mission("stop", result["mission_id"])
        self.assertEqual((code, "cancelled" in said["message"]), (0, True), said)
        self.assertEqual(self.mission("status", result["mission_id"])[0]["status"], "cancelled")

    def test_stop_as_a_message_ends_a_paused_one(self):
        result, _ = self.mission("start", "x", script=turns("Commander", then=says("hm")))
        said, code = self.run_task("/stop")
        self.assertEqual((code, "is cancelled" in said["content"]), (0, True), said)
        self.assertEqual(self.mission("status", result["mission_id"])[0]["status"], "cancelled")

    def test_one_process_drives_a_mission(self):
        process = self.begin("go", script=turns("Commander", plan("T1"), then=call("bash", command="sleep 0.2")))
        self.wait_for(lambda: self.mission("list")[0]["missions"], "the mission")
        result, code = self.mission("resume")
        self.assertEqual(code, 1, result)
        self.assertIn("another process drives", result["error"])
        process.kill()
        process.wait()
        result, code = self.mission("resume", "--tool-calls", "1")
        self.assertEqual((code, result["reason_code"]), (4, "tool_calls"), result)

    def test_two_missions_of_one_workspace_have_plans_of_their_own(self):
        self.begin("one", script=turns("Commander", plan("T1"), then=call("bash", command="sleep 0.2")))
        self.wait_for(lambda: "T1" in self.todo() if (self.work / ".opencode/todo.md").exists() else False, "a plan")
        result, code = self.mission("start", "Write out.txt", script=good_script())
        self.assertEqual(code, 0, result)
        self.assertIn("/missions/mis_", result["plan"])
        self.assertIn("[ ] T1", self.todo())

    def test_a_blocked_plan_is_told_to_a_person(self):
        script = turns("Commander", plan("T1"),
                       call("todo", action="update", id="T1", state="blocked", note="no key"), then=says("blocked"))
        result, code = self.mission("start", "x", script=script)
        self.assertEqual((code, result["status"]), (4, "blocked"), result)
        self.assertIn("T1", result["reason"])

    def test_a_provider_that_is_away_pauses_with_5(self):
        result, code = self.mission("start", "x", script=[{"answer": {"status": 401}}])
        self.assertEqual((code, result["status"], result["reason_code"]), (5, "paused", "provider"))


if __name__ == "__main__":
    unittest.main()
