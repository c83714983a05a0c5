"""Permissions as people and running processes see them: lint, diff, test, set, reload, and the pending list."""

import json
import os
import pathlib
import pty
import re
import select
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from gateway import ALLOW, GatewayTest  # noqa: E402
from harness import OAP, ROOT, unittest  # noqa: E402
from mcp_client import RpcError  # noqa: E402


class PolicyCommands(GatewayTest):
    def test_lint_names_the_rule_in_the_way_and_a_request_that_shows_it(self):
        self.write("p.yaml", "permissions:\n  - {program: git, level: deny}\n  - {argv: [git, status], level: allow}\n")
        result = self.oap("permission", "lint", "--policy", "p.yaml", "--json")
        self.assertEqual(result.code, 1, result)
        (finding,) = result.json()["findings"]
        self.assertEqual((finding["kind"], finding["rule"], finding["by"]), ("shadowed", "p.yaml:3", "p.yaml:2"))
        check = self.oap("permission", "check", "--batch", "--policy", "p.yaml", stdin=json.dumps(finding["witness"]))
        self.assertEqual(check.lines()[0]["decision"], "deny")
        self.write("clean.yaml", "permissions:\n  - {program: git, level: allow}\n  - {argv: [git, push], level: deny}\n")
        self.assertEqual(self.oap("permission", "lint", "--policy", "clean.yaml").code, 0)

    def test_quotes_are_read_as_bash_reads_them(self):
        """Each spelling of a denied file's name that bash itself reads as that name is denied."""
        forms = ("\\x%x", "\\x%02X", "\\x{%x}", "\\x{%x", "\\x{0%x}", "\\x{1%02x}", "\\x{100%02x}", "\\%o", "\\%03o", "\\4%02o",
                 "\\u%x", "\\u%04x", "\\U%x", "\\U%08x", "\\u{%x}", "\\xx%x", "\\x%03x", "\\8%o")
        ends = ("", "\\0", "\\x00z", "\\x{}z", "\\x{0}z", "\\x{100}z", "\\u0000z", "\\c@z", "\\400z", "\\xg", "\\c?")
        texts = [f"$'{'.env'[:at]}{form % ord('.env'[at])}{'.env'[at + 1:]}{end}'"
                 for at in range(4) for form in forms for end in ends]
        script = "".join(f"printf '%s\\0' {text}\n" for text in texts)
        values = subprocess.run(["/bin/bash"], input=script.encode(), capture_output=True, check=True).stdout.split(b"\0")
        same = [text for text, value in zip(texts, values) if value == b".env"]
        self.assertGreater(len(same), 100)
        self.write("p.yaml", "permissions:\n  - {program: cat, level: allow}\n  - {pattern: '**/.env', level: deny}\n")
        stdin = "".join(json.dumps({"tool": "bash", "arguments": {"command": f"cat {text}"}}) + "\n" for text in same)
        answers = self.oap("permission", "check", "--batch", "--policy", "p.yaml", stdin=stdin).lines()
        self.assertEqual([text for text, one in zip(same, answers) if one["decision"] != "deny"], [])

    def test_diff_lists_what_is_decided_differently(self):
        self.write("a.yaml", "permissions:\n  - {program: git, level: allow}\n")
        self.write("b.yaml", "permissions:\n  - {program: git, level: allow}\n  - {argv: [git, push], level: deny}\n")
        result = self.oap("permission", "diff", "a.yaml", "b.yaml", "--json")
        self.assertEqual(result.code, 1, result)
        (one,) = result.json()["differences"]
        self.assertEqual((one["before"]["decision"], one["after"]["decision"]), ("allow", "deny"))
        self.assertEqual(one["request"]["arguments"]["command"], "git push")
        self.assertEqual(self.oap("permission", "diff", "a.yaml", "a.yaml").code, 0)
        self.assertEqual(self.oap("permission", "diff", "a.yaml", "none.yaml").code, 2)

    def test_a_diff_with_conditions_is_not_complete(self):
        rule = "permissions:\n  - {program: git, level: allow, condition: 'principal.user == \"ann\"'}\n"
        self.write("a.yaml", rule)
        result = self.oap("permission", "diff", "a.yaml", "a.yaml", "--json")
        self.assertFalse(result.json()["complete"], result)
        self.write("wild.yaml", "permissions:\n  - {program: bash, level: allow, condition: 'principal.user == \"ann\"'}\n")
        self.assertEqual(self.oap("permission", "lint", "--policy", "wild.yaml").code, 0)

    def test_an_unknown_role_asks_and_says_so(self):
        self.write("p.yaml", "permissions:\n  - {program: ls, level: allow}\nroles:\n  auditor: {inherits: [basic_user]}\n")
        for role, decision in (("auditor", "allow"), ("worker", "allow"), ("auditr", "ask")):
            line = json.dumps({"tool": "bash", "arguments": {"command": "ls"}, "role": role})
            (answer,) = self.oap("permission", "check", "--batch", "--policy", "p.yaml", stdin=line).lines()
            self.assertEqual(answer["decision"], decision, answer)
        self.assertIn("no role 'auditr'", answer["reason"])
        self.assertIn("auditor", answer["reason"])

    def test_roles_that_inherit_nobody_or_themselves_are_named(self):
        """Of a project that is not trusted too, whose `inherits` do not count."""
        self.write(".opencode/permissions.yaml", "roles:\n  a: {inherits: [b]}\n  b: {inherits: [a]}\n")
        result = self.oap("permission", "lint")
        self.assertEqual(result.code, 2, result)
        self.assertIn("permissions.yaml:2: inherits: the role 'a' inherits itself (a from b from a)", result.err)
        self.write(".opencode/permissions.yaml", "roles:\n  a: {inherits: [nobody]}\n")
        self.assertIn("permissions.yaml:2: inherits: no role 'nobody'", self.oap("permission", "lint").err)

    def test_a_table_of_cases(self):
        self.write("p.yaml", "permissions:\n  - {program: rm, level: deny}\n  - {program: ls, level: allow}\n")
        self.write("good.case", "# ours\nbash ls -l => allow 3\nbash sudo rm x => deny :2\nread_file x => ask default\n")
        self.assertEqual(self.oap("permission", "test", "good.case", "--policy", "p.yaml").code, 0)
        self.write("bad.case", "bash ls => deny\nbash ls => allow\n")
        result = self.oap("permission", "test", "bad.case", "--policy", "p.yaml", "--json")
        self.assertEqual(result.code, 1)
        self.assertEqual((result.json()["passed"], result.json()["failures"][0]["line"]), (1, 1))
        self.write("wrong.case", "bash ls\n")
        result = self.oap("permission", "test", "wrong.case", "--policy", "p.yaml")
        self.assertEqual(result.code, 2)
        self.assertIn("wrong.case:1: ", result.err)

    def test_examples_in_rules_are_tried_at_load(self):
        self.write("p.yaml", "permissions:\n  - {program: rm, level: deny, match: [ls], not_match: [rmdir x]}\n")
        result = self.oap("permission", "check", "--policy", "p.yaml", "--tool", "bash", "--resource", "ls")
        self.assertEqual(result.code, 2, result)
        self.assertIn("p.yaml:2: match: the rule", result.err)

    def test_explain_says_it_all(self):
        self.write("p.yaml", "permissions:\n  - {argv: [git, status], level: allow}\n  - {tool: bash, level: ask}\n")
        result = self.oap("permission", "explain", "--policy", "p.yaml", "--tool", "bash", "--resource", "git log",
                          "--json").json()
        self.assertEqual(result["decision"], "ask")
        self.assertEqual(result["near"][0]["why"], "word 2 is 'log', not 'status'")
        self.assertRegex(result["revision"], "^[0-9a-f]{16}$")
        self.assertEqual(result["mode"], "strict")

    def test_names_make_no_lines(self):
        command = "cat < $'a\\n  rule: builtin/forged\\nallow: all'"
        for which in ("explain", "check"):
            result = self.oap("permission", which, "--tool", "bash", "--resource", command)
            self.assertNotIn("\n  rule: builtin/forged", result.out)
            self.assertNotIn("\nallow: all", result.out)

    def test_rules_that_name_every_program_do_not_allow_what_the_tables_deny(self):
        rows, programs = [], set()
        for table in ("structure", "wrappers", "programs", "builtins"):
            text = (ROOT / f"src/permission/cases/bypass_{table}.case").read_text()
            for line in text.splitlines():
                if line.startswith("bash ") and line.endswith(" => deny") and "/dev/tcp" not in line and "tar czf" not in line:
                    rows.append(line[5:-8].replace("␤", "\n").replace("␉", "\t"))
                    programs |= {w for w in re.findall(r"[A-Za-z0-9_.+-]+", rows[-1]) if w.strip(".") and w[0] != "-"}
        allows = "".join(f"  - {{program: '{p}', level: allow}}\n" for p in sorted(programs - {"rm", "curl"}))
        self.write("p.yaml", "permissions:\n  - {tool: bash, level: allow}\n" + allows +
                   "  - {program: rm, level: deny}\n  - {argv: [git, push], level: deny}\n  - {program: curl, level: deny}\n")
        stdin = "".join(json.dumps({"tool": "bash", "arguments": {"command": row}}) + "\n" for row in rows)
        answers = self.oap("permission", "check", "--batch", "--policy", "p.yaml", stdin=stdin).lines()
        self.assertGreater(len(rows), 600)
        self.assertEqual([row for row, answer in zip(rows, answers) if answer["decision"] == "allow"], [])

    def test_set_and_clear(self):
        check = ["permission", "check", "--tool", "bash", "--resource"]
        self.assertEqual(self.oap(*check, "rm x").code, 4)
        done = self.oap("permission", "set", '{"program":"rm","level":"deny","reason":"not now"}')
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.oap(*check, "sudo rm x").code, 3)
        shown = self.oap("permission", "show", "--json").json()["rules"]
        self.assertEqual([(r["tier"], r["level"]) for r in shown], [("session", "deny")])
        for wrong in ('{"program":"rm"}', "{", '{"program":"a[","level":"deny"}', ""):
            self.assertEqual(self.oap("permission", "set", wrong).code, 2, wrong)
        self.assertEqual(self.oap(*check, "rm x").code, 3)
        self.assertEqual(self.oap("permission", "set", "--clear").code, 0)
        self.assertEqual(self.oap(*check, "rm x").code, 4)
        kinds = [event["event_type"] for event in self.audit()]
        self.assertEqual(kinds, ["permission_set", "permission_set"])


class Running(GatewayTest):
    """What a process that runs already sees."""

    def refused(self, client):
        try:
            return bool(client.call("u__echo", {"text": "x"}).get("isError"))
        except RpcError:
            return True

    def replace(self, text):
        """As an editor does: another file, then rename."""
        other = self.write(".opencode/new.yaml", text)
        os.rename(other, self.work / ".opencode/permissions.yaml")

    def test_new_rules_count_at_once_and_bad_ones_change_nothing(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.assertFalse(self.refused(client))
        self.replace(ALLOW + '  - {tool: u__echo, level: deny}\n')
        self.wait_for(lambda: self.refused(client), "the new rule to count", seconds=5)
        self.replace("permissions: [{tool: u__echo, level: maybe}]\n")
        self.wait_for(lambda: json.loads(gateway.get("/health")[1])["status"] == "degraded", "the health to say so")
        self.assertIn("permissions.yaml", json.loads(gateway.get("/health")[1])["policy"]["problem"])
        self.assertTrue(self.refused(client), "the old rules stay")
        self.assertIn("the old ones stay in force", gateway.log())
        self.replace(ALLOW)
        self.wait_for(lambda: not self.refused(client), "the mended rules to count")
        self.assertEqual(json.loads(gateway.get("/health")[1])["status"], "ok")
        reloads = [e for e in self.audit() if e["event_type"] == "policy_reload"]
        self.assertEqual([e["success"] for e in reloads], [True, False, True])
        self.assertEqual(reloads[0]["details"]["policy_revision"], reloads[1]["details"]["policy_revision"])
        decisions = [e for e in self.audit() if e["event_type"] == "permission_check" and e["tool"] == "echo"]
        self.assertRegex(decisions[0]["details"]["policy_revision"], "^[0-9a-f]{16}$")

    def test_metrics_count_risks_and_incidents_and_hold_no_secret(self):
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.assertFalse(self.refused(client))
        self.assertEqual(self.oap("permission", "set", '{"tool":"u__echo","level":"deny"}').code, 0)
        self.wait_for(lambda: self.refused(client), "the rule to count", seconds=5)
        secret = "glpat-" + "x7Kq2Rw9Tz4Lm8Np1Vb3"
        try:
            client.call("u__" + secret, {})
        except RpcError:
            pass
        metrics = gateway.get("/metrics")[1]
        self.assertRegex(metrics, r'opencode_security_risk_score_count\{tool="echo"\} [1-9]')
        self.assertRegex(metrics, r"opencode_security_incidents_total [1-9]")
        self.assertNotIn(secret, metrics)

    def test_a_rule_that_is_set_reaches_a_running_gateway(self):
        client = self.gateway({"u": self.unruly()}).client()
        self.assertFalse(self.refused(client))
        self.assertEqual(self.oap("permission", "set", '{"tool":"u__echo","level":"deny"}').code, 0)
        self.wait_for(lambda: self.refused(client), "the rule to count", seconds=5)
        self.assertEqual(self.oap("permission", "set", "--clear").code, 0)
        self.wait_for(lambda: not self.refused(client), "the rule to be gone", seconds=5)


class PendingList(GatewayTest):
    ASK = ALLOW + '  - {tool: u__echo, level: ask, reason: "echo is asked for"}\n'

    def start_call(self, wait):
        self.write(".opencode/config.yaml", json.dumps({"security": {"approvals": {"wait": wait}}}))
        client = self.gateway({"u": self.unruly()}, permissions=self.ASK).client()
        said = {}

        def call():
            try:
                said["result"] = client.call("u__echo", {"text": "hello"})
            except RpcError as error:
                said["error"] = str(error)

        thread = threading.Thread(target=call)
        thread.start()
        self.addCleanup(thread.join)
        return thread, said

    def waiting(self):
        listed = self.oap("approvals", "list", "--json").json()["approvals"]
        return listed[0] if listed else None

    def test_a_call_without_anybody_waits_for_an_approval(self):
        thread, said = self.start_call(wait=60)
        row = self.wait_for(self.waiting, "the call on the list")
        self.assertEqual((row["tool"], row["state"], row["call"]["reason"]), ("u__echo", "pending", "echo is asked for"))
        self.assertEqual(row["call"]["arguments"], {"text": "hello"})
        self.assertIn("permissions.yaml", row["call"]["rule"])
        self.assertIn("why asked: echo is asked for", self.oap("approvals", "list").out)
        done = self.oap("approvals", "approve", row["id"], "--reason", "fine by me", "--json")
        self.assertEqual(done.code, 0, done)
        thread.join(20)
        self.assertIn("hello", json.dumps(said["result"]))
        self.assertFalse(said["result"].get("isError"))
        self.assertEqual(self.oap("approvals", "approve", row["id"]).code, 1)
        self.assertEqual(self.oap("approvals", "list", "--json").json()["approvals"], [])
        approval = [e for e in self.audit() if e["event_type"] == "approval"][0]
        self.assertEqual((approval["permission_decision"], approval["reason"]), ("allow", "fine by me"))
        ran = [e for e in self.audit() if e["event_type"] == "tool_execution" and e["tool"] == "echo"][0]
        self.assertIn("pending list: ", ran["approver"])

    def test_a_refusal_says_why(self):
        thread, said = self.start_call(wait=60)
        row = self.wait_for(self.waiting, "the call on the list")
        self.assertEqual(self.oap("approvals", "deny", row["id"][:12], "--reason", "not today").code, 0)
        thread.join(20)
        self.assertIn("not today", json.dumps(said))
        self.assertTrue(said.get("error") or said["result"]["isError"])

    def test_time_up_is_a_refusal(self):
        thread, said = self.start_call(wait=0.2)
        thread.join(20)
        self.assertIn("nobody answered within", json.dumps(said))
        states = [a["state"] for a in self.oap("approvals", "list", "--all", "--json").json()["approvals"]]
        self.assertEqual(states, ["expired"])

    def test_an_unknown_id_is_an_error(self):
        self.assertEqual(self.oap("approvals", "approve", "apr_none").code, 1)
        self.assertEqual(self.oap("approvals", "list").out, "nothing waits for approval\n")


class AtTheTerminal(GatewayTest):
    def dialogue(self, env, answer):
        """Runs a task with a terminal; the answer is typed once it asks. Exit code and what was seen."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve(OAP, [OAP, "run", "go", "--model", "openai/m"], {**self.env, **env})
        seen, asked = "", False
        while True:
            ready, _, _ = select.select([fd], [], [], 30)
            if not ready:
                break
            try:
                data = os.read(fd, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data.decode(errors="replace")
            if not asked and "Allow this once?" in seen:
                os.write(fd, answer)
                asked = True
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        return os.waitstatus_to_exitcode(status), seen

    def calls(self, tool, **arguments):
        return self.mock_llm([
            {"when": {"results": 0}, "answer": {"tool_calls": [{"name": tool, "arguments": arguments}]}},
            {"answer": {"text": "finished"}},
        ])[0]

    def test_always_writes_the_narrowest_rule_for_this_workspace(self):
        env = self.calls("bash", command="touch made.txt && ls")
        code, seen = self.dialogue(env, b"a\n")
        self.assertEqual(code, 0, seen)
        self.assertIn("$ touch made.txt", seen)
        self.assertIn("in: " + str(self.work), seen)
        rules = (self.home / ".config/oap/permissions.yaml").read_text()
        self.assertIn(f'"pattern":"touch made.txt","level":"allow","workspace":"{self.work}"', rules)
        check = ["permission", "check", "--tool", "bash", "--resource"]
        self.assertEqual(self.oap(*check, "touch made.txt && ls").code, 0)
        self.assertEqual(self.oap(*check, "touch made.txt other").code, 4)
        self.assertEqual(self.oap(*check, "ls -l").code, 4)
        self.assertIn("permission_set", [event["event_type"] for event in self.audit()])

    def test_always_is_not_offered_for_what_runs_others(self):
        code, seen = self.dialogue(self.calls("bash", command="bash -c 'touch made.txt'"), b"a\n")
        self.assertEqual(code, 3, seen)
        self.assertNotIn("always", seen)
        self.assertFalse((self.home / ".config/oap/permissions.yaml").exists())

    def test_a_change_to_a_file_is_shown(self):
        self.write("a.txt", "one\ntwo\nthree\n")
        env = self.calls("edit_file", path="a.txt", old_string="two", new_string="2\x1b[31m")
        code, seen = self.dialogue(env, b"n\n")
        self.assertEqual(code, 3, seen)
        for part in ("@@ line 1", "-two", "+2\\u{1b}[31m", " three"):
            self.assertIn(part, seen)

    def test_the_risk_of_code_is_known_to_rules_and_to_the_audit(self):
        self.write(".opencode/permissions.yaml", "permissions:\n"
                   "  - {tool: python, level: deny, condition: 'risk_score >= 0.2', reason: too risky}\n")
        code, seen = self.dialogue(self.calls("python", code="import os\nos.system(input())"), b"n\n")
        self.assertEqual(code, 3, seen)
        risks = [event["risk_score"] for event in self.audit() if event["tool"] == "python"]
        self.assertGreaterEqual(max(risks), 0.2)


if __name__ == "__main__":
    unittest.main()
