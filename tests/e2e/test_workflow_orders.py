"""oap workflow approve, signal, pause, resume, fork, resolve, logs, history; the terminal's questions and picture."""

import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from workflow import WorkflowTest  # noqa: E402

USER = __import__("pwd").getpwuid(os.geteuid()).pw_name
ASK = ("id: w\nsteps:\n  - id: ship\n    approval:\n      message: Ship ${{ workflow.id }}?\n      FORM\n"
       "  - {id: after, needs: [ship], run: 'echo \"$WHY\"', env: {WHY: '${{ to_json(steps.ship.outputs) }}'}}\n")
FORM = ("form: {type: object, properties: {reason: {type: string, minLength: 3}, sure: {type: boolean}},"
        " required: [reason]}")


class Approvals(WorkflowTest):
    def ask(self, extra=""):
        self.workflow("w", ASK.replace("FORM", extra))

    def test_from_another_process_with_a_form(self):
        self.ask(FORM)
        process, run_id = self.begin("w", "--yes")
        state = self.waits(run_id, "approval")
        self.assertTrue(any(run_id in answer and "approve" in answer for answer in state["answers"]), state["answers"])
        shown = self.flow("show", run_id).out
        self.assertIn(f"oap workflow approve {run_id} ship --form reason=…\n", shown)
        self.assertNotIn(" 0 ms", shown)
        self.assertIn("Ship w?", shown)
        for args in ((), ("--form", "reason=x"), ("--form", "reason=good", "--form", "sure=maybe")):
            self.assertNotEqual(self.flow("approve", run_id, "ship", *args, code=None).code, 0, args)
        self.flow("approve", run_id, "--form", "reason=because", "--form", "sure=true", "--comment", "fine")
        last = self.last(process)
        self.assertEqual(process.returncode, 0, last)
        ship = self.steps(last)["ship"]["outputs"]
        self.assertEqual(ship["form"], {"reason": "because", "sure": True})
        self.assertEqual(ship["by"], [USER])
        order = [e for e in self.audit() if e["event_type"] == "workflow_order"][-1]
        self.assertEqual((order["approver"], order["action"], order["details"]["step"]), (USER, "approve", "ship"))

    def test_what_a_left_run_says_can_be_typed(self):
        self.ask(FORM)
        result = self.flow("run", "w", "--yes", "--detach", code=None)
        said = result.out + result.err
        self.assertIn(" ship --form reason=…", said)
        self.assertNotIn(" in 0 ms", said)

    def test_why_a_step_was_skipped_is_said_once_and_is_no_error(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, if: 'false', run: exit 3}\n  - {id: b, run: exit 4}\n")
        run_id = self.run_json("w", code=1)["run_id"]
        why = self.steps(self.show(run_id))["a"]["error"]
        self.assertEqual(self.flow("show", run_id).out.count(why), 1)
        logs = self.flow("logs", run_id).out
        self.assertIn(f"== a: skipped\n{why}\n", logs)
        self.assertIn("error: ", logs.partition("== b")[2])

    def test_yes_never_answers_it(self):
        self.ask()
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "approval")
        self.assertIsNone(process.poll())
        self.flow("cancel", run_id)
        self.last(process)

    def test_refused_and_wrong_user(self):
        self.ask("approvers: [somebody-else]")
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "approval")
        self.flow("approve", run_id, "ship", code=3)
        self.flow("approve", run_id, "nothing", code=None)
        self.flow("cancel", run_id)
        self.last(process)
        self.ask()
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "approval")
        self.flow("approve", run_id, "--reject", "--comment", "not now")
        last = self.last(process)
        self.assertEqual((process.returncode, last["status"]), (1, "failed"))
        self.assertIn("not now", last["error"])

    def test_a_quorum_needs_more_than_one(self):
        self.ask("quorum: 2")
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "approval")
        self.assertIn("1 more must", self.flow("approve", run_id).out)
        self.assertIn("already", self.flow("approve", run_id, code=1).err)
        self.waits(run_id, "approval")
        self.assertIsNone(process.poll())
        self.flow("cancel", run_id)
        self.last(process)

    def test_expired(self):
        self.ask("expires: 1s")
        run = self.run_json("w", code=1)
        self.assertEqual(self.steps(run)["ship"]["error_code"], "expired")

    def test_left_and_taken_up_again(self):
        self.ask()
        run = self.run_json("w", "--detach")
        self.assertEqual(run["status"], "running")
        self.assertIn("approval", run["waits_for"])
        told = self.flow("approve", run["run_id"])
        self.assertIn("oap workflow resume", told.err)
        done = self.flow("resume", run["run_id"], "--yes", "--json").json()
        self.assertEqual(done["status"], "completed")


    def test_ctrl_c_is_an_order_too(self):
        self.ask()
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "approval")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.last(process)["status"], "cancelled")
        orders = [e for e in self.audit() if e["event_type"] == "workflow_order"]
        self.assertEqual([(e["action"], e["details"]["run_id"]) for e in orders], [("cancel", run_id)])


class Terminal(WorkflowTest):
    def test_the_live_graph_and_its_questions(self):
        from test_mcp_cli import Terminal as Screen
        self.workflow("w", ASK.replace("FORM", FORM))
        screen = Screen(self, "workflow", "run", "w", "--yes")
        code = screen.run(("Approve?", "y"), ("reason", "because"), ("sure", "yes"))
        self.assertEqual(code, 0, screen.seen)
        self.assertTrue(any(e["event_type"] == "workflow_order" and e["action"] == "approve" for e in self.audit()))
        for text in ("Ship w?", "✓ ship", "✓ after", "critical path: ship → after", "completed: 2 of 2"):
            self.assertIn(text, screen.seen)

    def test_a_dumb_terminal_gets_plain_lines(self):
        from test_mcp_cli import Terminal as Screen
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hi}]\n")
        self.env["NO_COLOR"] = "1"
        screen = Screen(self, "workflow", "run", "w", "--yes")
        self.assertEqual(screen.run(), 0, screen.seen)
        self.assertNotIn("\x1b[3", screen.seen)


class Signals(WorkflowTest):
    FLOW = ("id: w\nsteps:\n  - {id: gate, wait: {signal: go}}\n"
            "  - {id: after, needs: [gate], run: 'printf %s \"$V\"', env: {V: '${{ steps.gate.outputs.v }}'}}\n")

    def test_before_and_after_the_wait(self):
        self.workflow("w", self.FLOW)
        process, run_id = self.begin("w", "--yes")
        self.waits(run_id, "signal go")
        self.flow("signal", run_id, "go", "{bad", code=2)
        self.flow("signal", run_id, "other", "1")
        self.flow("signal", run_id[:14], "go", '{"v": "x"}', code=None)
        self.flow("signal", run_id, "go", '{"v": "x"}', code=None)
        last = self.last(process)
        self.assertEqual(self.steps(last)["after"]["outputs"]["stdout"], "x")
        self.workflow("w", self.FLOW.replace("steps:\n", "steps:\n  - {id: pre, run: sleep 2}\n").replace(
            "{id: gate, ", "{id: gate, needs: [pre], "))
        process, run_id = self.begin("w", "--yes")
        self.flow("signal", run_id, "go", '{"v": "early"}')
        self.assertEqual(self.steps(self.last(process))["after"]["outputs"]["stdout"], "early")

    def test_a_timer_and_a_wait_that_is_too_long(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: t, wait: 500ms}\n  - {id: s, wait: {signal: never}, timeouts: {total: 1s}}\n")
        run = self.run_json("w", code=1)
        steps = self.steps(run)
        self.assertEqual((steps["t"]["status"], steps["s"]["status"]), ("completed", "failed"))


class PauseAndResume(WorkflowTest):
    def test_across_processes(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, run: 'touch began; sleep 2; echo a >> log'}\n"
                           "  - {id: b, needs: [a], run: 'echo b >> log'}\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        self.flow("pause", run_id)
        self.wait_for(lambda: self.show(run_id)["status"] == "paused", "the pause")
        self.wait_for(lambda: self.steps(self.show(run_id))["a"]["status"] == "completed", "the end of what runs")
        self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        self.assertEqual(self.show(run_id)["status"], "paused")
        run = self.flow("resume", run_id, "--yes", "--json").json()
        self.assertEqual(run["status"], "completed")
        self.assertEqual((self.work / "log").read_text().split(), ["a", "b"])
        self.assertNotEqual(self.flow("resume", run_id, code=None).code, 0)

    def test_a_pause_that_nobody_has_taken_in_yet_is_lifted(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, run: 'touch began; sleep 1; echo a >> log'}\n"
                           "  - {id: b, needs: [a], run: 'echo b >> log'}\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        process.kill()
        process.wait()
        self.flow("pause", run_id)
        self.assertEqual(self.flow("resume", run_id, "--yes", "--json", timeout=30).json()["status"], "completed")

    def test_a_child_that_is_resumed_takes_its_parent_along(self):
        self.workflow("c", "id: c\nsteps: [{id: gate, wait: {signal: go}}]\n")
        self.workflow("p", "id: p\nsteps:\n  - {id: s, uses: c}\n  - {id: after, needs: [s], run: 'echo after >> log'}\n")
        process, run_id = self.begin("p", "--yes")
        child = self.wait_for(lambda: [r["run_id"] for r in self.open_runs() if r["workflow_id"] == "c"], "the child")[0]
        self.waits(child, "signal go")
        process.kill()
        process.wait()
        self.flow("signal", child, "go", "{}", code=None)
        run = self.flow("resume", child, "--yes", "--json", timeout=30).json()
        self.assertEqual(run["status"], "completed")
        self.assertEqual(self.show(run_id)["status"], "completed")
        self.assertEqual((self.work / "log").read_text(), "after\n")

    def test_resume_without_an_id_takes_up_timers_and_the_runs_above(self):
        self.workflow("k", "id: k\nsteps:\n  - {id: a, run: 'touch began; sleep 1; echo a >> log'}\n")
        self.workflow("m", "id: m\nsteps: [{id: s, uses: k}]\n")
        self.workflow("t", "id: t\nsteps:\n  - {id: s, uses: m}\n  - {id: end, needs: [s], run: 'echo end >> log'}\n")
        self.workflow("later", "id: later\nsteps: [{id: w, wait: 3}, {id: n, needs: [w], run: 'echo later >> log'}]\n")
        for name in ("t", "later"):
            process, run_id = self.begin(name, "--yes")
            self.wait_for(lambda: name == "t" and (self.work / "began").exists() or name == "later" and
                          self.waits(run_id, "time"), "the run to be under way")
            process.kill()
            process.wait()
        runs = self.flow("resume", "--yes", "--json", timeout=60).json()["runs"]
        self.assertEqual({run["workflow_id"]: run["status"] for run in runs}, {"t": "completed", "later": "completed"})
        self.assertEqual(sorted((self.work / "log").read_text().split()), ["a", "end", "later"])

    def test_a_used_up_budget_ends_with_4_and_names_what_goes_on(self):
        env, _ = self.mock_llm([])
        self.workflow("b", "id: b\nbudget: {tokens: 1}\nsteps:\n  - {id: a, prompt: hi, on_failure: tolerate}\n"
                           "  - {id: b, needs: [a], if: always(), prompt: again}\n")
        self.workflow("p", "id: p\nsteps: [{id: s, uses: b}]\n")
        for name in ("b", "p"):
            told = self.flow("run", name, "--yes", "--model", "openai/m", env=env, code=4, timeout=40)
            spent = self.open_runs()[0]["run_id"]
            self.assertIn(f"oap workflow resume {spent} --more-tokens", told.err)
            self.assertEqual(self.show(spent)["status"], "paused")
        self.flow("resume", spent, "--more-tokens", "1000000", "--yes", "--model", "openai/m", env=env, timeout=40)
        self.assertEqual(self.show(spent)["status"], "completed")

    def test_a_holder_that_died_is_named_or_cancelled(self):
        text = ("id: g\ninputs: {n: integer}\nconcurrency: {group: gg, cancel_in_progress: %s}\n"
                "steps: [{id: s, run: 'touch b$N; test $N = 2 || sleep 30', env: {N: '${{ inputs.n }}'}}]\n")
        for cancels in ("true", "false"):
            self.workflow("g", text % cancels)
            process, first = self.begin("g", "-i", "n=1", "--yes")
            self.wait_for((self.work / "b1").exists, "the step to begin")
            process.kill()
            process.wait()
            (self.work / "b1").unlink()
            if cancels == "true":
                self.assertEqual(self.run_json("g", "-i", "n=2", timeout=30)["status"], "completed")
                self.assertEqual(self.show(first)["status"], "cancelled")
                continue
            process, second = self.begin("g", "-i", "n=2", "--yes")
            self.wait_for(lambda: f"resume {first}" in self.flow("show", second).out, "the holder to be named")
            self.flow("cancel", first, code=None)
            self.flow("resume", first, "--json", code=None, timeout=30)
            self.assertEqual(self.last(process)["status"], "completed")

    def test_resume_follows_a_run_of_another_process(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: 'touch began; sleep 3'}]\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        result = self.flow("resume", run_id, "--json")
        self.assertEqual(result.json()["status"], "completed")
        self.assertIn("another process", result.err)
        self.last(process)

    def test_resume_exits_with_the_worst(self):
        self.workflow("good", "id: good\nsteps: [{id: a, run: 'touch g; sleep 1'}]\n")
        self.workflow("bad", "id: bad\nsteps: [{id: a, run: 'touch b; sleep 1; exit 1'}]\n")
        for name in ("good", "bad"):
            process, _ = self.begin(name, "--yes")
            self.wait_for((self.work / name[0]).exists, "the step to begin")
            process.kill()
            process.wait()
        result = self.flow("resume", "--yes", "--json", code=1)
        self.assertEqual(len(result.out.splitlines()), 1)
        self.assertEqual({run["status"] for run in result.json()["runs"]}, {"completed", "failed"})
        self.flow("resume")

    def test_a_step_of_once_is_in_doubt_after_a_crash(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, effect: once, run: 'touch began; echo x >> log; sleep 30'}\n"
                           "  - {id: b, needs: [a], run: 'echo b >> log'}\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "log").exists, "the step to begin")
        process.kill()
        process.wait()
        process = self.start("workflow", "resume", run_id, "--yes", "--json")
        self.wait_for(lambda: self.steps(self.show(run_id))["a"]["status"] == "unknown", "the doubt")
        self.assertIn("oap workflow resolve", self.flow("show", run_id).out)
        self.flow("resolve", run_id, "a", "failed", "--output", "1", code=2)
        self.flow("resolve", run_id, "a", "completed", "--output", '{"done": true}', "--comment", "seen in the log")
        last = self.last(process)
        self.assertEqual(last["status"], "completed", last)
        self.assertEqual((self.work / "log").read_text().split(), ["x", "b"])


class Fork(WorkflowTest):
    FLOW = ("id: w\ninputs: {n: {type: integer, default: 1}}\nsteps:\n  - {id: a, run: 'echo a >> log; echo 5', output: json}\n"
            "  - {id: b, needs: [a], run: 'echo b >> log; echo \"$A $N\"', env: {A: '${{ steps.a.outputs }}', N: '${{ inputs.n }}'}}\n"
            "  - {id: c, needs: [b], run: 'echo c >> log; test -e ok'}\n")

    def test_from_a_step_with_edited_data(self):
        self.workflow("w", self.FLOW)
        failed = self.run_json("w", code=1)
        self.write("ok", "")
        run = self.flow("fork", failed["run_id"], "--yes", "--json").json()
        self.assertEqual(run["status"], "completed")
        self.assertEqual((self.work / "log").read_text().split(), ["a", "b", "c", "c"])
        run = self.flow("fork", failed["run_id"], "--from", "b", "--output", "a=7", "--input", "n=3", "--yes", "--json").json()
        self.assertEqual(self.steps(run)["b"]["outputs"]["stdout"], "7 3\n")
        self.assertEqual((self.work / "log").read_text().split(), ["a", "b", "c", "c", "b", "c"])
        self.assertEqual(self.show(run["run_id"])["forked_from"], failed["run_id"])
        for args in (("--from", "zz"), ("--output", "zz=1"), ("--output", "a={bad"), ("--input", "zz=1"), ("--input", "n=x")):
            self.flow("fork", failed["run_id"], *args, "--yes", code=2)


class Reading(WorkflowTest):
    def test_each_line_of_a_long_error_is_shown(self):
        lines = "".join(f"the reason number {n} of many. " for n in range(40))
        self.workflow("w", f"id: w\nsteps: [{{id: a, run: 'echo \"{lines}\" >&2; echo last >&2; exit 1'}}]\n")
        run_id = self.run_json("w", code=1)["run_id"]
        shown = self.flow("show", run_id).out
        self.assertIn("the reason number 0 of many", shown)
        self.assertIn("exit code 1", shown)

    def test_logs_and_history(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hello}, {id: b, run: 'echo bad; exit 1'}]\n")
        run_id = self.run_json("w", code=1)["run_id"]
        logs = self.flow("logs", run_id).out
        self.assertIn("hello", logs)
        self.assertIn("exit code 1", logs)
        self.assertNotIn("hello", self.flow("logs", run_id, "b").out)
        self.flow("logs", run_id, "zz", code=None)
        self.assertEqual(len(self.flow("logs", run_id, "--json").json()["steps"]), 2)
        history = self.flow("history", run_id, "--json").json()
        self.assertIs(history["intact"], True)
        kinds = [event["e"] for turn in history["history"] for event in turn["events"]]
        self.assertEqual((kinds[0], kinds[-1]), ("run_started", "run_ended"))
        first = self.flow("history", run_id, "--json", "-n", "1").json()
        rest = self.flow("history", run_id, "--json", "--after", str(first["next_after"])).json()
        self.assertEqual(first["history"] + rest["history"], history["history"])
        self.assertIn("chain intact", self.flow("history", run_id).out)

    def test_a_history_that_was_changed_is_seen(self):
        import sqlite3
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hello}]\n")
        run_id = self.run_json("w")["run_id"]
        file = next((self.base / "state").rglob("oap.db"))
        with sqlite3.connect(file) as database:
            database.execute("UPDATE run_event SET body = replace(body, 'hello', 'hullo')")
        database.close()
        result = self.flow("history", run_id, "--json", code=1)
        self.assertIs(result.json()["intact"], False)

    def test_follow_ends_with_the_run(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: 'sleep 1; echo hello'}]\n")
        process, run_id = self.begin("w", "--yes")
        self.assertIn("hello", self.flow("logs", run_id, "--follow").out)
        self.last(process)


if __name__ == "__main__":
    unittest.main()
