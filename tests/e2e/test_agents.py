"""Agents of one's own in missions, what narrows whom, what models cost, and how agents look for skills."""

import http.server
import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import unittest  # noqa: E402
from mission import MissionTest, call, calls, delegate, plan, says, turns  # noqa: E402
from test_skills import SkillTest, skill_text  # noqa: E402


class OwnAgents(MissionTest):
    def trust(self):
        self.assertEqual(self.oap("trust").code, 0)

    def test_an_agent_of_a_file_takes_a_task_of_a_mission_within_its_rights(self):
        self.write(".opencode/agents/scribe.md",
                   "---\ndescription: Writes the docs\ntemperature: 0.25\nmaxTurns: 5\n"
                   "tools: Read, Write\n---\nYou are the Scribe of this house.\n")
        self.trust()
        script = (turns("Commander", plan("T1"), delegate("scribe", "Write it"), delegate("nobody", "x"),
                        then=says("hm"))
                  + turns("Scribe", call("bash", command="true"), call("write_file", path="doc.md", content="text"),
                          call("delegate_task", agent="worker", prompt="x"), call("todo", action="list"),
                          then=says("written")))
        result, _ = self.mission("start", "go", script=script)
        self.assertEqual([(t["agent"], t["state"]) for t in result["tasks"]], [("scribe", "completed")], result)
        self.assertEqual((self.work / "doc.md").read_text(), "text")
        requests = [r["body"] for r in self.received() if "Scribe of this house" in json.dumps(r["body"]["messages"][0])]
        self.assertEqual(requests[0]["temperature"], 0.25)
        self.assertEqual(sorted(t["function"]["name"] for t in requests[0]["tools"]), ["read_file", "write_file"])
        told = json.dumps(requests[-1]["messages"])
        self.assertEqual(told.count("the scribe may not"), 3, told)
        commander = json.dumps(self.requests("You are the Commander"))
        self.assertIn("scribe: Writes the docs", commander)
        self.assertIn("no agent 'nobody' to delegate to; there are planner, worker, reviewer, scribe", commander)

    def test_the_commands_that_a_file_leaves_are_shown(self):
        self.write(".claude/agents/looker.md", "---\nname: looker\ndescription: looks\n"
                                               "tools: Read, Bash(git log *), Bash(git diff:*)\n---\nLook.\n")
        self.trust()
        rights = self.oap("agents", "show", "looker", "--json").json()["rights"]
        self.assertEqual(rights["tools"], ["read_file", "bash", "run_command"])
        self.assertEqual(rights["patterns"], ["Bash(git log *)", "Bash(git diff:*)"])
        self.assertIn("commands:  all; only Bash(git log *), Bash(git diff:*)\n", self.oap("agents", "show", "looker").out)
        self.write(".claude/agents/looker.md", "---\nname: looker\ndescription: looks\ntools: Bash, Bash(git log *)\n---\nLook.\n")
        self.assertEqual(self.oap("agents", "show", "looker", "--json").json()["rights"]["patterns"], [])

    def test_what_an_agent_may_needs_nobody_who_says_yes(self):
        """Without --yes: its role is no unknown one, and has what everyone has, within its own rights."""
        self.write(".opencode/agents/scribe.md", "---\ndescription: Writes\n---\nYou are the Scribe.\n")
        self.write(".opencode/agents.yaml", "agents:\n  tester: {prompt: You are the Tester.}\n")
        self.write(".opencode/permissions.yaml", "permissions:\n  - {tool: bash, level: ask}\n")
        self.write("hello.txt", "hello")
        self.write(".opencode/commands/look.md", "---\nagent: scribe\n---\nList the files\n")
        self.trust()
        for words in (["--agent", "scribe", "List the files"], ["--agent", "tester", "List"], ["/look"]):
            env, received = self.mock_llm([{"times": 1, "answer": call("list_dir", path=".")},
                                           {"answer": says("listed")}])
            result = self.oap("run", "--model", self.model, *words, env=env)
            self.assertEqual(result.code, 0, result)
            self.assertIn("hello.txt", json.dumps(received()[-1]["body"]["messages"]))
            self.assertNotIn("unknown-role", json.dumps(received()) + result.err)
        env, _ = self.mock_llm([{"times": 1, "answer": call("bash", command="true")}, {"answer": says("ran")}])
        result = self.oap("run", "--model", self.model, "--agent", "scribe", "Run it", env=env)
        self.assertEqual(result.code, 4, "a rule that asks still does")
        line = json.dumps({"tool": "read_file", "arguments": {"path": "x"}, "role": "scrib"})
        (answer,) = self.oap("permission", "check", "--batch", stdin=line).lines()
        self.assertEqual((answer["decision"], answer["rule"]), ("ask", "builtin/unknown-role"))
        self.assertIn("did you mean 'scribe'", answer["reason"])

    def test_an_agent_of_an_untrusted_folder_is_no_known_role(self):
        self.write(".opencode/agents/scribe.md", "---\ndescription: Writes\n---\nYou are the Scribe.\n")
        line = json.dumps({"tool": "read_file", "arguments": {"path": "x"}, "role": "scribe"})
        (answer,) = self.oap("permission", "check", "--batch", stdin=line).lines()
        self.assertEqual((answer["decision"], answer["rule"]), ("ask", "builtin/unknown-role"))

    def test_an_agent_of_the_configuration(self):
        self.write(".opencode/tester.md", "You are the Tester.\n")
        self.write(".opencode/agents.yaml",
                   "agents:\n  tester:\n    description: Runs the tests\n    model: openai/small\n"
                   "    temperature: 0.5\n    max_turns: 2\n    system_prompt_file: .opencode/tester.md\n"
                   "    may: {tools: [read_file, bash], commands: look, write: []}\n")
        untrusted = self.oap("agents", "list", "--json").json()["agents"]
        self.assertNotIn("tester", [a["name"] for a in untrusted])
        self.trust()
        rows = {a["name"]: a for a in self.oap("agents", "list", "--json").json()["agents"]}
        self.assertEqual((rows["tester"]["model"], rows["tester"]["max_turns"], rows["tester"]["rights"]["commands"]),
                         ("openai/small", 2, "look"))
        script = (turns("Commander", delegate("tester", "Test it"), delegate("tester", "And again"), then=says("hm"))
                  + turns("Tester", call("bash", command="rm -rf x"), says("could not"), then=call("bash", command="true")))
        result, _ = self.mission("start", "go", script=script)
        self.assertEqual([t["state"] for t in result["tasks"]], ["completed", "failed"], result)
        self.assertIn("may not change files with 'rm'", json.dumps(self.received()))
        self.assertIn("after its 2 turns", json.dumps(self.received()))

    def test_a_misspelt_agent_is_no_new_one(self):
        self.write(".opencode/agents.yaml", "agents:\n  plannner: {model: openai/x}\n")
        result = self.oap("agents", "list")
        self.assertEqual(result.code, 2)
        self.assertIn("did you mean 'planner'", result.err)
        self.write(".opencode/agents.yaml", "agents:\n  tester: {model: openai/x}\n")
        self.assertIn("prompt", self.oap("agents", "list").err)

    def test_what_is_taken_from_the_commander_is_taken_from_its_children(self):
        config = self.home / ".config" / "oap" / "config.yaml"
        config.parent.mkdir(parents=True)
        config.write_text("agents: {commander: {may: {tools: [read_file, todo, delegate_task, write_file]}}}\n")
        script = (turns("Commander", delegate("worker", "go"), then=says("hm"))
                  + turns("Worker", call("bash", command="touch pwned"), call("python", code="1"),
                          call("write_file", path="a", content="b"), then=says("end")))
        self.mission("start", "go", script=script)
        self.assertFalse((self.work / "pwned").exists())
        self.assertTrue((self.work / "a").exists())
        offered = [t["function"]["name"] for t in self.requests("You are the Worker")[0]["tools"]]
        self.assertNotIn("bash", offered)
        self.assertIn("python", offered, "no duty of the Commander, and so nothing that it lacks")

    def test_a_skills_narrowing_goes_down_to_the_children(self):
        self.write(".opencode/skills/looker/SKILL.md", skill_text("looker", "Only look.\n", "allowed-tools: Read, delegate_task\n"))
        self.trust()
        script = (turns("Commander",
                        calls(("skill", {"name": "looker"}),
                              ("delegate_task", {"agent": "worker", "prompt": "go", "background": True})),
                        then=says("hm"))
                  + turns("Worker", call("write_file", path="a", content="b"), call("read_file", path="x"),
                          then=says("end")))
        self.mission("start", "go", script=script)
        self.assertFalse((self.work / "a").exists())
        self.assertIn("where this was delegated", json.dumps(self.received()))

    def test_the_words_of_missions_are_replaced_in_a_trusted_folder(self):
        self.write(".opencode/prompts/mission_work.md", "On with it, {objective} {nothing}.\n")
        self.write(".opencode/prompts/mission_brief.md", "The goal is {objective}; seal: {seal}\n")
        self.write(".opencode/prompts/mission_task.md", "Yours: {prompt} | {description} | {objective}\n")
        self.write(".opencode/prompts/mission_commander.md", "You are the Commander of this house.\n")
        script = (turns("Commander", plan("T1"), delegate("worker", "go {seal}"), then=says("hm"))
                  + turns("Worker", then=says("end")))
        self.mission("start", "win {plan}", script=script)
        self.assertNotIn("On with it", json.dumps(self.received()), "not trusted")
        self.trust()
        self.mission("start", "win {plan}", script=script)
        told = json.dumps(self.received())
        self.assertIn("The goal is win {plan}; seal: <mission_seal>", told)
        self.assertIn("On with it, {objective} {nothing}.", told)
        self.assertIn("Yours: go {seal} | go {seal} | win {plan}", told)
        self.assertIn("Commander of this house", told)
        self.assertIn("Nothing has changed since the last time", told)

    def test_steps_side_by_side_do_not_narrow_each_other(self):
        self.write(".opencode/skills/looker/SKILL.md", skill_text("looker", "Only look.\n", "allowed-tools: Read\n"))
        self.trust()
        steps = [{"id": "one", "description": "Look at it", "tool": "agent", "arguments": {"prompt": "step one"}},
                 {"id": "two", "description": "Write it", "tool": "agent", "arguments": {"prompt": "step two"}}]
        script = [{"when": {"tool": "submit_requirements"}, "answer": call("submit_requirements", requirements=["x"],
                                                                           strategy="x")},
                  {"when": {"tool": "submit_plan"}, "answer": call("submit_plan", steps=steps, success_criteria=["x"],
                                                                   risk_assessment="none")},
                  {"when": {"tool": "submit_review"}, "answer": call(
                      "submit_review", overall_success=True, quality_score=0.9, recommendations=[],
                      step_reviews=[{"step_id": s["id"], "success": True, "comment": "ok"} for s in steps])},
                  {"when": {"user": "Look at it", "results": 0}, "answer": call("skill", name="looker")},
                  {"when": {"user": "Look at it", "results": 1}, "answer": call("write_file", path="no", content="x")},
                  {"when": {"user": "Write it", "results": 0}, "answer": call("write_file", path="yes", content="x")},
                  {"answer": says("end")}]
        env, received = self.mock_llm(script)
        result, _ = self.run_task("go", "--agent-path", "--yes", "-m", "openai/m", env=env)
        self.assertFalse((self.work / "no").exists(), result)
        self.assertTrue((self.work / "yes").exists(), json.dumps(received())[-3000:])


class Prices(MissionTest):
    def prices(self, text):
        config = self.home / ".config" / "oap" / "config.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(text)

    usage = {"input": 1000, "output": 500, "cached": 2000}

    def test_prices_of_the_configuration_reach_runs_and_cached_tokens_are_their_own(self):
        answer = {**says("ok"), "usage": self.usage}
        env, _ = self.mock_llm([{"answer": answer}])
        result, _ = self.run_task("hello", "-m", "openai/m", env=env)
        self.assertIsNone(result["usage"]["cost_usd"])
        self.prices('models: {"openai/m": {input_price: 10, output_price: 20, cache_read_price: 1}}\n')
        result, _ = self.run_task("hello", "-m", "openai/m", env=env)
        self.assertEqual([result["usage"][k] for k in ("input_tokens", "output_tokens", "cache_read_tokens")],
                         [1000, 500, 2000])
        self.assertAlmostEqual(result["usage"]["cost_usd"], 0.01 + 0.01 + 0.002)
        self.prices("models: {m: {input_price: 10, output_price: 20}}\n")
        result, _ = self.run_task("hello", "-m", "openai/m", env=env)
        self.assertAlmostEqual(result["usage"]["cost_usd"], 0.01 + 0.01 + 0.02, msg="cached as input")
        self.prices("models: {m: {input_price: 10}}\n")
        self.assertIsNone(self.run_task("hello", "-m", "openai/m", env=env)[0]["usage"]["cost_usd"])
        self.prices('models: {"anthropic/a": {input_price: 1, output_price: 1, cache_read_price: 0, cache_write_price: 5}}\n')
        env, _ = self.mock_llm([{"answer": {**says("ok"), "usage": {**self.usage, "stored": 100}}}])
        result, _ = self.run_task("hello", "-m", "anthropic/a", env=env)
        self.assertAlmostEqual(result["usage"]["cost_usd"], 0.0015 + 0.0005)
        self.assertEqual(result["usage"]["cache_write_tokens"], 100)

    def test_they_reach_budgets_and_the_status_of_missions(self):
        self.prices('models: {"openai/m": {input_price: 10, output_price: 20, cache_read_price: 1}}\n')
        endless = turns("Commander", plan("T1"), then={**call("list_dir", path="."), "usage": self.usage})
        result, code = self.mission("start", "go", "--cost", "0.2", script=endless)
        self.assertEqual((code, result["reason_code"]), (4, "cost"), result)
        self.assertGreaterEqual(result["usage"]["cost_usd"], 0.2)
        self.assertLess(result["usage"]["cost_usd"], 0.25)
        shown = self.oap("mission", "status").out
        self.assertRegex(shown, r"used .* in, .* out tokens, \d+ read from and 0 written to the cache, \$0\.2\d+ of \$0\.20")


class Registry(http.server.BaseHTTPRequestHandler):
    answer = (200, b"[]")
    asked = []

    def do_GET(self):
        Registry.asked.append(self.path)
        status, body = Registry.answer
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Search(SkillTest):
    def registry(self, answer, status=200):
        """A registry on this machine, named in the user's configuration."""
        Registry.answer, Registry.asked = (status, answer), []
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}/find?q={{query}}"
        config = self.home / ".config" / "oap" / "config.yaml"
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text(f"skills:\n  base_url: 'file://{self.base}/git'\n  trusted_sources: [good/*]\n"
                          f"  registries: ['{url}']\n")
        return url

    entry = {"name": "learnt", "description": "How to do it \u202e", "source": "good/repo"}

    def test_a_registry_is_searched(self):
        refused = self.oap("skills", "search", "pdf")
        self.assertEqual(refused.code, 2, refused)
        self.assertIn("no registry is configured", refused.err)
        self.registry(json.dumps({"skills": [self.entry, {"name": "other", "source": "x/y"}]}).encode())
        found = self.oap("skills", "search", "how do", "--json")
        self.assertEqual(found.code, 0, found)
        self.assertEqual([row["name"] for row in found.json()["skills"]], ["learnt"])
        self.assertEqual(Registry.asked, ["/find?q=how%20do"])
        text = self.oap("skills", "search", "learnt").out
        self.assertIn("oap skills add good/repo --skill learnt", text)
        self.assertNotIn("\u202e", text)
        self.assertEqual(self.states(), {}, "nothing is added by a search")

    def test_a_registry_that_does_not_answer_well(self):
        for body, status in ((b"<html>", 200), (b"{", 200), (b"[]", 500), (b"", 302), (b"x" * (5 << 20), 200)):
            self.registry(body, status)
            result = self.oap("skills", "search", "x")
            self.assertEqual(result.code, 5, result)
            self.assertIn("registry", result.err)

    def acquire(self, agent="Worker", *flags):
        """An agent that finds, adds and uses; what its model was sent at last."""
        return turns(agent, call("run_command", command="npx skills find how to"),
                     call("run_command", command="npx skills add good/repo --skill learnt"),
                     call("skill", name="learnt"), then=says("used"))

    def test_an_agent_finds_adds_and_uses_one(self):
        self.repository("good", "repo", {"SKILL.md": skill_text("learnt", "The way to do it.\n")})
        self.registry(json.dumps([self.entry]).encode())
        env, received = self.mock_llm(self.acquire())
        result, code = self.run_task("learn it", "--model", "openai/m", env=env)
        self.assertEqual((code, result["denials"]), (0, []), result)
        first, last = json.dumps(received()[0]), json.dumps(received()[-1])
        self.assertIn("npx skills find WORDS", first)
        self.assertIn("npx skills add good/repo --skill learnt", last)
        self.assertIn("The way to do it.", last)
        self.assertEqual(self.states(), {"learnt": "ready"})
        trail = self.oap("audit", "tail", "--json", "-n", "50").out
        self.assertIn("skills/search", trail)
        self.assertIn("skills/install", trail)

    def test_planner_worker_and_reviewer_of_a_mission_may(self):
        self.repository("good", "repo", {"SKILL.md": skill_text("learnt", "The way to do it.\n")})
        self.registry(json.dumps([self.entry]).encode())
        for agent in ("Planner", "Worker", "Reviewer"):
            with self.subTest(agent):
                script = (turns("Commander", delegate(agent.lower(), "learn it"), then=says("hm"))
                          + self.acquire(agent))
                env, received = self.mock_llm(script)
                self.oap("mission", "start", "go", "--json", "--model", "openai/m", env=env)
                own = [r for r in received() if f"You are the {agent}" in json.dumps(r["body"]["messages"][0])[:200]]
                self.assertIn("The way to do it.", json.dumps(own[-1]), agent)
                self.assertIn("npx skills find WORDS", json.dumps(own[0]["body"]["messages"][0]))

    def test_a_search_is_nothing_else(self):
        self.registry(json.dumps([self.entry]).encode())
        env, received = self.mock_llm([
            {"when": {"results": 0}, "answer": call("run_command", command="npx skills find x; touch pwned")},
            {"when": {"results": 1}, "answer": call("run_command", command="npx skills find $(touch pwned)")},
            {"answer": says("end")}])
        result, _ = self.run_task("go", "--model", "openai/m", env=env)
        self.assertEqual(len(result["denials"]), 2, result)
        self.assertFalse((self.work / "pwned").exists())
        self.assertEqual(Registry.asked, [])

    def test_without_a_registry_the_agent_is_told(self):
        env, received = self.mock_llm(turns("Worker", call("run_command", command="npx skills find x"), then=says("end")))
        self.run_task("go", "--model", "openai/m", env=env)
        self.assertIn("no registry of skills is configured", json.dumps(received()[-1]))
        self.assertNotIn("npx skills find WORDS", json.dumps(received()[0]["body"]["messages"][0]))


if __name__ == "__main__":
    unittest.main()
