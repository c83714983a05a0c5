"""oap workflow new, lint, plan, test, graph, schema, list: what looks at workflows without running them."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import ROOT, unittest  # noqa: E402
from workflow import WorkflowTest  # noqa: E402

EXAMPLES = ROOT / "examples" / "workflows"
TWO = "id: two\nsteps:\n  - {id: a, run: echo a}\n  - {id: b, needs: [a], run: echo b}\n"


class New(WorkflowTest):
    def test_a_starter_is_clean_tested_and_runs(self):
        made = self.flow("new", "hello")
        self.assertIn(".opencode/workflows/hello.yaml", made.out)
        self.flow("lint", "hello")
        run = self.run_json("hello", "--input", "name=you")
        self.assertEqual(run["status"], "completed", run)
        self.assertEqual(run["outputs"], {"length": 12})

    def test_it_overwrites_nothing_and_wants_an_id(self):
        self.flow("new", "hello")
        again = self.flow("new", "hello", code=None)
        self.assertNotEqual(again.code, 0)
        self.assertIn("exists already", again.err)
        for name in ("a b", "../x", "a/b", "1a", "", "-x", "x" * 65):
            self.assertEqual(self.oap("workflow", "new", "--", name).code, 2, name)
        self.assertEqual(self.flow("new", code=2).code, 2)


class Lint(WorkflowTest):
    def test_every_error_with_its_line(self):
        self.workflow("bad", "id: bad\nsteps:\n  - {id: a, run: echo, needs: [bb]}\n  - {id: b, tool: reed_file}\n"
                             "  - {id: a, run: echo}\n  - {id: c, run: echo, retries: 3}\n"
                             "  - {id: d, run: echo, if: steps.zz.outputs.x}\n")
        result = self.flow("lint", "bad", code=2)
        for line, word in ((3, "bb"), (4, "read_file"), (5, "a"), (6, "retries"), (7, "zz")):
            self.assertTrue(any(f"bad.yaml:{line}:" in row and word in row for row in result.out.splitlines()),
                            (line, word, result))
        report = self.flow("lint", "bad", "--json", code=2).json()
        self.assertIs(report["ok"], False)
        self.assertGreaterEqual(len(report["problems"]), 5)

    def test_all_of_the_folder_and_none(self):
        self.assertIn("no workflows", self.flow("lint").out)
        self.workflow("one", TWO)
        self.workflow("two", TWO.replace("id: two", "id: deux"))
        self.assertIn("2 workflows checked", self.flow("lint").out)

    def test_two_files_of_one_id(self):
        self.workflow("one", TWO)
        self.workflow("other", TWO)
        self.assertIn("'two'", self.flow("lint").out)
        result = self.flow("run", "two", "--yes", code=None)
        self.assertNotEqual(result.code, 0)
        self.assertIn("several workflows", result.err)

    def test_an_agent_or_model_that_is_not_there(self):
        for step in ("agent: {name: wokrer, prompt: x}", "agent: {prompt: x, model: nowhere/none}"):
            self.workflow("w", f"id: w\nsteps: [{{id: a, {step}}}]\n")
            self.assertIn("w.yaml:2", self.flow("lint", "w", code=2).out, step)

    def test_unknown_names_get_the_nearest(self):
        self.workflow("release", TWO.replace("two", "release"))
        result = self.flow("run", "relase", code=None)
        self.assertNotEqual(result.code, 0)
        self.assertIn("did you mean 'release'", result.err)

    def test_hostile_yaml_ends_at_once_with_words(self):
        bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{chr(98 + i)}: &{chr(98 + i)} [" + ",".join([f"*{chr(97 + i)}"] * 9) + "]\n" for i in range(12))
        for text in (bomb, "", "[]", "id: x", "id: x\nsteps: 5", "id: x\nsteps: [5]", "\x00", "steps: !!python/object x",
                     "id: x\nid: y\nsteps: []", "{" * 5000, "id: " + "x" * 100_000 + "\nsteps: []", "%YAML 9.9\n---\n:",
                     "id: x\nsteps:\n" + "  - {id: a, run: echo}\n" * 3 + "  - {id: a, type: loop, steps: [{id: a, run: x}]}",
                     "id: a\nsteps:\n  - {id: s, run: 'echo ${{ inputs.x }}'}",
                     "id: a\nsteps:\n  - {id: s, run: echo, if: '" + "(" * 5000 + "'}"):
            file = self.write("hostile.yaml", text)
            result = self.flow("lint", str(file), code=2, timeout=20)
            self.assertTrue(result.out, text[:40])
            self.flow("run", str(file), "--yes", code=2, timeout=20)

    def test_a_cycle_is_shown_as_a_path(self):
        self.workflow("cycle", "id: cycle\nsteps:\n  - {id: a, run: x, needs: [b]}\n  - {id: b, run: x, needs: [a]}\n")
        self.assertRegex(self.flow("lint", "cycle", code=2).out, "a → b → a|b → a → b")

    def test_subworkflows_that_are_missing_or_call_each_other(self):
        self.workflow("outer", "id: outer\nsteps:\n  - {id: a, uses: nowhere}\n")
        self.assertIn("nowhere", self.flow("lint", "outer", code=2).out)
        self.workflow("ping", "id: ping\nsteps:\n  - {id: a, uses: pong}\n")
        self.workflow("pong", "id: pong\nsteps:\n  - {id: a, uses: ping}\n")
        self.assertIn("again", self.flow("lint", "ping", code=2).out)


class Plan(WorkflowTest):
    def test_lanes_conditions_and_permissions(self):
        self.write(".opencode/permissions.yaml",
                   "permissions:\n  - {tool: bash, pattern: 'rm *', level: deny}\n")
        self.workflow("p", "id: p\ninputs: {n: {type: integer, default: 3}}\nsteps:\n"
                           "  - {id: list, tool: list_dir, with: {path: .}}\n"
                           "  - {id: wipe, run: rm -r build}\n"
                           "  - {id: more, needs: [list], if: inputs.n > 5, run: echo more}\n"
                           "  - {id: read, needs: [list], tool: read_file, with: {path: '${{ steps.list.outputs.x }}'}}\n")
        plan = self.flow("plan", "p", "--json").json()
        steps = {step["path"]: step for step in plan["steps"]}
        self.assertEqual(steps["list"]["permission"]["decision"], "allow")
        self.assertEqual(steps["wipe"]["permission"]["decision"], "deny")
        self.assertIs(steps["more"]["runs"], False)
        self.assertEqual((steps["list"]["lane"], steps["more"]["lane"]), (0, 1))
        self.assertIsNone(steps["read"]["permission"])
        self.assertEqual(plan["denies"], 1)
        text = self.flow("plan", "p", "--input", "n=6").out
        for word in ("At once", "deny", "→ runs", "1 denied"):
            self.assertIn(word, text)
        self.assertFalse((self.base / "state" / "nothing").exists())

    def test_wrong_inputs(self):
        self.workflow("p", "id: p\ninputs: {n: integer}\nsteps: [{id: a, run: echo}]\n")
        for args, word in (((), "n"), (("--input", "n=x"), "integer"), (("--input", "m=1", "--input", "n=1"), "m"),
                           (("--input", "n"), "NAME=VALUE"), (("--input", "n=1", "--input", "n=2"), "twice")):
            result = self.flow("plan", "p", *args, code=2)
            self.assertIn(word, result.err)


class Tests(WorkflowTest):
    CASES = ("cases:\n  - name: good\n    stubs: {a: {output: A}, b: {output: B}}\n    expect: {steps: {b: completed}}\n"
             "  - name: bad\n    stubs: {a: {error: broken}, b: {output: B}}\n")

    def test_tap_and_json(self):
        self.workflow("two", TWO)
        self.workflow("two.test", self.CASES)
        result = self.flow("test", "two", code=1)
        self.assertTrue(result.out.startswith("TAP version 14\n1..2\nok 1 - "), result)
        self.assertIn("not ok 2 - ", result.out)
        self.assertIn("status is failed", result.out)
        report = self.flow("test", "--json", code=1).json()
        self.assertEqual((report["passed"], report["failed"]), (1, 1))
        self.flow("test", "two", "--case", "good")
        self.flow("test", "two", "--case", "nothing", code=2)

    def test_a_call_without_stub_fails_the_case(self):
        self.workflow("two", TWO)
        self.workflow("two.test", "cases: [{name: x, stubs: {a: {output: A}}, expect: {status: failed}}]")
        self.assertIn("no stub", self.flow("test", "two", code=1).out)

    def test_a_name_that_the_workflow_does_not_know_fails_the_case(self):
        self.workflow("two", TWO)
        for expectation in ("stubs: {zz: {output: A}}", "expect: {not_called: [zz]}", "approvals: {zz: {approve: true}}",
                            "expires: [zz]", "tools: {zz: {output: A}}"):
            self.workflow("two.test", f"cases: [{{name: x, {expectation}}}]")
            result = self.flow("test", "two", code=None)
            self.assertIn(result.code, (1, 2), expectation)
            self.assertIn("zz", result.out + result.err, expectation)

    def test_nothing_really_runs(self):
        self.workflow("w", "id: w\nsteps: [{id: a, run: touch made}, {id: b, tool: write_file, with: {path: x, content: y}}]\n")
        self.workflow("w.test", "cases: [{name: x, tools: {bash: {output: ''}, write_file: {output: ''}}}]")
        self.flow("test", "w")
        self.assertFalse((self.work / "made").exists() or (self.work / "x").exists())

    def test_wrong_test_files(self):
        self.workflow("two", TWO)
        for text in ("", "cases: []", "cases: 5", "cases: [{stubz: {}}]", "cases: [{stubs: {a: 5}}]",
                     "cases: [{name: a}, {name: a}]", "cases: [{expect: {status: 5}}]"):
            self.workflow("two.test", text)
            result = self.flow("test", "two", code=2)
            self.assertIn("two.test.yaml", result.err, text)
        self.flow("test", "nowhere", code=None)
        (self.work / ".opencode/workflows/two.test.yaml").unlink()
        self.assertIn("has no tests", self.flow("test", "two", code=None).err)

    def test_time_takes_no_time(self):
        self.workflow("slow", "id: slow\nsteps:\n  - {id: w, wait: 2h}\n"
                              "  - {id: a, needs: [w], run: x, retry: {max_attempts: 3, initial: 30s}}\n")
        self.workflow("slow.test", "cases: [{name: x, stubs: {a: [{error: e}, {error: e}, {output: o}]},"
                                   " expect: {steps: {a: {attempts: 3}}}}]")
        self.flow("test", "slow", timeout=20)


    def test_an_approval_may_come_first(self):
        self.workflow("ask", "id: ask\nsteps: [{id: a, approval: {message: go, approvers: [ann, bob], quorum: 2}}]\n")
        self.workflow("ask.test", "cases: [{name: both, approvals: {a: [{by: ann}, {by: bob}]}},"
                                  " {name: one says no, approvals: {a: [{by: ann, approve: false}]}, expect: {status: failed}}]")
        self.flow("test", "ask", timeout=20)

    def test_a_refused_vote_ends_its_case(self):
        self.workflow("ask", "id: ask\nsteps: [{id: a, approval: {message: go, approvers: [ann]}}]\n")
        self.workflow("ask.test", "cases: [{name: eve, approvals: {a: {by: eve}}}]")
        result = self.flow("test", "ask", code=1, timeout=20)
        self.assertIn("the vote of eve on 'a' was refused", result.out)


class Examples(WorkflowTest):
    def test_all_are_clean_and_their_tests_pass(self):
        files = sorted(file for file in EXAMPLES.glob("*.yaml") if not file.name.endswith(".test.yaml"))
        self.assertEqual(len(files), 10)
        result = self.flow("lint", *files)
        self.assertNotIn("warning", result.out)
        tested = self.flow("test", *files, "--json", timeout=110).json()
        self.assertEqual(tested["failed"], 0, tested)
        readme = (EXAMPLES / "README.md").read_text()
        for file in files:
            self.assertIn(f"({file.name})", readme)
            self.assertTrue(any(case["workflow"] == str(file) for case in tested["cases"]), file)

    def test_each_has_a_graph_and_a_plan(self):
        for file in EXAMPLES.glob("*.yaml"):
            if file.name.endswith(".test.yaml"):
                continue
            self.assertIn("flowchart", self.flow("graph", file).out)
            self.assertIn("</svg>", self.flow("graph", file, "--format", "svg").out)


class Graph(WorkflowTest):
    def test_of_a_definition_and_of_a_run(self):
        self.workflow("two", TWO)
        self.flow("graph", "two", "-o", "two.svg")
        self.assertTrue((self.work / "two.svg").read_text().rstrip().endswith("</svg>"))
        run = self.run_json("two")
        svg = self.flow("graph", run["run_id"], "--format", "svg").out
        self.assertIn("</svg>", svg)
        self.assertIn("flowchart", self.flow("graph", run["run_id"][:12]).out)
        self.assertEqual(self.flow("graph", run["run_id"], "--json").json()["format"], "mermaid")
        self.assertNotEqual(self.flow("graph", "run_nothing", code=None).code, 0)
        self.flow("graph", "two", "-f", "png", code=2)


class Small(WorkflowTest):
    def test_the_schema_is_one(self):
        schema = json.loads(self.flow("schema").out)
        self.assertIn("$schema", schema)
        self.assertIn("steps", schema["properties"])

    def test_list_shows_files_and_runs(self):
        self.assertIn("no workflows", self.flow("list").out)
        self.workflow("two", TWO)
        self.workflow("broken", "id: [")
        run = self.run_json("two")
        listed = self.flow("list", "--json").json()
        self.assertEqual({w["id"] for w in listed["workflows"]}, {"two", "broken"})
        self.assertTrue(any(w["problem"] for w in listed["workflows"]))
        self.assertEqual([r["run_id"] for r in listed["runs"]], [run["run_id"]])
        self.assertEqual(self.flow("list", "--state", "failed", "--json").json()["runs"], [])
        self.assertIn(run["run_id"], self.flow("list").out)

    def test_wrong_usage(self):
        for args in ((), ("run",), ("nothing",), ("resolve", "x", "y", "z"), ("approve",), ("signal", "x"),
                     ("run", "x", "--output-format", "xml"), ("list", "--state", "odd"), ("list", "-n", "0")):
            self.assertEqual(self.oap("workflow", *args).code, 2, args)
        for args in (("show", "run_zzz"), ("cancel", "run_zzz"), ("history", "zzz"), ("logs", "zzz"), ("fork", "zzz"),
                     ("resume", "zzz"), ("pause", "zzz"), ("signal", "zzz", "s"), ("approve", "zzz"),
                     ("resolve", "zzz", "s", "failed")):
            result = self.oap("workflow", *args)
            self.assertNotEqual(result.code, 0, args)
            self.assertIn("zzz", result.err, args)


if __name__ == "__main__":
    unittest.main()
