"""Workflows under faults: random kill -9, a process that sleeps through its lease, a full disk.

A tool server writes every call with its key to a file of its own, on disk before it works. What must hold afterwards:
every acknowledged run ends once; each step's result is recorded once; two calls of one step have one key; a tool of
`effect: once` is called at most once, and its doubt is told as `unknown`; histories verify; nothing is stuck.

`OAP_SERIES=full` (or `python3 test_workflow_faults.py --rounds N`): 200 rounds, else ten. `OAP_SEED` chooses the faults.
"""

import collections
import fcntl
import hashlib
import json
import os
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from harness import OAP, unittest  # noqa: E402
from workflow import WorkflowTest  # noqa: E402

ROUNDS = 200 if os.environ.get("OAP_SERIES") == "full" else 10
SEED = int(os.environ.get("OAP_SEED", "20261126"))

CHILD = """\
id: child
steps:
  - {id: one, tool: l__work, with: {name: child-one, ms: 5}}
  - {id: two, needs: [one], tool: l__work, with: {name: child-two, ms: 5}}
"""

STORM = """\
id: storm
max_parallel: 8
steps:
  - id: once
    effect: once
    on_unknown: ask
    tool: l__once
    with: {name: once, ms: 200}
  - id: fan
    foreach: {items: [0, 1, 2, 3, 4, 5, 6, 7]}
    tool: l__work
    with: {name: 'fan-${{ item }}', ms: 10}
  - id: loop
    type: loop
    max_iterations: 4
    until: loop.index >= 3
    steps: [{id: body, tool: l__work, with: {name: 'loop-${{ loop.index }}', ms: 5}}]
  - id: each
    foreach: {items: [a, b, c, d, e, f], max_parallel: 3}
    tool: l__work
    with: {name: 'each-${{ item }}', ms: 5}
  - {id: sub, uses: child}
  - {id: timer, wait: 300ms}
  - id: retry
    tool: l__flaky
    with: {name: retry, fails: 2}
    retry: {max_attempts: 5, initial: 20ms}
  - id: gate
    needs: [fan]
    approval: Go on?
  - id: last
    needs: [gate, loop, each, sub, timer, retry, once]
    tool: l__work
    with: {name: last}
finally:
  - {id: end, tool: l__work, with: {name: end}}
"""


class Answerer(threading.Thread):
    """Another process's hands: approves what waits and resolves what is in doubt, until told to stop."""

    def __init__(self, test, run_id):
        super().__init__(daemon=True)
        self.test, self.run_id, self.over, self.doubts = test, run_id, threading.Event(), 0

    def run(self):
        while not self.over.is_set():
            state = self.test.oap("workflow", "show", self.run_id, "--json")
            if state.code == 0:
                for step in state.json()["steps"]:
                    if step.get("waits_for") == "approval":
                        self.test.oap("workflow", "approve", self.run_id, step["id"])
                    elif step["status"] == "unknown":
                        done = self.test.oap("workflow", "resolve", self.run_id, step["id"], "completed")
                        self.doubts += done.code == 0
            self.over.wait(0.15)

    def stop(self):
        self.over.set()
        self.join()


class Faults(WorkflowTest):
    def setUp(self):
        super().setUp()
        self.ledger()
        self.workflow("child", CHILD)
        self.workflow("storm", STORM)
        self.tally = collections.Counter()

    def process(self, *args):
        return subprocess.Popen([OAP, "workflow", *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, cwd=self.work, env=self.env, start_new_session=True)

    def kill(self, process):
        """kill -9 of the process alone: what it started must end by itself."""
        process.kill()
        process.wait()
        process.stdout.close()
        self.tally["kills"] += 1

    def check(self, run_id, calls):
        """What must hold of a run that has ended, with the ledger's lines of its keys."""
        state = self.show(run_id)
        self.assertEqual(state["status"], "completed", state)
        history = self.flow("history", run_id, "--json", "-n", "100000").json()
        self.assertIs(history["intact"], True, history["problem"])
        events = [event for turn in history["history"] for event in turn["events"]]
        kinds = collections.Counter(event["e"] for event in events)
        self.assertEqual(kinds["run_ended"], 1, "a run ends once")
        ends = collections.Counter(event["step"] for event in events if event["e"] == "complete")
        self.assertEqual([step for step, count in ends.items() if count > 1], [], "a result is recorded once")
        self.tally["turns"] += history["turns"]
        self.tally["epochs"] += kinds["resumed"]
        paths = {hashlib.sha256(f"{run_id}\0{step}".encode()).hexdigest(): step
                 for step in {event["step"] for event in events if event.get("step")}}
        if calls is None:
            return
        calls = [call for call in calls if call["key"] in paths]  # a killed server may still note calls of an older run
        self.assertTrue(calls)
        names = collections.defaultdict(set)
        for call in calls:
            names[call["tool"], call["name"]].add(paths[call["key"]])
        self.assertEqual({name: found for name, found in names.items() if len(found) > 1}, {}, "one key a step")
        once = [call for call in calls if call["tool"] == "once"]
        self.assertLessEqual(len(once), 1, "once is at most once")
        counts = collections.Counter(call["key"] for call in calls)
        self.tally["calls"] += len(calls)
        self.tally["repeated calls"] += sum(count - 1 for count in counts.values())

    def rounds(self, number, most_kills=4):
        random_numbers = random.Random(SEED + number)
        before = len(self.calls())
        process, run_id = self.begin("storm", "--yes")
        answerer = Answerer(self, run_id)
        answerer.start()
        try:
            for _ in range(random_numbers.randint(1, most_kills)):
                try:
                    process.wait(random_numbers.uniform(0.0, 2.0))
                except subprocess.TimeoutExpired:
                    pass
                if process.poll() is not None:
                    break
                self.kill(process)
                process = self.process("resume", run_id, "--yes", "--json")
            out, _ = process.communicate(timeout=60)
        finally:
            answerer.stop()
            if process.poll() is None:
                process.kill()
                process.communicate()
        self.tally["doubts"] += answerer.doubts
        self.tally["rounds"] += 1
        self.check(run_id, self.calls()[before:])
        self.assertTrue(out, "the last process said how the run ended")

    def test_random_kills(self):
        for number in range(ROUNDS):
            with self.subTest(round=number):
                self.rounds(number)
        self.assertEqual(self.open_runs(), [], "nothing is stuck")
        self.flow("resume", "--json")
        print(f"\nkill series, seed {SEED}: " + json.dumps(self.tally), file=sys.stderr)

    def test_a_sleeper_that_lost_its_lease_writes_nothing(self):
        process, run_id = self.begin("storm", "--yes")
        time.sleep(0.3)
        self.stop_between_writes(process)
        answerer = Answerer(self, run_id)
        answerer.start()
        try:
            taken = self.wait_for(lambda: self.take_over(run_id), "the lease to run out", 60)
            os.kill(process.pid, signal.SIGCONT)
            process.communicate(timeout=60)
        finally:
            answerer.stop()
        self.assertEqual(taken["status"], "completed")
        self.check(run_id, self.calls())

    def stop_between_writes(self, process):
        """A process that stands still inside a write keeps the lock of SQLite, or of the audit log: then nobody can go
        on, by design."""
        for _ in range(200):
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(0.02)
            if self.store_is_free() and self.audit_is_free():
                return
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.005)
        self.fail("the process was never found between two writes")

    def store_is_free(self):
        stores = list(pathlib.Path(self.env["OPENCODE_DATA_PATH"]).glob("workspaces/*/oap.db"))
        self.assertEqual(len(stores), 1)
        store = sqlite3.connect(stores[0], timeout=0.05, isolation_level=None)
        try:
            store.execute("BEGIN IMMEDIATE")
            store.execute("ROLLBACK")
            return True
        except sqlite3.OperationalError:
            return False
        finally:
            store.close()

    def audit_is_free(self):
        for lock in pathlib.Path(self.env["OPENCODE_DATA_PATH"]).glob("workspaces/*/audit/*lock*"):
            with open(lock, "rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
        return True

    def take_over(self, run_id):
        result = self.oap("workflow", "resume", run_id, "--yes", "--json", timeout=90)
        return result.json() if result.code == 0 else None

    def test_a_full_disk_loses_no_run(self):
        if os.geteuid() != 0:
            self.skipTest("mounting a small file system needs root")
        disk = pathlib.Path(tempfile.mkdtemp(prefix="oap-disk-", dir="/mnt"))
        self.addCleanup(disk.rmdir)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk], capture_output=True).returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        self.env["OPENCODE_DATA_PATH"] = str(disk / "state")
        rows = "".join(f"  - {{id: s{i}, run: 'echo s{i} $OAP_IDEMPOTENCY_KEY >> log; sleep 0.05'"
                       + (f", needs: [s{i - 1}]" if i else "") + "}\n" for i in range(40))
        self.workflow("long", "id: long\nsteps:\n" + rows)
        process, run_id = self.begin("long", "--yes")
        self.wait_for((self.work / "log").exists, "the first step")
        filler = disk / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        out, _ = process.communicate(timeout=90)
        self.assertNotEqual(process.returncode, 0, "a run that cannot be recorded is no success")
        self.assertLess(len((self.work / "log").read_text().splitlines()), 40, "it stopped")
        filler.unlink()
        done = self.flow("resume", run_id, "--yes", "--json", timeout=90).json()
        self.assertEqual(done["steps_completed"], 40)
        keys = collections.defaultdict(set)
        for line in (self.work / "log").read_text().splitlines():
            keys[line.split()[0]].add(line.split()[1])
        self.assertEqual((len(keys), max(map(len, keys.values()))), (40, 1))
        self.check(run_id, None)


if __name__ == "__main__":
    if "--rounds" in sys.argv:
        at = sys.argv.index("--rounds")
        ROUNDS = int(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    unittest.main()
