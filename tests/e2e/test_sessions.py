"""Sessions as a person uses them, and what becomes of a conversation that gets too long: over the true wire."""

import json
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, unittest  # noqa: E402

READ = {"tool_calls": [{"name": "read_file", "arguments": {"path": "README.md"}}]}


def texts(request):
    """Every text of a request's messages, in order, whatever the dialect."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key in ("text", "content") and isinstance(item, str):
                    found.append(item)
                else:
                    walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    body = request["body"]
    walk(body.get("messages", body.get("input")))
    return found


class Sessions(OapTest):
    def setUp(self):
        super().setUp()
        self.write("README.md", "# Test Project\n")

    def talk(self):
        result, code = self.run_task("Read the README.md file")
        self.assertEqual(code, 0, result)
        return result["session_id"]

    def test_list_show_and_prefixes(self):
        first, second = self.talk(), self.talk()
        rows = self.oap("sessions", "list", "--json").json()["sessions"]
        self.assertEqual([row["session_id"] for row in rows], [second, first])
        self.assertGreater(rows[0]["message_count"], 2)
        shown = self.oap("sessions", "show", first, "--json").json()
        self.assertEqual(shown["messages"][0]["blocks"][0]["text"], "Read the README.md file")
        text = self.oap("sessions", "show", first.removeprefix("ses_"))
        self.assertIn("→ read_file", text.out)
        self.assertIn("Test Project", text.out)
        self.assertEqual(self.oap("sessions", "show", "ses_0", "--json").code, 1)
        self.assertEqual(self.oap("sessions", "show", "ses_").code, 1)

    def test_a_session_at_work_is_not_touched_by_another_process(self):
        os.mkfifo(self.work / "gate")
        script = [{"times": 1, "answer": {"tool_calls": [{"name": "bash", "arguments": {"command": "cat gate"}}]}},
                  {"answer": {"text": "through"}}]
        env, received = self.mock_llm(script)
        first = subprocess.Popen([OAP, "run", "--yes", "-m", "openai/m", "--json", "wait at the gate"],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                 cwd=self.work, env={**self.env, **env})
        with open(self.work / "gate", "w") as gate:  # opens once the command reads it
            session = self.oap("sessions", "list", "--json").json()["sessions"][0]["session_id"]
            for more in (["--continue"], ["--session", session]):
                second = self.oap("run", *more, "-m", "openai/m", "--json", "hello", env=env)
                self.assertEqual(second.code, 1, second)
                self.assertIn("another oap is at work in the session", second.out)
            removed = self.oap("sessions", "delete", session, "--yes")
            self.assertEqual(removed.code, 1, removed)
            self.assertIn("another oap is at work in the session", removed.err)
            undone = self.oap("undo")
            self.assertEqual(undone.code, 1, undone)
            self.assertIn("another oap is changing files", undone.err)
            gate.write("open\n")
        out, _ = first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0)
        session = json.loads(out)["session_id"]
        shown = self.oap("sessions", "show", session).out
        self.assertIn("open", shown)
        self.assertNotIn("in doubt", shown)
        self.assertEqual(len(received()), 2)
        self.assertEqual(self.oap("run", "--continue", "-m", "openai/m", "--json", "hello", env=env).code, 0)

    def test_nothing_there_is_said(self):
        self.assertEqual(self.oap("sessions", "list", "--json").json(), {"sessions": []})
        self.assertIn("no sessions", self.oap("sessions", "list").out)

    def test_export_both_ways(self):
        session = self.talk()
        lines = self.oap("sessions", "export", session).lines()
        self.assertEqual(lines[0]["type"], "session")
        self.assertEqual([line["type"] for line in lines[1:]], ["message"] * (len(lines) - 1))
        self.oap("sessions", "export", session, "-o", "out.md")
        markdown = (self.work / "out.md").read_text()
        self.assertIn("**Call** `read_file`", markdown)
        self.assertEqual((self.work / "out.md").stat().st_mode & 0o777, 0o600)

    def test_a_fork_goes_its_own_way(self):
        session = self.talk()
        fork = self.oap("sessions", "fork", session, "--at", "2", "--json").json()
        self.assertEqual(fork["forked_from"], session)
        self.assertEqual(fork["forked_at"], 3)
        env, received = self.mock_llm([{"answer": {"text": "went on"}}])
        result = self.oap("sessions", "resume", fork["session_id"], "And now?", "--model", "openai/m",
                          "--output-format", "json", env=env).json()
        self.assertEqual(result["session_id"], fork["session_id"])
        self.assertIn("Test Project", json.dumps(received()[0]))
        self.assertEqual(self.oap("sessions", "fork", session, "--at", "99").code, 1)

    def test_resume_and_run_with_a_session(self):
        first, second = self.talk(), self.talk()
        env, received = self.mock_llm([{"answer": {"text": "ok"}}])
        result, code = self.run_task("go on", "--session", first, "--model", "anthropic/m", env=env)
        self.assertEqual((code, result["session_id"]), (0, first))
        self.assertIn("Test Project", json.dumps(received()[0]))
        self.assertEqual(self.oap("run", "x", "--session", "ses_none").code, 2)
        self.assertNotEqual(first, second)

    def test_delete_asks_and_says_what_stays(self):
        session = self.talk()
        refused = self.oap("sessions", "delete", session)
        self.assertEqual(refused.code, 4, refused)
        done = self.oap("sessions", "delete", session, "--yes")
        self.assertEqual(done.code, 0, done)
        self.assertIn("audit log keeps", done.out)
        self.assertEqual(self.oap("sessions", "list", "--json").json(), {"sessions": []})
        events = self.oap("audit", "tail", "--json", "-n", "50").out
        self.assertIn("session_deleted", events)
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_the_usage_of_a_session_adds_up(self):
        env, _ = self.mock_llm([{"answer": {"text": "one"}}])
        result, _ = self.run_task("first", "--model", "openai/gpt-4.1", env=env)
        self.run_task("second", "--continue", "--model", "openai/gpt-4.1", env=env)
        row = self.oap("sessions", "list", "--json").json()["sessions"][0]
        self.assertEqual(row["session_id"], result["session_id"])
        self.assertEqual(row["usage"]["requests"], 2)
        self.assertGreater(row["usage"]["cost_usd"], 0)


SUMMARY = """## Decided plan
1. read the README: done
2. edit notes.txt: open
## Open items
notes.txt
## Next edit
notes.txt: write the word finished
"""


class Compaction(OapTest):
    """A model of a small window. It re-plans whenever it is not told what comes next."""

    def setUp(self):
        super().setUp()
        self.write("README.md", "# Test Project\n" + "many words of no interest\n" * 1400)
        self.write("notes.txt", "begun\n")
        self.write(".opencode/config.yaml", "models: {m: {context_window: 12000}}\n")

    def rules(self):
        return [
            {"when": {"user": "must be shortened"}, "answer": {"text": SUMMARY}},
            {"when": {"user": "(?s)compacted-conversation.*Next edit\\s+notes.txt: write the word finished"},
             "times": 1,
             "answer": {"tool_calls": [{"name": "edit_file", "arguments": {
                 "path": "notes.txt", "old_string": "begun", "new_string": "finished"}}]}},
            {"when": {"results": 0}, "answer": {
                "text": "Plan:\n1. read the README\n2. edit notes.txt\n3. report", **READ}},
            {"answer": {"text": "All done."}},
        ]

    def test_after_it_the_next_act_is_an_edit_and_no_new_plan(self):
        for provider in ("openai", "openai-responses", "anthropic"):
            with self.subTest(provider):
                self.write("notes.txt", "begun\n")
                env, received = self.mock_llm(self.rules())
                result, code = self.run_task("Finish the notes", "--model", f"{provider}/m", "--yes", env=env)
                self.assertEqual(code, 0, result)
                requests = received()
                asked = [i for i, r in enumerate(requests) if "must be shortened" in json.dumps(r)]
                self.assertEqual(len(asked), 1)
                after = json.dumps(requests[asked[0] + 1])
                self.assertIn("compacted-conversation", after)
                self.assertIn("Finish the notes", after)
                self.assertIn("The plan is decided", after)
                self.assertLess(after.count("many words of no interest"), 3)
                self.assertLess(len(after), len(json.dumps(requests[asked[0]])) / 2)
                shown = self.oap("sessions", "show", result["session_id"], "--json", "--limit", "0").json()
                rows = shown["messages"]
                compacted = next(i for i, row in enumerate(rows) if "compaction" in row)
                act = rows[compacted + 1]["blocks"]
                self.assertIn("edit_file", json.dumps(act), "the next act is an edit")
                self.assertIn("many words of no interest", json.dumps(rows), "the store keeps everything")
                self.assertEqual(shown["compacted_at"], rows[compacted]["seq"])

    def test_a_resumed_session_sends_the_summary(self):
        env, _ = self.mock_llm(self.rules())
        self.run_task("Finish the notes", "--model", "openai/m", "--yes", env=env)
        env, received = self.mock_llm([{"answer": {"text": "ok"}}])
        self.run_task("and now?", "--continue", "--model", "openai/m", env=env)
        sent = json.dumps(received()[0])
        self.assertIn("compacted-conversation", sent)
        self.assertLess(sent.count("many words of no interest"), 3)

    def test_too_long_for_the_model_is_shortened_once_and_asked_again(self):
        too_long = {"status": 400, "message": "prompt is too long: 210000 tokens > 200000 maximum"}
        self.write("README.md", "# Short\n")
        self.write(".opencode/config.yaml", "{}\n")
        rules = [
            {"when": {"results": 0, "user": "^Finish"}, "answer": READ},
            {"when": {"user": "must be shortened"}, "answer": {"text": SUMMARY}},
            {"when": {"results": 1}, "answer": too_long},
            {"answer": {"text": "done after all"}},
        ]
        for provider in ("openai", "anthropic"):
            with self.subTest(provider):
                env, received = self.mock_llm(rules)
                result, code = self.run_task("Finish the notes", "--model", f"{provider}/m", env=env)
                self.assertEqual(code, 0, result)
                self.assertEqual(result["content"], "done after all")
                self.assertIn("compacted-conversation", json.dumps(received()[-1]))

    def test_a_model_that_refuses_for_ever_ends_as_its_failure(self):
        self.write("README.md", "# Short\n")
        env, received = self.mock_llm([
            {"when": {"results": 0, "user": "^Finish"}, "answer": READ},
            {"answer": {"status": 400, "message": "prompt is too long"}},
        ])
        result, code = self.run_task("Finish the notes", "--model", "anthropic/m", env=env)
        self.assertEqual(code, 5, result)
        self.assertIn("too long", result["error"])
        self.assertLess(len(received()), 6)

    def test_without_a_summary_the_runtimes_record_stands_in(self):
        rules = self.rules()
        rules[0]["answer"] = {"tool_calls": [{"name": "bash", "arguments": {"command": "true"}}]}
        env, received = self.mock_llm(rules)
        result, code = self.run_task("Finish the notes", "--model", "openai/m", "--yes", env=env)
        after = json.dumps(received()[2])
        self.assertIn("2. edit notes.txt", after)
        self.assertIn("read_file README.md: ok", after)
        # This model plans and reads anew after each compaction: that ends, and says why.
        self.assertEqual(code, 1, result)
        self.assertIn("the same again", result["error"])
        self.assertLess(len(received()), 20)

    def test_the_prefix_stays_and_cached_tokens_are_metered(self):
        self.write("README.md", "# Short\n")
        env, received = self.mock_llm([
            {"when": {"results": 0}, "answer": READ}, {"when": {"results": 1}, "answer": READ},
            {"answer": {"text": "read twice"}}])
        result, code = self.run_task("read", "--model", "anthropic/m", env=env)
        self.assertEqual(code, 0, result)
        bodies = [r["body"] for r in received()]
        self.assertEqual(bodies[0]["tools"], bodies[2]["tools"])
        self.assertEqual(bodies[0]["system"], bodies[2]["system"])
        marks = json.dumps(bodies[2]).count("cache_control")
        self.assertEqual(marks, 4)
        self.assertIn("cache_read_tokens", result["usage"])


class LongResults(OapTest):
    def test_a_cut_result_can_be_read_on(self):
        lines = "".join(f"line {i:06}\n" for i in range(20_000))
        self.write("big.txt", lines)
        self.write("token.txt", "x")
        env, received = self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [
                {"name": "bash", "arguments": {"command": "cat big.txt"}}]}},
            {"answer": {"text": "seen"}}])
        result, code = self.run_task("look", "--model", "openai/m", "--yes", env=env)
        self.assertEqual(code, 0, result)
        text = next(t for t in texts(received()[-1]) if "left out" in t)
        self.assertLess(len(text), 60_000)
        note = text[text.index("read_output "):]
        arguments = json.loads(note[len("read_output "):note.index("}") + 1])
        part = self.oap("mcp", "call", "sandbox", "read_output", json.dumps(arguments))
        self.assertEqual(part.code, 0, part)
        self.assertIn("go on with offset", part.out)
        found = self.oap("mcp", "call", "sandbox", "read_output",
                         json.dumps({"handle": arguments["handle"], "pattern": "line 010000"}))
        self.assertIn("line 010000", found.out)
        for handle in ("../../x", "ses_1/out_1", "ses_a/../out_b", arguments["handle"] + "/x", "/etc/passwd"):
            wrong = self.oap("mcp", "call", "sandbox", "read_output", json.dumps({"handle": handle}))
            self.assertNotEqual(wrong.code, 0, wrong)
        self.oap("sessions", "delete", result["session_id"], "--yes")
        gone = self.oap("mcp", "call", "sandbox", "read_output", json.dumps(arguments))
        self.assertNotEqual(gone.code, 0)

    def test_a_degenerate_answer_is_not_taken(self):
        env, received = self.mock_llm([
            {"when": {"user": "ANOMALY"}, "answer": {"text": "All is well again."}},
            {"answer": {"text": "I will fix it now. " * 200}}])
        result, code = self.run_task("go", "--model", "openai/m", env=env)
        self.assertEqual((code, result["content"]), (0, "All is well again."))
        env, received = self.mock_llm([{"answer": {"text": "I will fix it now. " * 200}}])
        result, code = self.run_task("go", "--model", "openai/m", env=env)
        self.assertEqual(code, 5, result)
        self.assertIn("degenerate", result["error"])
        self.assertEqual(len(received()), 3)


if __name__ == "__main__":
    unittest.main()
