"""oap run --schema claude: the messages of `claude -p`, held against their shapes field by field.

The shapes are those of SDKMessage in npm's @anthropic-ai/claude-agent-sdk 0.3: every member that its types call present,
with its kind. A `?` marks what may be absent."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OapTest, github_token, unittest  # noqa: E402

UUID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
ENVELOPE = {"uuid": "uuid", "session_id": str}
USAGE = {"input_tokens": int, "output_tokens": int, "cache_creation_input_tokens": int, "cache_read_input_tokens": int,
         "server_tool_use": {"web_search_requests": int, "web_fetch_requests": int}, "service_tier": str,
         "cache_creation": {"ephemeral_1h_input_tokens": int, "ephemeral_5m_input_tokens": int}}
MODEL_USAGE = {"inputTokens": int, "outputTokens": int, "cacheReadInputTokens": int, "cacheCreationInputTokens": int,
               "webSearchRequests": int, "costUSD": float, "contextWindow": int, "maxOutputTokens": int, "costBasis": str}
DENIAL = {"tool_name": str, "tool_use_id": str, "tool_input": dict}
RESULT = {**ENVELOPE, "type": str, "subtype": str, "is_error": bool, "duration_ms": int, "duration_api_ms": int,
          "num_turns": int, "stop_reason": (str, None), "total_cost_usd": (float, None), "usage": USAGE,
          "modelUsage": {"*": MODEL_USAGE}, "permission_denials": [DENIAL], "?result": str, "?errors": [str]}
BLOCKS = {"text": {"type": str, "text": str},
          "thinking": {"type": str, "thinking": str, "signature": str},
          "tool_use": {"type": str, "id": str, "name": str, "input": dict},
          "tool_result": {"type": str, "tool_use_id": str, "content": str, "?is_error": bool}}
SHAPES = {
    "system": {**ENVELOPE, "type": str, "subtype": str, "apiKeySource": str, "claude_code_version": str, "cwd": str,
               "tools": [str], "mcp_servers": [{"name": str, "status": str}], "model": str, "permissionMode": str,
               "slash_commands": [str], "output_style": str, "skills": [str], "agents": [str],
               "plugins": [{"name": str, "path": str}]},
    "assistant": {**ENVELOPE, "type": str, "parent_tool_use_id": None,
                  "message": {"id": str, "type": str, "role": str, "model": str, "content": ["block"],
                              "stop_reason": (str, None), "stop_sequence": None, "usage": USAGE}},
    "user": {**ENVELOPE, "type": str, "parent_tool_use_id": None, "message": {"role": str, "content": ["block"]}},
    "stream_event": {**ENVELOPE, "type": str, "parent_tool_use_id": None, "event": dict},
    "result": RESULT,
}


def problems(value, shape, where="$"):
    """What a value has that its shape has not, and the other way round."""
    if shape == "uuid":
        return [] if isinstance(value, str) and UUID.match(value) else [f"{where}: no UUID: {value!r}"]
    if shape == "block":
        kind = BLOCKS.get(value.get("type")) if isinstance(value, dict) else None
        return problems(value, kind, where) if kind else [f"{where}: no content block: {value!r}"]
    if shape is None:
        return [] if value is None else [f"{where}: not null"]
    if isinstance(shape, tuple):
        tries = [problems(value, one, where) for one in shape]
        return [] if [] in tries else tries[0]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{where}: no list"]
        return [p for i, item in enumerate(value) for p in problems(item, shape[0], f"{where}[{i}]")]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{where}: no object"]
        if "*" in shape:
            return [p for key, item in value.items() for p in problems(item, shape["*"], f"{where}.{key}")]
        found = [f"{where}.{key}: missing" for key in shape if not key.startswith("?") and key not in value]
        for key, item in value.items():
            kind = shape.get(key, shape.get("?" + key, "nothing"))
            found += [f"{where}.{key}: unknown"] if kind == "nothing" else problems(item, kind, f"{where}.{key}")
        return found
    good = isinstance(value, (int, float)) if shape is float else isinstance(value, shape)
    return [] if good and not (shape is not bool and isinstance(value, bool)) else [f"{where}: {value!r} is no {shape}"]


def call(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


class ClaudeSchema(OapTest):
    def stream(self, *args, script, code=0, **kwargs):
        env, self.received = self.mock_llm(script)
        done = self.oap("run", "-p", "--model", "openai/m", "--output-format", "stream-json", "--verbose", "--schema",
                        "claude", *args, env=env, **kwargs)
        self.assertEqual(done.code, code, done)
        lines = done.lines()
        for line in lines:
            self.assertEqual(problems(line, SHAPES[line["type"]], line["type"]), [])
        return lines

    def test_a_run_has_the_messages_of_claude(self):
        self.write("README.md", "# Test\n")
        lines = self.stream("What is it?", script=[
            {"when": {"results": 0}, "answer": {"text": "I look.", **call("read_file", path="README.md")}},
            {"answer": {"text": "A test."}}])
        self.assertEqual([line["type"] for line in lines], ["system", "assistant", "user", "assistant", "result"])
        init, first, results, last, end = lines
        self.assertEqual((init["subtype"], init["cwd"], init["permissionMode"]), ("init", str(self.work), "default"))
        self.assertIn("Read", init["tools"])
        use = first["message"]["content"][1]
        self.assertEqual((use["name"], use["input"]), ("Read", {"file_path": str(self.work / "README.md")}))
        self.assertEqual(first["message"]["stop_reason"], "tool_use")
        answer = results["message"]["content"][0]
        self.assertEqual(answer["tool_use_id"], use["id"])
        self.assertIn("# Test", answer["content"])
        self.assertEqual((end["subtype"], end["is_error"], end["result"], end["num_turns"]),
                         ("success", False, "A test.", 2))
        self.assertEqual(end["permission_denials"], [])
        self.assertGreater(end["usage"]["input_tokens"], 0)
        self.assertEqual(len({line["session_id"] for line in lines}), 1)
        self.assertEqual(len({line["uuid"] for line in lines}), len(lines))
        self.assertIsNone(end["total_cost_usd"], "the price of this model is not known")

    def test_json_is_the_result_alone_and_with_verbose_all(self):
        env, _ = self.mock_llm([{"answer": {"text": "Hi."}}])
        common = ("run", "-p", "hello", "--model", "openai/gpt-4.1", "--output-format", "json", "--schema", "claude")
        end = self.oap(*common, env=env).json()
        self.assertEqual(problems(end, RESULT), [])
        self.assertEqual(end["result"], "Hi.")
        self.assertIsInstance(end["total_cost_usd"], float)
        whole = self.oap(*common, "--verbose", env=env).json()
        self.assertEqual([line["type"] for line in whole], ["system", "assistant", "result"])

    def test_a_denied_call_is_in_permission_denials(self):
        lines = self.stream("go", script=[
            {"when": {"results": 0}, "answer": call("bash", command="rm -rf x")}, {"answer": {"text": "Not then."}}])
        end = lines[-1]
        use = lines[1]["message"]["content"][0]
        self.assertEqual(end["subtype"], "success")
        self.assertEqual(end["permission_denials"],
                         [{"tool_name": "Bash", "tool_use_id": use["id"], "tool_input": {"command": "rm -rf x"}}])
        self.assertTrue(lines[2]["message"]["content"][0]["is_error"])

    def test_max_turns_and_a_dead_provider(self):
        lines = self.stream("go", "--max-turns", "2", "--yes", code=1,
                            script=[{"answer": call("bash", command="true")}])
        self.assertEqual((lines[-1]["subtype"], lines[-1]["is_error"], lines[-1]["num_turns"]),
                         ("error_max_turns", True, 2))
        lines = self.stream("go", code=5, script=[{"answer": {"status": 400, "message": "bad"}}])
        self.assertEqual(lines[-1]["subtype"], "error_during_execution")
        self.assertTrue(lines[-1]["errors"])

    def test_allowed_and_disallowed_tools(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="touch made")},
                  {"when": {"results": 1}, "answer": call("bash", command="curl example.com")},
                  {"answer": {"text": "ok"}}]
        lines = self.stream("go", "--allowedTools", "Bash(touch *),Read", "--disallowedTools", "Bash(curl *)",
                            script=script)
        self.assertTrue((self.work / "made").exists())
        self.assertEqual([d["tool_input"]["command"] for d in lines[-1]["permission_denials"]], ["curl example.com"])
        for wrong in ("Bash(", "Cd(~/x)"):
            done = self.oap("run", "go", "--allowedTools", wrong)
            self.assertEqual(done.code, 2, done)
            self.assertIn("--allowedTools", done.err)

    def test_accept_edits_and_modes_that_are_not_there(self):
        script = [{"when": {"results": 0}, "answer": call("write_file", path="a.txt", content="a")},
                  {"when": {"results": 1}, "answer": call("bash", command="touch made")}, {"answer": {"text": "ok"}}]
        lines = self.stream("go", "--permission-mode", "acceptEdits", script=script)
        self.assertEqual((self.work / "a.txt").read_text(), "a")
        self.assertFalse((self.work / "made").exists())
        self.assertEqual(lines[0]["permissionMode"], "acceptEdits")
        for mode in ("bypassPermissions", "plan", "x"):
            done = self.oap("run", "go", "--permission-mode", mode)
            self.assertEqual(done.code, 2, done)
            self.assertIn(mode, done.err)

    def test_resume_and_continue(self):
        first = self.stream("Remember 42", script=[{"answer": {"text": "I will."}}])
        session = first[-1]["session_id"]
        for how in (("--resume", session), ("-r", session), ("--continue",)):
            lines = self.stream("What was it?", *how, script=[{"answer": {"text": "42"}}])
            self.assertEqual(lines[-1]["session_id"], session)
            self.assertIn("Remember 42", json.dumps(self.received()[0]))

    def test_messages_come_in_on_standard_input(self):
        def user(content):
            return json.dumps({"type": "user", "message": {"role": "user", "content": content}}) + "\n"
        lines = self.stream("--input-format", "stream-json", stdin=user("one") + user([{"type": "text", "text": "two"}]),
                            script=[{"when": {"user": "two"}, "answer": {"text": "second"}},
                                    {"answer": {"text": "first"}}])
        self.assertEqual([line["result"] for line in lines if line["type"] == "result"], ["first", "second"])
        self.assertEqual(len([line for line in lines if line["type"] == "system"]), 1)
        self.assertEqual(len({line["session_id"] for line in lines}), 1)
        for wrong in ("{", '{"type":"user"}\n', user([{"type": "image"}]), user(" "), ""):
            lines = self.stream("--input-format", "stream-json", stdin=wrong, code=2, script=[])
            self.assertEqual(lines[-1]["subtype"], "error_during_execution")
        done = self.oap("run", "--input-format", "stream-json", stdin=b"")
        self.assertEqual(done.code, 2)

    def test_partial_messages_are_events_of_the_messages_api(self):
        lines = self.stream("go", "--include-partial-messages", script=[
            {"when": {"results": 0}, "answer": {"text": "Looking.", **call("list_dir", path=".")}},
            {"answer": {"text": "Nothing."}}])
        kinds = [line["event"]["type"] for line in lines if line["type"] == "stream_event"]
        self.assertEqual(kinds[0], "message_start")
        self.assertEqual(kinds.count("message_start"), 2)
        self.assertEqual(kinds.count("message_stop"), 2)
        deltas = [line["event"] for line in lines if line["type"] == "stream_event"
                  and line["event"]["type"] == "content_block_delta"]
        self.assertEqual("".join(d["delta"].get("text", "") for d in deltas), "Looking.Nothing.")
        self.assertIn({"path": str(self.work)},
                      [json.loads(d["delta"]["partial_json"]) for d in deltas if "partial_json" in d["delta"]])

    def test_no_secret_is_in_any_message(self):
        token = github_token("A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5")
        self.write("conf.txt", f"token {token}\n")
        lines = self.stream("go", "--include-partial-messages", script=[
            {"when": {"results": 0}, "answer": call("read_file", path="conf.txt")},
            {"answer": {"text": f"It is {token}."}}])
        self.assertNotIn(token, json.dumps(lines))

    def test_what_does_not_go_together_is_refused(self):
        for args in (("--schema", "claude"), ("--schema", "x", "--output-format", "json"),
                     ("--include-partial-messages",), ("--max-turns", "0"),
                     ("--dangerously-skip-permissions",), ("--append-system-prompt", "x")):
            done = self.oap("run", "go", *args)
            self.assertEqual(done.code, 2, (args, done))


if __name__ == "__main__":
    unittest.main()
