"""oap workflow run: what steps do, how runs end, exit codes, secrets, permissions, the built-in and other tools."""

import json
import pathlib
import signal
import sqlite3
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from workflow import BASH, WorkflowTest  # noqa: E402

SEEDS = """\
id: "ci"
name: "Continuous integration"
description: "Reads, then looks"
variables:
  target: "notes.txt"
  deep: true
steps:
  - id: "look"
    name: "Look around"
    type: "tool"
    config:
      server: "default"
      tool: "list_dir"
      arguments: {path: "."}
    dependencies: []
    timeout: 30
    retry_count: 1
  - id: "read"
    name: "Read it"
    type: "tool"
    config:
      tool: "read_file"
      arguments:
        path: "${target}"
    dependencies: ["look"]
    timeout: 30
    retry_count: 0
    condition: "${deep} == true"
  - id: "never"
    name: "Not this"
    type: "tool"
    config: {tool: "bash", arguments: {command: "touch never"}}
    dependencies: ["look"]
    timeout: 30
    retry_count: 0
    condition: "${target} == 'other'"
"""


class Seeds(WorkflowTest):
    def test_the_form_of_the_guide(self):
        self.write("notes.txt", "remember\n")
        file = self.write("ci.yaml", SEEDS)
        run = self.flow("run", file, "--json").json()
        self.assertEqual(run["workflow_id"], "ci")
        self.assertEqual(run["status"], "completed")
        self.assertEqual((run["steps_completed"], run["total_steps"]), (2, 3))
        self.assertGreaterEqual(run["execution_time"], 0)
        self.assertIsNone(run["error"])
        steps = self.steps(run)
        self.assertEqual([step["id"] for step in run["steps"]], ["look", "read", "never"])
        self.assertIn("remember", json.dumps(steps["read"]["outputs"]))
        self.assertEqual(steps["never"]["status"], "skipped")
        self.assertEqual(steps["look"]["attempts"], 1)
        for step in ("look", "read"):
            self.assertLessEqual(steps[step]["started_at"], steps[step]["ended_at"])
        self.assertFalse((self.work / "never").exists())

    def test_from_standard_input(self):
        self.write("notes.txt", "x")
        run = self.flow("run", "-", "--json", stdin=SEEDS).json()
        self.assertEqual(run["status"], "completed")


class Steps(WorkflowTest):
    def test_a_step_starts_when_its_own_needs_end(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: slow, run: sleep 2}\n  - {id: quick, run: 'true'}\n"
                           "  - {id: after, needs: [quick], run: date +%s%N}\n")
        steps = self.steps(self.run_json("w"))
        self.assertLess(steps["after"]["ended_at"], steps["slow"]["ended_at"])

    def test_scripts_get_values_by_env_and_stdin(self):
        self.workflow("w", "id: w\ninputs: {text: string}\nsteps:\n"
                           "  - {id: env, run: 'printf %s \"$V\"', env: {V: '${{ inputs.text }}'}}\n"
                           "  - {id: in, run: cat, stdin: '${{ inputs.text }}'}\n"
                           "  - {id: py, shell: python, run: 'import os; print(os.environ[\"V\"], end=\"\")',"
                           " env: {V: '${{ inputs.text }}'}}\n")
        evil = "'; touch pwned; \"$(touch pwned)`touch pwned`\n"
        run = self.run_json("w", "--input", f"text={evil}")
        for step in self.steps(run).values():
            self.assertEqual(step["outputs"]["stdout"], evil)
        self.assertFalse((self.work / "pwned").exists())

    def test_templates_in_scripts_are_refused(self):
        self.workflow("w", "id: w\ninputs: {x: string}\nsteps: [{id: a, run: 'echo ${{ inputs.x }}'}]\n")
        result = self.flow("lint", "w", code=2)
        self.assertIn("env", result.out)

    def test_json_output_and_typed_values(self):
        self.workflow("w", "id: w\nsteps:\n"
                           "  - {id: a, run: 'echo noise >&2; echo \"{\\\"n\\\": 5, \\\"l\\\": [1, 2]}\"', output: json}\n"
                           "  - {id: b, needs: [a], if: steps.a.outputs.n > 4, run: 'printf %s \"$N\"',"
                           " env: {N: '${{ steps.a.outputs.n + 1 }}'}}\n"
                           "outputs: {n: '${{ steps.a.outputs.n }}', l: '${{ steps.a.outputs.l }}', t: 'n=${{ steps.a.outputs.n }}'}\n")
        run = self.run_json("w")
        self.assertEqual(run["outputs"], {"n": 5, "l": [1, 2], "t": "n=5"})
        self.assertEqual(self.steps(run)["b"]["outputs"]["stdout"], "6")
        self.workflow("bad", "id: bad\nsteps: [{id: a, run: echo no, output: json}]\n")
        run = self.run_json("bad", code=1)
        self.assertIn("no JSON", run["error"])

    def test_a_failed_command_fails_its_step_with_its_output(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, run: 'echo out; exit 3'}\n  - {id: b, needs: [a], run: touch b}\n"
                           "  - {id: c, needs: [a], if: failure(), run: echo sorry}\n")
        run = self.run_json("w", code=1)
        steps = self.steps(run)
        self.assertIn("exit code 3", steps["a"]["error"])
        self.assertIn("out", steps["a"]["error"])
        self.assertEqual((steps["b"]["status"], steps["c"]["status"]), ("skipped", "completed"))
        self.assertEqual(run["status"], "failed")
        self.assertFalse((self.work / "b").exists())

    def test_retry_timeout_and_the_key_stays(self):
        self.workflow("w", "id: w\nsteps:\n  - id: a\n    run: |\n      echo \"$OAP_IDEMPOTENCY_KEY\" >> keys\n"
                           "      [ $(wc -l < keys) -ge 3 ]\n    retry: {max_attempts: 4, initial: 10ms}\n")
        run = self.run_json("w")
        self.assertEqual(self.steps(run)["a"]["attempts"], 3)
        keys = (self.work / "keys").read_text().split()
        self.assertEqual((len(keys), len(set(keys))), (3, 1))
        self.assertRegex(keys[0], "^[0-9a-f]{64}$")
        self.workflow("t", "id: t\nsteps: [{id: a, run: sleep 30, timeout: 1}]\n")
        began = time.monotonic()
        run = self.run_json("t", code=1)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(run["status"], "failed")
        self.assertIn("did not finish within 1 s", run["error"])

    def test_blocks_loops_foreach_matrix_and_subworkflows(self):
        self.workflow("child", "id: child\ninputs: {n: integer}\nsteps: [{id: s, run: 'echo \"$N\"', env: {N: '${{ inputs.n }}'}}]\n"
                               "outputs: {doubled: '${{ inputs.n * 2 }}'}\n")
        self.workflow("w", "id: w\nsteps:\n"
                           "  - {id: each, foreach: [1, 2, 3], run: 'echo \"$I\"', env: {I: '${{ item }}'}}\n"
                           "  - {id: grid, matrix: {a: [x, y], b: [1, 2]}, run: 'echo \"$A$B\"', env: {A: '${{ matrix.a }}', B: '${{ matrix.b }}'}}\n"
                           "  - {id: again, type: loop, max_iterations: 5, until: loop.index >= 2, steps: [{id: i, run: echo i}]}\n"
                           "  - {id: sub, uses: child, with: {n: 21}}\n"
                           "  - {id: fork, type: condition, test: 1 < 2, then: [{id: yes, run: echo y}], else: [{id: no, run: echo n}]}\n"
                           "outputs: {d: '${{ steps.sub.outputs.doubled }}', n: '${{ size(steps.each.outputs) }}'}\n")
        run = self.run_json("w")
        steps = self.steps(run)
        self.assertEqual(run["outputs"], {"d": 42, "n": 3})
        self.assertEqual(steps["each[2]"]["outputs"]["stdout"], "3\n")
        self.assertEqual(len([p for p in steps if p.startswith("grid[")]), 4)
        self.assertEqual(len([p for p in steps if p.startswith("again[") and p.endswith("].i")]), 3)
        self.assertEqual(steps["fork.yes"]["status"], "completed")
        self.assertNotIn("fork.no", steps)

    def test_compensation_in_reverse_and_finally(self):
        undo = "compensate: {run: 'echo undo-%s >> log'}"
        self.workflow("w", "id: w\nsteps:\n"
                           f"  - {{id: a, run: 'echo a >> log', {undo % 'a'}}}\n"
                           f"  - {{id: b, needs: [a], run: 'echo b >> log', {undo % 'b'}}}\n"
                           "  - {id: c, needs: [b], run: exit 1}\nfinally: [{id: end, run: 'echo end >> log'}]\n")
        self.run_json("w", code=1)
        self.assertEqual((self.work / "log").read_text().split(), ["a", "b", "undo-b", "undo-a", "end"])

    def test_a_thousand_steps(self):
        rows = "".join(f"  - {{id: s{i}, tool: list_dir, with: {{path: '.'}}"
                       + (f", needs: [s{i - 8}]" if i >= 8 else "") + "}\n" for i in range(1000))
        self.workflow("big", "id: big\nsteps:\n" + rows)
        self.flow("plan", "big", "--json", timeout=60)
        run = self.flow("run", "big", "--json", timeout=110).json()
        self.assertEqual(run["steps_completed"], 1000)
        history = self.flow("history", run["run_id"], "--json", "-n", "5").json()
        self.assertIs(history["intact"], True)
        self.assertEqual(len(history["history"]), 5)


class Permissions(WorkflowTest):
    def test_a_denied_tool_ends_with_3_and_is_not_tried_again(self):
        self.write(".opencode/permissions.yaml", "permissions:\n  - {tool: bash, pattern: 'rm *', level: deny}\n")
        self.workflow("w", "id: w\nsteps: [{id: a, run: rm -rf x, retry: {max_attempts: 5, initial: 10ms}}]\n")
        run = self.run_json("w", code=3)
        step = self.steps(run)["a"]
        self.assertEqual((step["error_code"], step["attempts"]), ("permission_denied", 1))
        self.assertIn("permission denied", run["error"])

    def test_an_ask_that_nobody_answers_ends_with_4(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: touch made}]\n")
        run = self.flow("run", "w", "--json", code=4).json()
        self.assertEqual(self.steps(run)["a"]["error_code"], "unanswered")
        self.assertFalse((self.work / "made").exists())
        events = self.audit()
        self.assertTrue(any(e["tool"] == "bash" and e["permission_decision"] == "deny" for e in events), events)

    def test_yes_is_audited_as_flag_and_an_allow_rule_needs_trust(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hi}]\n")
        self.run_json("w")
        self.assertTrue(any(e.get("approver") == "flag" for e in self.audit()))
        self.write(".opencode/permissions.yaml", "permissions:\n" + BASH)
        self.flow("run", "w", "--json", code=4)
        self.assertEqual(self.oap("trust").code, 0)
        self.flow("run", "w", "--json")

    def test_missing_tools_and_servers_are_named_before_anything_runs(self):
        for step, word in (("{id: a, tool: reed_file, with: {path: x}}", "read_file"),
                           ("{id: a, tool: x, server: nowhere}", "nowhere"), ("{id: a, tool: nowhere__x}", "nowhere")):
            self.workflow("w", f"id: w\nsteps: [{{id: first, run: touch made}}, {step}]\n")
            run = self.run_json("w", code=2)
            self.assertIn(word, run["error"])
            self.assertFalse((self.work / "made").exists())

    def test_an_mcp_tool_gets_the_key(self):
        self.ledger()
        self.workflow("w", "id: w\nsteps: [{id: a, tool: l__flaky, with: {name: x, fails: 1}, retry: {max_attempts: 2, initial: 10ms}}]\n")
        run = self.flow("run", "w", "--json").json()
        self.assertEqual(self.steps(run)["a"]["outputs"], {"name": "x", "n": 2})
        calls = self.calls()
        self.assertEqual(len(calls), 2)
        self.assertEqual(len({call["key"] for call in calls}), 1)


class Heartbeats(WorkflowTest):
    def test_what_a_script_prints_is_a_sign_of_life(self):
        self.workflow("w", "id: w\nsteps:\n"
                           "  - {id: talks, run: 'for i in 1 2 3 4 5 6; do echo $i >&2; sleep 0.5; done', timeouts: {heartbeat: 2s}}\n"
                           "  - {id: silent, run: 'echo hi; sleep 60', timeouts: {heartbeat: 1s},"
                           " retry: {max_attempts: 2, initial: 1ms, retry_on: [heartbeat]}}\n")
        steps = self.steps(self.run_json("w", code=1))
        self.assertEqual((steps["talks"]["status"], steps["talks"]["attempts"]), ("completed", 1))
        self.assertEqual((steps["silent"]["status"], steps["silent"]["attempts"]), ("failed", 2))


class Secrets(WorkflowTest):
    def test_they_reach_the_script_and_nothing_else(self):
        self.write(".opencode/config.yaml", "workflows:\n  secrets:\n    TOKEN: ${DEPLOY_TOKEN}\n")
        env = {"DEPLOY_TOKEN": "hunter2-hunter2-hunter2"}
        self.assertEqual(self.oap("trust", env=env).code, 0)
        self.workflow("w", "id: w\nsecrets: [TOKEN]\nsteps:\n"
                           "  - {id: a, run: 'printf %s \"$T\" | sha256sum; echo \"$T\" | rev; echo \"$T\"', env: {T: '${{ secrets.TOKEN }}'}}\n")
        run = self.run_json("w", env=env)
        import hashlib
        self.assertIn(hashlib.sha256(b"hunter2-hunter2-hunter2").hexdigest(), self.steps(run)["a"]["outputs"]["stdout"])
        shown = json.dumps(run)
        for args in (("show", run["run_id"], "--json"), ("history", run["run_id"]), ("logs", run["run_id"]),
                     ("graph", run["run_id"])):
            shown += self.flow(*args, env=env).out
        shown += self.oap("audit", "tail", "--json", "-n", "1000", env=env).out
        self.assertNotIn("hunter2-hunter2", shown)
        for file in (self.base / "state").rglob("*"):
            if file.is_file():
                self.assertNotIn(b"hunter2-hunter2", file.read_bytes(), file)

    def test_a_secret_input_is_nowhere_to_be_read(self):
        inputs = "inputs: {token: {type: string, secret: true}, where: string}\n"
        self.workflow("child", "id: child\n" + inputs + "steps:\n"
                               "  - {id: b, run: 'printf %s \"$T\" | sha256sum; echo \"$T\"; echo \"$T\" | base64',"
                               " env: {T: '${{ inputs.token }}'}}\n"
                               "outputs: {o: '${{ steps.b.outputs.stdout }}'}\n")
        self.workflow("w", "id: w\n" + inputs + "steps:\n"
                           "  - {id: a, run: 'echo \"$T\"; exit 1', env: {T: '${{ inputs.token }}'}, on_failure: tolerate}\n"
                           "  - {id: c, needs: [a], uses: child, with: {token: '${{ inputs.token }}', where: '${{ inputs.where }}'}}\n"
                           "  - {id: d, needs: [c], approval: 'to ${{ inputs.where }}'}\n"
                           "outputs: {o: '${{ steps.c.outputs.o }}'}\n")
        given = json.dumps({"token": "hunter2-hunter2-hunter2", "where": "https://x:ghp-no@example.org"})
        begun = self.flow("run", "w", "--yes", "--output-format", "stream-json", "--detach", "--inputs", "-", stdin=given)
        run_id = begun.lines()[0]["run_id"]
        self.flow("approve", run_id, "d")
        ended = self.flow("resume", run_id, "--yes", "--json")
        self.assertEqual(ended.json()["status"], "completed", ended)
        import hashlib
        self.assertIn(hashlib.sha256(b"hunter2-hunter2-hunter2").hexdigest(), ended.json()["outputs"]["o"])
        forked = self.flow("fork", run_id, "--from", "c", "--yes", "--output-format", "stream-json", "--detach")
        shown = begun.out + begun.err + ended.out + forked.out + forked.err
        for args in (("show", run_id, "--json"), ("history", run_id), ("history", run_id, "--json"), ("logs", run_id),
                     ("graph", run_id), ("graph", run_id, "-o", str(self.work / "run.svg")), ("list", "--json")):
            shown += self.flow(*args).out
        shown += self.oap("audit", "tail", "--json", "-n", "1000").out + (self.work / "run.svg").read_text()
        self.assertNotIn("hunter2", shown)
        for file in (self.base / "state").rglob("*"):
            if file.is_file():
                bytes_ = file.read_bytes()
                self.assertNotIn(b"hunter2", bytes_, file)
                self.assertNotIn(b"aHVudGVyMi", bytes_, file)
        key = self.base / "state" / "run-inputs.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)

    def test_a_wrong_secret_input_is_not_repeated(self):
        self.workflow("w", "id: w\ninputs: {token: {type: string, secret: true, maxLength: 3}}\n"
                           "steps: [{id: a, run: env, env: {T: '${{ inputs.token }}'}}]\n")
        refused = self.flow("run", "w", "--yes", "--json", "--input", "token=hunter2-hunter2", code=2)
        self.assertIn("token", refused.json()["error"])
        self.assertNotIn("hunter2", refused.out + refused.err)

    def test_a_short_secret_input_is_refused(self):
        self.workflow("w", "id: w\ninputs: {token: {type: string, secret: true}}\n"
                           "steps: [{id: a, run: env, env: {T: '${{ inputs.token }}'}}]\n")
        refused = self.flow("run", "w", "--yes", "--json", "--input", "token=qZ7k", code=2)
        self.assertIn("fewer than 8 characters", refused.json()["error"])
        self.assertNotIn("qZ7k", refused.out + refused.err)

    def test_what_expressions_make_of_a_secret_input_is_hidden_too(self):
        self.workflow("w", "id: w\ninputs: {token: {type: string, secret: true}}\n"
                           "steps:\n  - id: a\n    run: 'echo \"$T $U\"; echo visible-literal'\n"
                           "    env: {T: '${{ inputs.token.substring(1) + \"!\" }}', U: '${{ inputs.token.upperAscii() }}'}\n")
        ran = self.flow("run", "w", "--yes", "--output-format", "stream-json", "--inputs", "-",
                        stdin=json.dumps({"token": "/hunter2-Zx9-qqq"}))
        run_id = ran.lines()[0]["run_id"]
        shown = ran.out + ran.err
        for args in (("show", run_id, "--json"), ("history", run_id, "--json"), ("logs", run_id)):
            shown += self.flow(*args).out
        self.assertIn("visible-literal", shown)
        shown += self.oap("audit", "tail", "--json", "-n", "1000").out
        for clear in ("hunter2", "HUNTER2"):
            self.assertNotIn(clear, shown)
            for file in (self.base / "state").rglob("*"):
                if file.is_file():
                    self.assertNotIn(clear.encode(), file.read_bytes(), file)

    def test_a_plan_shows_a_name_in_its_place(self):
        self.workflow("w", "id: w\ninputs: {token: {type: string, secret: true}}\n"
                           "steps: [{id: a, run: env, env: {T: '${{ inputs.token }}'}}]\n")
        plan = self.flow("plan", "w", "--json", "--input", "token=hunter2-hunter2", code=None)
        self.assertNotIn("hunter2", plan.out + plan.err)
        self.assertIn("<secret token>", plan.out)

    def test_a_plan_does_not_guess_what_a_condition_on_a_secret_comes_to(self):
        self.workflow("w", "id: w\ninputs: {token: {type: string, secret: true}}\nsteps:\n"
                           "  - {id: a, if: \"inputs.token.startsWith('h')\", run: env}\n")
        plan = self.flow("plan", "w", "--json", "--input", "token=hunter2-hunter2", code=None).json()
        self.assertIsNone(plan["steps"][0]["runs"])

    def test_one_that_is_not_configured(self):
        self.workflow("w", "id: w\nsecrets: [TOKEN]\nsteps: [{id: a, run: env, env: {T: '${{ secrets.TOKEN }}'}}]\n")
        run = self.run_json("w", code=1, env={"TOKEN": "x" * 20})
        self.assertIn("TOKEN", run["error"])


class Output(WorkflowTest):
    def test_stream_json(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hi}]\n")
        lines = self.flow("run", "w", "--yes", "--output-format", "stream-json").lines()
        self.assertEqual((lines[0]["type"], lines[-1]["type"]), ("run", "result"))
        types = {line["type"] for line in lines}
        self.assertLessEqual({"step", "tool_call", "tool_result"}, types)
        self.assertEqual(lines[-1]["status"], "completed")
        states = [line["status"] for line in lines if line["type"] == "step" and line["id"] == "a"]
        self.assertEqual(states[-2:], ["running", "completed"])

    def test_text_elsewhere(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: echo hi}]\noutputs: {x: '${{ steps.a.outputs.stdout }}'}\n")
        result = self.flow("run", "w", "--yes")
        self.assertIn('"x": "hi\\n"', result.out)
        self.assertIn("✓ a", result.err)
        self.assertNotIn("\x1b", result.out + result.err)

    def test_errors_before_the_run_are_one_object(self):
        for args in (("nowhere",), ("/nowhere.yaml",)):
            result = self.flow("run", *args, "--json", code=None)
            self.assertNotEqual(result.code, 0)
            self.assertEqual(result.json()["status"], "failed")
            self.assertTrue(result.json()["error"])

    def test_inputs_from_a_file(self):
        self.workflow("w", "id: w\ninputs: {n: integer, l: {type: array}}\nsteps: [{id: a, run: 'true'}]\n"
                           "outputs: {n: '${{ inputs.n }}', l: '${{ inputs.l }}'}\n")
        file = self.write("in.yaml", "n: 5\nl: [1]\n")
        self.assertEqual(self.run_json("w", "--inputs", file, "--input", "n=6")["outputs"], {"n": 6, "l": [1]})
        self.assertEqual(self.run_json("w", "--inputs", "-", stdin='{"n": 7, "l": []}')["outputs"]["n"], 7)
        self.run_json("w", "--inputs", file, "--input", "n=x", code=2)
        self.run_json("w", "--inputs", "/nowhere", code=None)


class Cancel(WorkflowTest):
    def test_ctrl_c_once_runs_finally(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: 'touch began; sleep 60'}, {id: b, needs: [a], run: touch b}]\n"
                           "finally: [{id: end, run: touch ended}]\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        process.send_signal(signal.SIGINT)
        last = self.last(process)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(last["status"], "cancelled")
        self.assertEqual(self.steps(last)["a"]["status"], "cancelled")
        self.assertTrue((self.work / "ended").exists())
        self.assertFalse((self.work / "b").exists())
        self.assertEqual(self.show(run_id)["status"], "cancelled")

    def test_whoever_has_read_the_first_line_can_rely_on_the_run(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: 'sleep 5'}]\n")
        for _ in range(5):
            process = self.start("workflow", "run", "w", "--yes", bufsize=0)
            run_id = process.stderr.readline().split()[0].decode()
            process.kill()
            process.wait()
            self.assertEqual(self.show(run_id)["run_id"], run_id)

    def test_a_loop_without_end_is_on_disk_and_can_be_cancelled(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, type: loop, while: 'true', max_iterations: 1000000,\n"
                           "     steps: [{id: b, type: condition, test: 'true'}]}\n")
        process, run_id = self.begin("w", "--yes")
        self.flow("cancel", run_id)
        process.communicate(timeout=60)
        self.assertEqual(self.show(run_id)["status"], "cancelled")

    def test_twice_leaves_it_interrupted_and_resume_goes_on(self):
        self.workflow("w", "id: w\nsteps:\n  - {id: a, run: 'touch began; sleep 3; echo a >> log'}\n"
                           "finally: [{id: end, run: 'sleep 2; touch ended'}]\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        process.kill()
        process.wait()
        self.assertEqual(self.open_runs()[0]["run_id"], run_id)
        self.assertIn("interrupted", self.flow("list").out)
        self.assertIn("oap workflow resume", self.flow("show", run_id).out)
        run = self.flow("resume", "--yes", "--json").json()
        self.assertEqual((run["run_id"], run["status"]), (run_id, "completed"))
        self.assertEqual(len(run["runs"]), 1)
        again = self.flow("resume", "--json").json()
        self.assertEqual(again["runs"], [])

    LEFT = ("id: w\nsteps:\n  - {id: a, run: 'echo a >> log', compensate: {run: 'echo undone >> log'}}\n"
            "  - {id: b, needs: [a], run: 'touch began; test -e go || sleep 60; echo b >> log'}\n")

    def leave(self, *signals):
        """A run whose process got these; how it ended and what it printed."""
        for name in ("began", "go", "log"):
            (self.work / name).unlink(missing_ok=True)
        self.workflow("w", self.LEFT)
        process = self.start("workflow", "run", "w", "--yes", "--json")
        self.wait_for((self.work / "began").exists, "the step to begin")
        for each in signals:
            process.send_signal(each)
            time.sleep(0.1)  # two at once would be one
        out, err = process.communicate(timeout=20)
        self.assertTrue(out, err)
        return process.returncode, json.loads(out)

    def test_a_signal_that_is_not_ctrl_c_leaves_the_run_as_it_is(self):
        rows = [((signal.SIGTERM,), 143), ((signal.SIGHUP,), 129), ((signal.SIGINT, signal.SIGINT), 130)]
        for signals, code in rows:
            with self.subTest(signals=signals):
                got, left = self.leave(*signals)
                self.assertEqual((got, left["status"], left.get("interrupted")), (code, "running", True), left)
                (self.work / "go").touch()
                run = self.flow("resume", left["run_id"], "--yes", "--json", timeout=20).json()
                self.assertEqual(run["status"], "completed", run)
                self.assertEqual((self.work / "log").read_text().split(), ["a", "b"])

    def test_limits_and_further_attempts_of_every_type(self):
        self.workflow("kid", "id: kid\nsteps: [{id: k, run: 'echo x >> tries; test $(wc -l < tries) -ge 3'}]\n")
        rows = [("wait: {signal: go}, timeout: 1", "failed"), ("approval: {message: x}, timeout: 1", "failed"),
                ("steps: [{id: in, run: sleep 30}], timeout: 1", "failed"),
                ("while: 'true', max_iterations: 90, steps: [{id: in, run: sleep 0.4}], timeout: 1", "failed"),
                ("uses: kid, retry: {max_attempts: 3, initial: 10ms}", "completed")]
        for step, status in rows:
            with self.subTest(step=step):
                self.workflow("w", "id: w\nsteps:\n  - {id: s, " + step + "}\n")
                run = self.flow("run", "w", "--yes", "--json", code=None, timeout=20).json()
                self.assertEqual(run["status"], status, run)
                if status == "failed":
                    self.assertEqual(self.steps(run)["s"]["error_code"], "deadline_exceeded", run)

    def test_content_that_was_changed_in_the_database_is_not_executed(self):
        _, left = self.leave(signal.SIGTERM)
        (self.work / "go").touch()
        base = sqlite3.connect(next((self.base / "state").rglob("oap.db")))
        with base:
            base.execute("UPDATE definition SET body=replace(body, 'echo b', 'echo TAMPERED')")
        base.close()
        self.assertNotEqual(self.flow("resume", left["run_id"], "--yes", "--json", code=None, timeout=20).code, 0)
        self.assertNotIn("TAMPERED", (self.work / "log").read_text())
        self.assertEqual(self.flow("history", left["run_id"], code=1).code, 1)

    def test_from_another_process(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: 'touch began; sleep 60'}]\n")
        process, run_id = self.begin("w", "--yes")
        self.wait_for((self.work / "began").exists, "the step to begin")
        self.flow("cancel", run_id)
        self.assertEqual(self.last(process)["status"], "cancelled")
        self.assertEqual(process.returncode, 130)
        self.assertNotEqual(self.flow("cancel", run_id, code=None).code, 0)


if __name__ == "__main__":
    unittest.main()
