"""The talk at the terminal: a real pseudo-terminal, the real binary, a model over the true wire."""

import json
import os
import pathlib
import stat
import sys
import termios
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, OapTest, github_token, unittest  # noqa: E402
from terminal import Terminal, columns_of  # noqa: E402

PROMPT = "› "


def call(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


class Talk(OapTest):
    def talk(self, *args, script=None, columns=80, rows=24, env=None, term="xterm-256color"):
        model_env, self.received = self.mock_llm(script)
        whole = {**self.env, **model_env, "TERM": term, **(env or {})}
        terminal = Terminal([OAP, *(args or ("chat", "-m", "openai/m"))], self.work, whole, columns, rows)
        self.addCleanup(terminal.kill)
        terminal.wait("/help lists" if columns > 30 else "/help")
        return terminal

    def leave(self, terminal, code=0):
        terminal.send("/exit\r")
        self.assertEqual(terminal.end(), code, terminal.screen.text())
        self.assertEqual(terminal.screen.strange, [])

    def say(self, terminal, text, until):
        terminal.send(text + "\r")
        return terminal.wait(until)

    def test_an_answer_streams_as_markdown_and_the_terminal_is_given_back(self):
        answer = "# Result\n\nSome **bold** `code`.\n\n- one\n- two\n\n```sh\nmake\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        terminal = self.talk(script=[{"answer": {"text": answer}}])
        text = self.say(terminal, "hello", "context")
        for row in ("› hello", "Result", "Some bold code.", "• one", "a │ b", "1 │ 2"):
            self.assertIn(row, text.splitlines())
        self.assertRegex(text, r"─ sh ─+\nmake\n─+\n")
        self.assertRegex(text, r"in, .* out · .*context \d+%")
        self.assertIn(b"\x1b[1mbold\x1b[0m", terminal.raw)
        self.leave(terminal)
        self.assertEqual(termios.tcgetattr(terminal.fd)[3], terminal.before[3])
        self.assertIn(b"\x1b[?2004l", terminal.raw[-200:])
        self.assertNotIn(2004, terminal.screen.modes)

    def test_oap_alone_is_the_talk_and_without_a_terminal_it_gives_advice(self):
        terminal = self.talk("chat", script=[])
        self.leave(terminal)
        alone = Terminal([OAP], self.work, {**self.env, "TERM": "xterm"})
        self.addCleanup(alone.kill)
        alone.wait("/help lists")
        alone.send("\x04")
        self.assertEqual(alone.end(), 0)
        result = self.oap("chat")
        self.assertEqual(result.code, 2)
        self.assertIn("oap run", result.err)
        self.assertEqual(self.oap().code, 2)

    def test_who_says_no_is_not_told_so_again(self):
        script = [{"when": {"results": 0}, "answer": call("write_file", path="a.txt", content="one\n")},
                  {"answer": {"text": "Then I leave it."}}]
        terminal = self.talk(script=script)
        self.say(terminal, "write", "Allow?")
        terminal.send("n")
        terminal.wait("Then I leave it.")
        text = terminal.wait(lambda text: text.count("context") == 1)
        self.assertNotIn("permission denied", text.split("Then I leave it.")[1])
        self.leave(terminal)

    def test_several_lines_in_one_go_are_one_message(self):
        terminal = self.talk(script=[{"answer": {"text": "Read."}}])
        terminal.send("one\rtwo\rthree\rfour\r")
        terminal.wait("context")
        self.assertEqual(len(self.received()), 1)
        self.assertIn("one\ntwo\nthree\nfour", json.dumps(self.received()[0]["body"]["messages"][-1]).replace("\\n", "\n"))
        self.say(terminal, "/model nosuch/x", "names no known provider")
        self.say(terminal, "/skills", "No skills here")
        self.leave(terminal)

    def test_an_approval_is_asked_with_the_change_and_once_is_once(self):
        script = [{"when": {"results": 0}, "answer": call("write_file", path="a.txt", content="one\ntwo\n")},
                  {"when": {"results": 1}, "answer": call("write_file", path="b.txt", content="three\n")},
                  {"answer": {"text": "Done with it."}}]
        terminal = self.talk(script=script)
        text = self.say(terminal, "write", "Allow?")
        self.assertIn("+one", text)
        self.assertIn("rule:", text)
        terminal.send("y")
        terminal.wait("allowed once")
        terminal.wait(lambda text: text.count("wants to run") == 2 and "Allow?" in text)
        terminal.send("n")
        text = terminal.wait("Done with it.")
        self.assertTrue((self.work / "a.txt").exists())
        self.assertFalse((self.work / "b.txt").exists())
        self.assertRegex(text, r"✓ write_file a.txt .*· 1\n")
        self.assertEqual(text.count("+one"), 1)
        self.assertRegex(text, r"✗ write_file b.txt")
        terminal.wait("context")
        text = self.say(terminal, "/expand 1", "result:")
        self.assertIn("content: one", text)
        self.leave(terminal)

    def test_a_change_that_needed_no_question_is_shown_below_its_row(self):
        self.write("a.txt", "one\ntwo\n")
        script = [{"when": {"results": 0}, "answer": call("edit_file", path="a.txt", old_string="two",
                                                          new_string="\x1b[31mthree")},
                  {"answer": {"text": "Done with it."}}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script)
        text = self.say(terminal, "edit", "Done with it.")
        self.assertRegex(text, r"✓ edit_file a.txt .*· 1\n  @@.*\n   one\n  -two\n  \+\\u\{1b\}\[31mthree")
        self.assertIn(b"\x1b[31m-two", terminal.raw.replace(b"  -two", b"-two"))
        self.leave(terminal)

    def test_a_plan_shows_its_steps(self):
        plan = {"steps": [{"id": "one", "description": "Look at it", "tool": "list_dir",
                           "arguments": {"path": "."}, "dependencies": []}],
                "success_criteria": ["it was looked at"], "risk_assessment": "none"}
        script = [
            {"when": {"tool": "submit_requirements"}, "answer": call(
                "submit_requirements", requirements=["look"], strategy="look")},
            {"when": {"tool": "submit_plan"}, "answer": call("submit_plan", **plan)},
            {"when": {"tool": "submit_review"}, "answer": call(
                "submit_review", overall_success=True, quality_score=0.9, recommendations=[],
                step_reviews=[{"step_id": "one", "success": True, "comment": "fine"}])},
            {"answer": {"text": "?"}}]
        terminal = self.talk(script=script)
        text = self.say(terminal, "x " * 3000, "context")
        self.assertIn("✓ Look at it", text)
        self.assertIn("✓ list_dir", text)
        self.leave(terminal)

    def test_always_is_remembered(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="echo first")},
                  {"when": {"results": 1}, "answer": call("bash", command="echo first")},
                  {"answer": {"text": "Both ran."}}]
        terminal = self.talk(script=script)
        self.say(terminal, "go", "[a] always")
        terminal.send("a")
        text = terminal.wait("Both ran.")
        self.assertEqual(text.count("wants to run"), 1)
        self.leave(terminal)

    def test_a_letter_of_a_word_being_typed_approves_nothing(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="touch x; sleep 0.1")},
                  {"answer": {"text": "The end."}}]
        terminal = self.talk(script=script)
        terminal.send("go\rmay")
        terminal.wait("Allow?")
        terminal.send("y")
        terminal.wait("(then Enter) y")
        self.assertFalse((self.work / "x").exists())
        terminal.send("\x7fn\r")
        terminal.wait("The end.")
        self.assertFalse((self.work / "x").exists())
        terminal.send("\x15")
        self.leave(terminal)

    def test_ctrl_c_pauses_and_the_talk_goes_on_with_a_closed_history(self):
        script = [{"when": {"user": "long"}, "times": 1, "answer": call("bash", command="sleep 60")},
                  {"answer": {"text": "Here I am."}}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script)
        self.say(terminal, "long", lambda text: "bash sleep 60 ·" in text)
        terminal.send("next thing")
        terminal.send("\x03")
        terminal.wait("Paused.")
        self.assertIn(PROMPT + "next thing", terminal.wait(PROMPT + "next thing"))
        terminal.send("\r")
        terminal.wait("Here I am.")
        messages = self.received()[-1]["body"]["messages"]
        calls = [one["id"] for m in messages for one in m.get("tool_calls", [])]
        answers = [m["tool_call_id"] for m in messages if m["role"] == "tool"]
        self.assertEqual(calls, answers)
        self.assertEqual(len(calls), 1)
        self.leave(terminal)

    def test_escape_pauses_a_model_that_hangs_and_what_was_queued_comes_back(self):
        script = [{"when": {"user": "hang"}, "times": 1, "answer": {"text": "Half of it", "fault": "midstall"}},
                  {"answer": {"text": "Better now."}}]
        terminal = self.talk(script=script)
        self.say(terminal, "hang", "Esc pauses")
        self.say(terminal, "and then this", "queued: and then this")
        terminal.send("\x1b")
        terminal.wait("Paused.")
        terminal.wait(PROMPT + "and then this")
        terminal.send("\r")
        terminal.wait("Better now.")
        self.leave(terminal)

    def test_ctrl_c_twice_at_an_empty_prompt_leaves(self):
        terminal = self.talk(script=[])
        terminal.send("some text\x03")
        terminal.wait(lambda text: text.rstrip().endswith("›"))
        terminal.send("\x03")
        terminal.wait("again to leave")
        terminal.send("\x03")
        self.assertEqual(terminal.end(), 0)

    def test_what_is_typed_meanwhile_is_queued_and_sent(self):
        script = [{"when": {"user": "second"}, "answer": {"text": "Answer two."}},
                  {"when": {"results": 0}, "answer": call("bash", command="sleep 1")},
                  {"answer": {"text": "Answer one."}}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script)
        self.say(terminal, "first", "Esc pauses")
        self.say(terminal, "second", "queued: second")
        text = terminal.wait("Answer two.")
        self.assertLess(text.index("Answer one."), text.index("› second"))
        self.leave(terminal)

    def test_undo_and_redo_put_files_back(self):
        self.write("keep.txt", "old\n")
        self.write("gone.txt", "was here\n").chmod(0o640)
        (self.work / "tool.sh").write_text("#!/bin/sh\n")
        command = "echo new > keep.txt; rm gone.txt; mkdir -p d/e; echo x > d/e/f; chmod 755 tool.sh"
        script = [{"when": {"results": 0}, "answer": call("bash", command=command)},
                  {"when": {"results": 1}, "answer": call("edit_file", path="keep.txt", old_string="new",
                                                          new_string="newer")},
                  {"answer": {"text": "Changed."}}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script)
        (self.work / "tool.sh").chmod(0o644)
        self.say(terminal, "change", "Changed.")
        terminal.wait("context")
        self.assertEqual((self.work / "keep.txt").read_text(), "newer\n")
        self.say(terminal, "/undo", "Taken back:")
        self.assertEqual((self.work / "keep.txt").read_text(), "old\n")
        self.assertEqual((self.work / "gone.txt").read_text(), "was here\n")
        self.assertEqual(stat.S_IMODE((self.work / "gone.txt").stat().st_mode), 0o640)
        self.assertEqual(stat.S_IMODE((self.work / "tool.sh").stat().st_mode), 0o644)
        self.assertFalse((self.work / "d").exists())
        self.say(terminal, "/redo", "Made again:")
        self.assertEqual((self.work / "keep.txt").read_text(), "newer\n")
        self.assertEqual((self.work / "d/e/f").read_text(), "x\n")
        self.assertFalse((self.work / "gone.txt").exists())
        (self.work / "keep.txt").write_text("mine\n")
        text = self.say(terminal, "/undo", "keep.txt: changed since")
        self.assertEqual((self.work / "keep.txt").read_text(), "mine\n")
        self.assertTrue((self.work / "gone.txt").exists())
        (self.work / "keep.txt").write_text("newer\n")
        self.say(terminal, "/undo", "Taken back: keep.txt")
        self.assertEqual((self.work / "keep.txt").read_text(), "old\n")
        self.say(terminal, "/undo", "no file changes to take back")
        self.leave(terminal)

    def test_undo_from_the_command_line(self):
        env, _ = self.mock_llm([{"when": {"results": 0}, "answer": call("write_file", path="n.txt", content="n\n")},
                                {"answer": {"text": "ok"}}])
        result, code = self.run_task("write n", "-m", "openai/m", "--yes", env=env)
        self.assertEqual(code, 0, result)
        listed = self.oap("undo", "--list", "--json").json()["turns"]
        self.assertEqual([(t["title"], t["changes"][0]["path"], t["changes"][0]["change"]) for t in listed],
                         [("write n", "n.txt", "created")])
        self.assertIn("created  n.txt", self.oap("undo", "--list").out)
        (self.work / "n.txt").write_text("touched\n")
        result = self.oap("undo")
        self.assertEqual(result.code, 1)
        self.assertIn("n.txt: changed since", result.err)
        self.assertEqual((self.work / "n.txt").read_text(), "touched\n")
        self.assertNotEqual(self.oap("undo").code, 0)
        events = self.oap("audit", "search", "--json").out
        self.assertIn("checkpoint_undo", events)

    def test_narrow(self):
        answer = "A paragraph of some length with 日本語のテキスト in it.\n\n- an item that wraps\n\n| a | b | c |\n|---|---|---|\n| long cell one | two | three |\n\n```c\nint main(void) { return 0; }\n```\n"
        script = [{"when": {"results": 0}, "answer": call("bash", command="echo a long command line here")},
                  {"answer": {"text": answer}}]
        terminal = self.talk(script=script, columns=20, rows=12)
        self.say(terminal, "hello narrow world, how are you", "[y")
        terminal.send("y")
        text = terminal.wait("turn 0; }")
        terminal.wait("context")
        for row in terminal.screen.text().splitlines():
            self.assertLessEqual(sum(map(columns_of, row)), 20, row)
        terminal.resize(60)
        self.say(terminal, "again, with more room now", "again, with more room now")
        self.leave(terminal)

    def test_dumb_terminal(self):
        script = [{"when": {"results": 0}, "answer": call("bash", command="echo one")},
                  {"when": {"user": "again"}, "answer": {"text": "Second."}},
                  {"answer": {"text": "**First** answer."}}]
        terminal = self.talk(script=script, term="dumb")
        terminal.wait(lambda text: text.endswith(">"))
        self.say(terminal, "go", "Allow?")
        terminal.send("y\r")
        terminal.wait("First answer.")
        self.assertIn("✓ bash echo one", terminal.screen.text())
        terminal.wait("context")
        self.say(terminal, "two\\\ragain", "Second.")
        self.assertNotIn(b"\x1b", terminal.raw)
        terminal.send("/exit\r")
        self.assertEqual(terminal.end(), 0)

    def test_dumb_terminal_is_interrupted_by_its_signal(self):
        script = [{"answer": call("bash", command="sleep 60")}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script, term="dumb")
        terminal.send("go\r")
        self.wait_for(lambda: terminal.read(0.05) and len(self.received()) == 1, "the request")
        terminal.send("\x03")
        terminal.wait("Paused.")
        terminal.send("\x03")
        terminal.wait("again to leave")
        terminal.send("\x03")
        self.assertEqual(terminal.end(), 0)

    def test_no_color(self):
        script = [{"answer": {"text": "# Head\n\n**bold** `code`\n"}}]
        terminal = self.talk(script=script, env={"NO_COLOR": "1"})
        text = self.say(terminal, "hello", "context")
        self.assertIn("# Head", text)
        self.assertIn("bold `code`", text)
        self.assertNotRegex(terminal.raw, rb"\x1b\[[0-9;]+m")
        self.leave(terminal)

    def test_escape_sequences_of_models_and_tools_never_arrive(self):
        evil = "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m \x9b31m \u202eabc \x1b]52;c;aGk=\x07"
        (self.work / "evil.txt").write_text(evil)
        script = [{"when": {"results": 0}, "answer": call("bash", command="cat evil.txt # \x1b]0;t\x07")},
                  {"answer": {"text": evil + "\n\n```\n" + evil + "\n```\n\n| a |\n|---|\n| " + evil + " |\n"}}]
        terminal = self.talk(script=script)
        self.say(terminal, "go", "Allow?")
        terminal.send("y")
        terminal.wait("context")
        self.say(terminal, "/expand 1", "result:")
        self.assertEqual(terminal.screen.strange, [])
        self.assertNotIn(b"owned\x07", terminal.raw)
        self.assertNotIn(b"\x1b]", terminal.raw)
        self.assertNotIn("\u202e", terminal.raw.decode(errors="replace"))
        self.leave(terminal)

    def test_a_paste_of_a_megabyte(self):
        terminal = self.talk(script=[{"answer": {"text": "Got it."}}])
        body = "\n".join(f"line {i} é日" + "x" * 60 for i in range(14_000))
        self.assertGreater(len(body.encode()), 1_000_000)
        began = time.monotonic()
        terminal.send("see: ")
        terminal.send("\x1b[200~" + body + "\x1b[201~")
        terminal.wait("[pasted 14000 lines]")
        self.assertLess(time.monotonic() - began, 10)
        terminal.send("\r")
        terminal.wait("context", seconds=60)
        # So long a task takes the agent path: the Commander is given it as JSON.
        sent = self.received()[0]["body"]["messages"][-1]["content"]
        sent = sent if isinstance(sent, str) else sent[0]["text"]
        self.assertEqual(json.loads(sent)["task"], "see: " + body)
        self.leave(terminal)

    def test_utf8_and_sequences_that_come_byte_by_byte(self):
        terminal = self.talk(script=[{"answer": {"text": "Seen."}}])
        for byte in "aé日😀x\x1b[D\x7f!".encode():
            terminal.send(bytes([byte]))
            terminal.read(0.002)
        terminal.wait(PROMPT + "aé日!x")
        terminal.send("\r")
        terminal.wait("Seen.")
        self.assertIn("aé日!x", json.dumps(self.received()[0]["body"], ensure_ascii=False))
        self.leave(terminal)

    def test_history_is_kept_private_and_without_secrets(self):
        secret = github_token("Zk3vQ9xT1mB7pLr5wYs8dNf2hJc6gE")
        terminal = self.talk(script=[{"answer": {"text": "Ok."}}])
        self.say(terminal, f"use {secret} now", "context")
        self.leave(terminal)
        files = list((self.base / "state").rglob("chat_history"))
        self.assertEqual(len(files), 1)
        self.assertEqual(stat.S_IMODE(files[0].stat().st_mode), 0o600)
        self.assertNotIn(secret, files[0].read_text())
        terminal = self.talk(script=[])
        terminal.send("\x1b[A\x1b[A")
        terminal.wait("REDACTED")
        terminal.send("\x03")
        self.leave(terminal)

    def test_commands_help_suggest_and_complete(self):
        self.write("src/main.cpp", "")
        self.write("src/mail.cpp", "")
        terminal = self.talk(script=[], columns=100, rows=60)
        text = self.say(terminal, "/help", "Ctrl-L")
        for name in ("/task", "/undo", "/model", "/compact", "/agents", "/sessions"):
            self.assertIn(name, text)
        self.say(terminal, "/statsu", "did you mean '/status'?")
        self.say(terminal, "/status", "workspace")
        self.say(terminal, "/agents", "planner")
        self.say(terminal, "/cost", "this talk")
        self.say(terminal, "/model openai/other", "openai/other")
        self.say(terminal, "/sessions", "No sessions yet.")
        self.say(terminal, "/expand", "no tool call yet")
        terminal.send("/he\t")
        terminal.wait(PROMPT + "/help")
        terminal.send("\x15look at @sr\t\t")
        terminal.wait("look at @src/mai")
        terminal.send("\t")
        terminal.wait("@src/main.cpp")
        terminal.send("n\t")
        terminal.wait("look at @src/main.cpp")
        terminal.send("\x15")
        self.leave(terminal)

    def test_a_session_is_continued(self):
        script = [{"answer": {"text": "Noted."}}]
        terminal = self.talk(script=script)
        self.say(terminal, "remember blue", "context")
        self.leave(terminal)
        terminal = self.talk("chat", "-m", "openai/m", "--continue", script=script)
        terminal.wait("Going on with ses_")
        self.say(terminal, "which colour?", "context")
        self.assertIn("remember blue", json.dumps(self.received()[-1]["body"]))
        session = next(w for w in terminal.screen.text().split() if w.startswith("ses_")).rstrip(":")
        self.say(terminal, "/clear", "A new session")
        self.say(terminal, "fresh", "context")
        self.assertNotIn("remember blue", json.dumps(self.received()[-1]["body"]))
        self.leave(terminal)
        terminal = self.talk("chat", "-m", "openai/m", "--session", session[:14], script=script)
        terminal.wait(session)
        self.leave(terminal)
        env, received = self.mock_llm(script)
        result, code = self.run_task("third", "-m", "openai/m", "--continue", env=env)
        self.assertEqual(code, 0, result)
        unknown = Terminal([OAP, "chat", "--session", "nosuch"], self.work, {**self.env, "TERM": "xterm"})
        self.addCleanup(unknown.kill)
        self.assertEqual(unknown.end(), 2)

    def test_without_a_model_plain_orders_are_done(self):
        self.write("src/a.txt", "alpha\n")
        terminal = self.talk("chat", script=[])
        terminal.wait("No model is set")
        text = self.say(terminal, "List the files in src", "✓ list_dir src")
        terminal.wait("a.txt")
        self.assertNotIn("tokens", text)
        self.leave(terminal)

    def test_a_killed_talk_goes_on(self):
        script = [{"when": {"user": "long"}, "times": 1, "answer": call("bash", command="touch begun; sleep 60")},
                  {"answer": {"text": "Where were we?"}}]
        terminal = self.talk("chat", "-m", "openai/m", "--yes", script=script)
        terminal.send("long\r")
        self.wait_for(lambda: terminal.read(0.02) and (self.work / "begun").exists(), "the command")
        os.kill(terminal.pid, 9)
        terminal.end()
        terminal = self.talk("chat", "-m", "openai/m", "--yes", "--continue", script=script[1:])
        self.say(terminal, "go on", "Where were we?")
        self.assertIn("in doubt", json.dumps(self.received()[-1]["body"]))
        self.leave(terminal)

    def test_sigterm_gives_the_terminal_back(self):
        terminal = self.talk(script=[])
        os.kill(terminal.pid, 15)
        self.assertEqual(terminal.end(), 130)
        self.assertEqual(termios.tcgetattr(terminal.fd)[3], terminal.before[3])


if __name__ == "__main__":
    unittest.main()
