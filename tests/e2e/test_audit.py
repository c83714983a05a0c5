"""`oap audit`: search, report, export, proofs, checkpoints, retention, on what real runs recorded."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from gateway import GatewayTest  # noqa: E402
from harness import OapTest, unittest  # noqa: E402


class AuditTest(OapTest):
    def setUp(self):
        super().setUp()
        for number in range(3):
            (self.work / f"note{number}.txt").write_text("hello\n")
            self.oap("run", f"read note{number}.txt")
        self.oap("run", "read /etc/shadow")

    def events(self, *args):
        return self.oap("audit", "search", "--json", *args).lines()

    def test_search_finds_by_each_filter(self):
        everything = self.events()
        self.assertGreaterEqual(len(everything), 8)
        one = next(e for e in everything if e["event_type"] == "tool_execution")
        for option, key in (
            ("--call", "call_id"),
            ("--event", "event_id"),
            ("--session", "session_id"),
            ("--tool", "tool"),
            ("--event-type", "event_type"),
        ):
            found = self.events(option, one[key])
            self.assertIn(one["event_id"], [e["event_id"] for e in found], option)
            self.assertEqual({e[key] for e in found}, {one[key]}, option)
        self.assertEqual(self.events("--since", "1h"), everything)
        self.assertEqual(self.events("--until", "1h"), [])
        self.assertEqual(self.events("--limit", "2"), everything[-2:])
        self.assertTrue(all(e["success"] for e in self.events("--success", "true")))
        self.assertEqual(self.oap("audit", "search", "--since", "yesterdayish").code, 2)

    def test_changed_record_is_shown_as_malformed(self):
        segment = next((self.base / "state").rglob("audit/*.jsonl"))
        segment.write_bytes(segment.read_bytes().replace(b"note1.txt", b"note9.txt"))
        found = self.oap("audit", "search", "--json")
        self.assertEqual(found.code, 1)
        self.assertTrue(any(e["event_type"] == "malformed" for e in found.lines()))
        place = next(e for e in found.lines() if e["event_type"] == "malformed")
        for command in (["tail"], ["report"], ["search"], ["export"], ["search", "--tool", "none"]):
            shown = self.oap("audit", *command)
            self.assertEqual(shown.code, 1, shown)
            self.assertIn(f"{segment.name}:{place['line']}: ", shown.err)

    def test_report_in_three_forms(self):
        made = self.oap("audit", "report", "--format", "json").json()
        for key in ("period", "summary", "tool_usage", "user_activity", "security_incidents", "permission_decisions"):
            self.assertIn(key, made)
        self.assertEqual(made["summary"]["total_events"], len(self.events()))
        self.assertEqual(made["tool_usage"]["read_file"]["success_rate"], 1.0)
        self.assertIn("## Tool usage", self.oap("audit", "report").out)
        page = self.oap("audit", "report", "--format", "html").out
        self.assertIn("<svg", page)
        self.assertNotIn("<script", page)

    def test_proof_holds_without_the_log_and_not_after_a_change(self):
        event = self.events()[2]
        proof = self.base / "proof.json"
        proof.write_text(self.oap("audit", "prove", event["event_id"]).out)
        key = next((self.base / "state").rglob("signing-key.pub"))
        public = self.base / "key.pub"
        public.write_bytes(key.read_bytes())
        good = self.oap("audit", "verify", "--proof", str(proof), "--key", str(public), "--json")
        self.assertEqual((good.code, good.json()["event_id"]), (0, event["event_id"]), good)
        proof.write_text(proof.read_text().replace(event["event_id"], event["event_id"][:-1] + "!"))
        self.assertEqual(self.oap("audit", "verify", "--proof", str(proof)).code, 1)
        self.assertEqual(self.oap("audit", "prove", "evt_nothing").code, 1)
        self.assertEqual(self.oap("audit", "verify", "--json").json()["checkpoints"], 1)

    def test_exports(self):
        events = self.events()
        self.assertEqual(self.oap("audit", "export").lines(), events)
        ocsf = self.oap("audit", "export", "--format", "ocsf").lines()
        self.assertEqual([e["metadata"]["uid"] for e in ocsf], [e["event_id"] for e in events])
        self.assertEqual({e["class_uid"] for e in ocsf}, {6003})
        cef = self.oap("audit", "export", "--format", "cef").out.splitlines()
        self.assertEqual(len(cef), len(events))
        self.assertTrue(all(line.startswith("CEF:0|OpenCode|oap|") for line in cef))
        proofs = self.base / "proofs.jsonl"
        proofs.write_text(self.oap("audit", "export", "--proofs").out)
        checked = self.oap("audit", "verify", "--proof", str(proofs), "--json")
        self.assertEqual((checked.code, len(checked.lines())), (0, len(events)))

    def test_the_guides_script_checks_proofs_without_oap(self):
        guide = (pathlib.Path(__file__).resolve().parents[2] / "docs/guides/audit.md").read_text()
        script = self.base / "check_proofs.py"
        script.write_text(guide.split("```python\n")[1].split("```")[0])
        proofs = self.base / "proofs.jsonl"
        text = self.oap("audit", "export", "--proofs").out
        key = str(next((self.base / "state").rglob("signing-key.pub")))
        lines = text.splitlines()
        changes = {
            text: 0,
            text.replace("note1.txt", "note9.txt"): 1,
            text.replace('"index":1', '"index":2'): 1,
            lines[0].replace('"last":', '"last":1'): 1,
        }
        for changed, code in changes.items():
            proofs.write_text(changed)
            done = subprocess.run([sys.executable, str(script), str(proofs), key], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, code, done)
            self.assertEqual(done.stdout, "" if code else f"{len(lines)} proofs hold\n")

    def test_anchor_shows_a_rollback_that_nothing_else_does(self):
        first = self.oap("audit", "checkpoint", "--json").out
        audit = next((self.base / "state").rglob("audit"))
        kept = self.base / "kept"
        shutil.copytree(audit, kept)
        self.oap("run", "read note0.txt")
        anchors = self.base / "anchors.jsonl"
        anchors.write_text(first + self.oap("audit", "checkpoint", "--json").out)
        self.assertEqual(self.oap("audit", "verify", "--anchor", str(anchors)).code, 0)
        shutil.rmtree(audit)
        kept.rename(audit)
        self.assertEqual(self.oap("audit", "verify").code, 0)
        broken = self.oap("audit", "verify", "--anchor", str(anchors))
        self.assertEqual(broken.code, 1)
        self.assertIn("are missing", broken.out)
        anchors.write_text("{}\n")
        self.assertEqual(self.oap("audit", "verify", "--anchor", str(anchors)).code, 2)

    def test_checkpoint_shows_a_rollback(self):
        self.assertIn("PUBLIC KEY", self.oap("audit", "checkpoint").out)
        audit = next((self.base / "state").rglob("audit"))
        saved = {name: (audit / name).read_bytes() for name in ("head",)}
        segment = next(audit.glob("*.jsonl"))
        saved[segment.name] = segment.read_bytes()
        self.oap("run", "read note0.txt")
        self.oap("audit", "checkpoint")
        for name, content in saved.items():
            (audit / name).write_bytes(content)
        broken = self.oap("audit", "verify", "--json")
        self.assertEqual(broken.code, 1)
        self.assertIn("signed checkpoint", json.dumps(broken.json()["problems"]))

    def test_strange_files_are_neither_waited_for_nor_taken_for_an_empty_log(self):
        audit = next((self.base / "state").rglob("audit"))
        lock = audit / "lock"
        lock.unlink()
        os.mkfifo(lock)
        broken = self.oap("audit", "verify")
        self.assertEqual(broken.code, 1)
        self.assertIn(f"{lock} is not a regular file", broken.err)
        lock.unlink()
        self.assertEqual(self.oap("audit", "verify").code, 0)
        audit.rename(self.base / "kept")
        audit.symlink_to(audit)
        for command in ("verify", "tail", "search", "report", "export", "checkpoint"):
            refused = self.oap("audit", command)
            self.assertEqual(refused.code, 1, (command, refused))
            self.assertIn(str(audit), refused.err)

    def test_doctor_says_that_the_log_was_removed(self):
        self.assertNotIn("removed", self.oap("doctor").out)
        audit = next((self.base / "state").rglob("audit"))
        shutil.rmtree(audit)
        gone = self.oap("doctor")
        self.assertEqual(gone.code, 1, gone)
        self.assertIn("the folder was removed", gone.out)
        self.oap("run", "read note0.txt")
        self.assertIn("began anew", self.oap("doctor").out)
        self.assertEqual(self.oap("audit", "verify").code, 1)
        shutil.rmtree(audit)
        audit.with_name("audit.seen").unlink()
        self.oap("run", "read note0.txt")
        self.assertNotIn("began anew", self.oap("doctor").out)
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_an_emptied_segment_is_no_empty_log(self):
        next((self.base / "state").rglob("audit/*.jsonl")).write_bytes(b"")
        for command in (["tail"], ["report"], ["search", "--tool", "none"], ["export"]):
            shown = self.oap("audit", *command)
            self.assertEqual(shown.code, 1, shown)
            self.assertIn("missing at the end", shown.err)

    def test_a_state_folder_that_is_none_is_no_empty_log(self):
        self.env["OPENCODE_DATA_PATH"] = str(self.write("file", "x"))
        for command in ("verify", "tail", "search"):
            shown = self.oap("audit", command)
            self.assertEqual((shown.code, shown.out), (1, ""), shown)
            self.assertIn("is no folder", shown.err)

    def test_a_decision_that_is_none_is_refused(self):
        refused = self.oap("audit", "search", "--decision", "denny")
        self.assertEqual(refused.code, 2, refused)
        self.assertIn("did you mean 'deny'?", refused.err)
        self.assertEqual(self.oap("audit", "search", "--decision", "deny").code, 0)

    def test_an_age_that_is_none_is_refused(self):
        self.assertEqual(self.oap("audit", "retain", "--older-than", "soon").code, 2)


class EncryptedAuditTest(OapTest):
    KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="

    def setUp(self):
        super().setUp()
        self.write(".opencode/config.yaml", "security:\n  audit:\n    encryption_key: ${AUDIT_KEY}\n")
        self.write("secretplan.txt", "hello\n")
        self.env["AUDIT_KEY"] = self.KEY
        self.oap("trust")

    def run_and_rotate(self, times):
        for _ in range(times):
            self.oap("run", "read secretplan.txt")
            self.assertEqual(self.oap("audit", "rotate-key").code, 0)
        self.oap("run", "read secretplan.txt")

    def stored(self):
        return b"".join(f.read_bytes() for f in (self.base / "state").rglob("audit/**/*") if f.is_file())

    def test_three_rotations_stay_readable_and_nothing_is_in_clear(self):
        self.run_and_rotate(3)
        self.assertNotIn(b"secretplan", self.stored())
        self.assertNotIn(b"read_file", self.stored())
        found = self.oap("audit", "search", "--tool", "read_file", "--event-type", "tool_execution", "--json")
        self.assertEqual(len(found.lines()), 4, found)
        self.assertEqual(self.oap("audit", "verify").code, 0)
        self.assertEqual(self.oap("audit", "report", "--json").json()["tool_usage"]["read_file"]["count"], 4)
        del self.env["AUDIT_KEY"]
        self.assertNotEqual(self.oap("audit", "search").code, 0)

    def test_erased_user_is_gone_and_the_chain_intact(self):
        self.oap("run", "read secretplan.txt")
        user = self.oap("audit", "tail", "--json").lines()[0]["user_id"]
        self.assertEqual(self.oap("audit", "erase", "--user", user).code, 0)
        events = self.oap("audit", "tail", "--json").out
        self.assertNotIn("secretplan", events)
        self.assertIn("[erased]", events)
        self.assertIn("subject_erased", events)
        self.assertEqual(self.oap("audit", "verify").code, 0)
        self.assertEqual(self.oap("audit", "erase", "--user", "nobody").code, 1)

    def retain(self, age):
        return self.oap("audit", "retain", "--older-than", age, "--json").json()

    def test_retention_keeps_what_is_young_and_an_old_anchor_is_not_said_to_hold(self):
        self.run_and_rotate(1)
        anchor = self.base / "anchor.jsonl"
        anchor.write_text(self.oap("audit", "checkpoint", "--json").out)
        self.assertEqual(self.oap("audit", "rotate-key").code, 0)
        before = self.oap("audit", "verify", "--json").json()
        self.assertEqual(self.retain("1d"), {"segments": 0, "events": 0})
        self.assertEqual(self.oap("audit", "verify", "--json").json()["events"], before["events"])
        self.assertEqual(self.oap("audit", "verify", "--anchor", str(anchor)).code, 0)

        def is_retired():
            self.retain("1s")
            after = self.oap("audit", "verify", "--json")
            self.assertEqual(after.code, 0, after)
            return after.json()["first"] == before["last"]

        self.wait_for(is_retired, "retention", 30)
        undecided = self.oap("audit", "verify", "--anchor", str(anchor), "--json")
        self.assertEqual((undecided.code, undecided.json()["undecided"]), (1, True), undecided)
        self.assertEqual(undecided.json()["anchors"], {"compared": 0, "retired": 1})
        self.assertIn("UNDECIDED", self.oap("audit", "verify", "--anchor", str(anchor)).out)
        anchor.write_text(anchor.read_text() + self.oap("audit", "checkpoint", "--json").out)
        self.assertEqual(self.oap("audit", "verify", "--anchor", str(anchor)).code, 0)

    def test_a_lost_key_ring_is_not_made_anew(self):
        self.oap("run", "read secretplan.txt")
        ring = next((self.base / "state").rglob("keys/ring"))
        kept = ring.read_bytes()
        ring.unlink()
        for command in (("run", "read secretplan.txt"), ("audit", "search"), ("audit", "rotate-key")):
            refused = self.oap(*command)
            self.assertNotEqual(refused.code, 0, refused)
            self.assertIn("Put the file back from a backup", refused.out + refused.err)
        self.assertIn("keys/ring is gone", self.oap("doctor").out)
        self.assertFalse(ring.exists())
        ring.write_bytes(kept)
        self.assertEqual(self.oap("audit", "search").code, 0)

    def test_wrong_key_is_refused_and_nothing_runs(self):
        self.oap("run", "read secretplan.txt")
        self.env["AUDIT_KEY"] = "A" * 43 + "="
        refused = self.oap("run", "read secretplan.txt")
        self.assertEqual(refused.code, 2, refused)
        self.assertNotIn(self.KEY, refused.out + refused.err)

    def test_fernet_files_are_read(self):
        token = "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
        file = self.write("old.log", token + "\n" + token[:-4] + "xx==\n")
        read = self.oap("audit", "decrypt", str(file))
        self.assertEqual((read.code, read.out), (1, "hello\n"), read)


class FailurePolicyTest(GatewayTest):
    def broken(self, policy):
        """A gateway whose audit log was removed under it."""
        self.write(".opencode/config.yaml", f"security:\n  audit:\n    failure_policy: {policy}\n")
        gateway = self.gateway({"u": self.unruly()})
        client = gateway.client()
        self.assertEqual(client.call_text("u__echo", {"text": "before"}), "before")
        for segment in (self.base / "state").rglob("audit/*.jsonl"):
            segment.unlink()
        return gateway, client

    def test_block_runs_nothing_that_cannot_be_recorded(self):
        _, client = self.broken("block")
        # the log looks at its files every 10 ms
        self.wait_for(lambda: client.call("u__echo", {"text": "after"}).get("isError"), "a refusal", 10)
        self.assertIn("audit", json.dumps(client.call("u__echo", {"text": "after"})))

    def test_continue_runs_it_with_an_alarm(self):
        gateway, client = self.broken("continue")

        def goes_on():
            self.assertEqual(client.call_text("u__echo", {"text": "after"}), "after")
            return "unrecorded work goes on" in gateway.log()

        self.wait_for(goes_on, "the alarm", 10)
        self.assertIn('"audit_failure"', (self.work / ".opencode/emergency_audit.log").read_text())
        self.assertEqual(self.oap("audit", "verify").code, 1)

    def test_continue_does_not_wait_for_a_log_that_another_process_holds(self):
        self.write(".opencode/config.yaml", "security:\n  audit:\n    failure_policy: continue\n")
        self.oap("trust")
        self.oap("run", "read nothing.txt")
        lock = next((self.base / "state").rglob("audit/lock"))
        with open(lock, "rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            gateway = self.gateway({"u": self.unruly()})
            client = gateway.client()
            began = time.monotonic()
            while time.monotonic() - began < 3:
                self.assertEqual(client.call_text("u__echo", {"text": "unrecorded"}), "unrecorded")
            self.assertLess(time.monotonic() - began, 8, "a call waited for the lock")
            self.assertIn("unrecorded work goes on", gateway.log())

        def told():
            notes = self.oap("audit", "verify", "--json").json().get("notes", [])
            return any("events before it were refused" in note for note in notes)

        self.wait_for(told, "the record of the gap", 20)
        self.assertEqual(client.call_text("u__echo", {"text": "recorded"}), "recorded")
        events = self.oap("audit", "tail", "--json").lines()
        gaps = [e for e in events if e["event_type"] == "recovered"]
        kept = (self.work / ".opencode/emergency_audit.log").read_text().splitlines()
        self.assertEqual(sum(e["details"]["refused_records"] for e in gaps), len(kept))
        echoes = [e for e in events if e.get("tool") == "echo"]
        self.assertTrue(echoes and all(e["seq"] > gaps[0]["seq"] for e in echoes))
        self.assertEqual(self.oap("audit", "verify").code, 0)

    def test_export_that_cannot_be_opened(self):
        blocked = self.write("blocked.txt", "a file where a folder should be\n")
        for policy, code in (("continue", 0), ("block", 2)):
            self.write(".opencode/config.yaml", "security:\n  audit:\n"
                       f"    failure_policy: {policy}\n    log_file: {blocked}/audit.log\n")
            self.oap("trust")
            done = self.oap("run", "read blocked.txt")
            self.assertEqual(done.code, code, done)
            self.assertIn("log_file", done.out + done.err)
        self.assertEqual(self.oap("audit", "verify").code, 0)
        self.assertTrue(self.oap("audit", "search", "--tool", "read_file", "--json").lines())


if __name__ == "__main__":
    unittest.main()
