"""Runs with a model, over the true wire of each provider, with the faults of real ones."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, unittest  # noqa: E402

PROVIDERS = ("openai", "openai-responses", "anthropic")
READ = {"tool_calls": [{"name": "read_file", "arguments": {"path": "README.md"}}]}


class Providers(OapTest):
    def setUp(self):
        super().setUp()
        self.write("README.md", "# Test Project\n")

    def test_one_tool_turn_with_each_provider(self):
        for provider in PROVIDERS:
            with self.subTest(provider):
                env, received = self.mock_llm([
                    {"when": {"results": 0}, "answer": READ},
                    {"answer": {"text": "It says Test Project."}},
                ])
                result, code = self.run_task("What is in the README?", "--model", f"{provider}/m", env=env)
                self.assertEqual(code, 0, result)
                self.assertEqual(result["content"], "It says Test Project.")
                self.assertEqual(result["usage"]["requests"], 2)
                self.assertGreater(result["usage"]["input_tokens"], 0)
                self.assertIn("Test Project", json.dumps(received()[1]))

    def test_many_turns_end_with_the_models_text(self):
        env, _ = self.mock_llm()
        result, code = self.run_task("go", "--model", "openai/mock-5", "--yes", env=env)
        self.assertEqual(code, 0, result)
        self.assertEqual(len(result["results"]), 5)

    def test_parallel_reads_come_back_in_one_message(self):
        calls = [{"name": "read_file", "arguments": {"path": p}} for p in ("README.md", "a.txt", "b.txt")]
        self.write("a.txt", "alpha")
        self.write("b.txt", "beta")
        for provider in PROVIDERS:
            with self.subTest(provider):
                env, received = self.mock_llm([
                    {"when": {"results": 0}, "answer": {"tool_calls": calls}},
                    {"answer": {"text": "all read"}},
                ])
                result, code = self.run_task("read all", "--model", f"{provider}/m", env=env)
                self.assertEqual(code, 0, result)
                text = json.dumps(received()[1])
                self.assertIn("alpha", text)
                self.assertIn("beta", text)

    def test_a_denial_goes_back_to_the_model_first(self):
        env, received = self.mock_llm([
            {"when": {"results": 0},
             "answer": {"tool_calls": [{"name": "bash", "arguments": {"command": "rm -rf x"}}]}},
            {"when": {"results": 1}, "answer": READ},
            {"answer": {"text": "read instead"}},
        ])
        self.write(".opencode/permissions.yaml",
                   "permissions: [{scope: command, action: execute, program: rm, level: deny}]\n")
        result, code = self.run_task("clean up", "--model", "openai/m", env=env)
        self.assertEqual(code, 0, result)
        self.assertEqual(len(result["denials"]), 1)
        self.assertIn("permission denied", json.dumps(received()[1]).lower())

    def test_an_ask_that_nobody_answers_ends_with_4(self):
        env, _ = self.mock_llm([
            {"when": {"results": 0},
             "answer": {"tool_calls": [{"name": "bash", "arguments": {"command": "true"}}]}},
            {"answer": {"text": "could not"}},
        ])
        result, code = self.run_task("do it", "--model", "openai/m", env=env)
        self.assertEqual(code, 4, result)
        self.assertIs(result["success"], False)
        self.assertIn("permission denied", result["error"])
        self.assertEqual(result["error_code"], "unanswered")

    def test_faults_are_retried(self):
        for fault in ({"status": 429, "headers": {"retry-after-ms": "5"}}, {"status": 503}, {"fault": "reset"},
                      {"fault": "midreset"}, {"fault": "badjson"}):
            for provider in PROVIDERS:
                with self.subTest(fault=fault, provider=provider):
                    env, _ = self.mock_llm([
                        {"times": 1, "answer": fault},
                        {"answer": {"text": "at last"}},
                    ])
                    result, code = self.run_task("hello there", "--model", f"{provider}/m", env=env)
                    self.assertEqual(code, 0, result)
                    self.assertEqual(result["content"], "at last")

    def test_a_refused_key_fails_at_once_with_5(self):
        env, received = self.mock_llm([{"answer": {"status": 401}}])
        result, code = self.run_task("hi", "--model", "anthropic/m", env=env)
        self.assertEqual(code, 5, result)
        self.assertIn("ANTHROPIC_API_KEY", result["error"])
        self.assertEqual(len(received()), 1)

    def test_a_missing_key_is_said_before_any_request(self):
        result, code = self.run_task("hi", "--model", "openai/gpt-4.1")
        self.assertEqual(code, 5, result)
        self.assertIn("OPENAI_API_KEY", result["error"])

    def test_keys_never_appear(self):
        env, received = self.mock_llm([{"answer": {"status": 400}}])
        env["OPENAI_API_KEY"] = "sk-proj-" + "a1B2c3D4" * 5
        result = self.oap("run", "hi", "--model", "openai/m", "--output-format", "stream-json", env=env)
        self.assertNotIn("a1B2c3D4", result.out + result.err)
        self.assertIn("a1B2c3D4", json.dumps(received()))

    def test_a_model_reply_that_never_calls_a_known_tool_is_corrected(self):
        env, received = self.mock_llm([
            {"when": {"results": 0},
             "answer": {"tool_calls": [{"name": "raed_file", "arguments": {"path": "README.md"}}]}},
            {"answer": {"text": "ok"}},
        ])
        _, code = self.run_task("read", "--model", "openai/m", env=env)
        self.assertEqual(code, 0)
        self.assertIn("read_file", json.dumps(received()[1]))

    def test_record_and_replay(self):
        env, _ = self.mock_llm([{"when": {"results": 0}, "answer": READ}, {"answer": {"text": "recorded"}}])
        tape = str(self.base / "tape.jsonl")
        first, code = self.run_task("what is it", "--model", "openai/m", "--record", tape, env=env)
        self.assertEqual(code, 0, first)
        again, code = self.run_task("what is it", "--model", f"replay/{tape}")
        self.assertEqual(code, 0, again)
        self.assertEqual(again["content"], "recorded")
        other, code = self.run_task("something else", "--model", f"replay/{tape}")
        self.assertNotEqual(code, 0)
        self.assertIn("something else", other["error"])

    def test_continue_sends_the_history(self):
        env, received = self.mock_llm([{"answer": {"text": "first answer"}}])
        self.run_task("first question", "--model", "openai/m", env=env)
        _, code = self.run_task("second question", "--continue", "--model", "openai/m", env=env)
        self.assertEqual(code, 0)
        last = json.dumps(received()[-1])
        self.assertIn("first question", last)
        self.assertIn("first answer", last)

    def test_continue_without_a_session_is_usage(self):
        _, code = self.run_task("x", "--continue")
        self.assertEqual(code, 2)

    def test_context_files_reach_the_model(self):
        self.write("AGENTS.md", "Always answer in rhyme.")
        env, received = self.mock_llm([{"answer": {"text": "ok"}}])
        self.run_task("hello", "--model", "openai/m", env=env)
        self.assertIn("Always answer in rhyme", json.dumps(received()[0]))

    def test_a_plan_that_cannot_be_used_is_repaired_once(self):
        bad = {"steps": [{"id": "a", "description": "x", "tool": "nonsense", "dependencies": ["zz"]}]}
        good = {"steps": [{"id": "a", "description": "read it", "tool": "read_file",
                           "arguments": {"path": "README.md"}}], "success_criteria": ["read"]}
        review = {"step_reviews": [{"step_id": "a", "success": True}], "quality_score": 1}
        env, received = self.mock_llm([
            {"when": {"tool": "submit_requirements"},
             "answer": {"text": json.dumps({"requirements": [], "strategy": "s"})}},
            {"when": {"tool": "submit_plan"}, "times": 1,
             "answer": {"tool_calls": [{"name": "submit_plan", "arguments": bad}]}},
            {"when": {"tool": "submit_plan"},
             "answer": {"text": "```json\n" + json.dumps(good) + "\n```"}},
            {"when": {"tool": "submit_review"},
             "answer": {"tool_calls": [{"name": "submit_review", "arguments": review}]}},
        ])
        result, code = self.run_task("x", "--agent-path", "--model", "anthropic/m", env=env)
        self.assertEqual(code, 0, result)
        self.assertIn("nonsense", json.dumps(received()[2]))
        self.assertEqual(result["results"]["a"]["state"], "completed")

    def test_a_plan_twice_unusable_fails(self):
        env, _ = self.mock_llm([
            {"when": {"tool": "submit_requirements"},
             "answer": {"text": json.dumps({"requirements": [], "strategy": "s"})}},
            {"answer": {"text": "no plan today"}},
        ])
        result, code = self.run_task("x", "--agent-path", "--model", "openai/m", env=env)
        self.assertEqual(code, 1, result)
        self.assertEqual(result["status"], "failed")

    def test_a_review_cannot_overrule_the_evidence(self):
        plan = {"steps": [{"id": "a", "description": "fails", "tool": "read_file",
                           "arguments": {"path": "no-such-file"}}], "success_criteria": []}
        review = {"step_reviews": [{"step_id": "a", "success": True}], "quality_score": 1}
        env, _ = self.mock_llm([
            {"when": {"tool": "submit_requirements"},
             "answer": {"text": json.dumps({"requirements": [], "strategy": "s"})}},
            {"when": {"tool": "submit_plan"},
             "answer": {"tool_calls": [{"name": "submit_plan", "arguments": plan}]}},
            {"answer": {"tool_calls": [{"name": "submit_review", "arguments": review}]}},
        ])
        result, code = self.run_task("x", "--agent-path", "--model", "openai/m", env=env)
        self.assertEqual(code, 1, result)
        self.assertIs(result["review"]["overall_success"], False)


if __name__ == "__main__":
    unittest.main()
