"""Missions killed with -9 at random moments.

A model that decides by the conversation alone plays a mission; its process is killed at a random moment and the mission
resumed, again and again, until it ends. What must hold then: it is done; what was closed stays closed and is not worked on
again; no effect happened twice; what was under way is told as in doubt; the journal has no gap, and one end.

The same with writers beside each other, each in a worktree of its own: their work is merged once, and nothing is left behind.

`OAP_SERIES=full` (or `OAP_MISSION_KILLS=N`): 200 kills, else ten. `OAP_SEED` chooses the moments.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import mock_llm  # noqa: E402
from harness import unittest  # noqa: E402
from mission import SEAL, MissionTest, call, calls, delegate, plan, says  # noqa: E402

KILLS = int(os.environ.get("OAP_MISSION_KILLS") or (200 if os.environ.get("OAP_SERIES") == "full" else 10))
SEED = int(os.environ.get("OAP_SEED", "20261126"))
ITEMS = ("T1", "T2", "T3")


class Brain:
    """The four agents. Each looks at the present state before it does anything: so a doubt is never a repetition."""

    def __init__(self):
        self.ids, self.lock, self.delegated = 0, threading.Lock(), []

    def new_id(self, prefix):
        with self.lock:
            self.ids += 1
            return f"{prefix}_{self.ids:06d}"

    def answer(self, seen, record):
        messages = record["body"]["messages"]
        role = re.match(r"You are the (\w+)", seen.system).group(1)
        used, result = self.last_call(messages)
        item = next((name for name in ITEMS if f"item {name}" in json.dumps(messages)), None)
        return getattr(self, role.lower())(used, result, item)

    @staticmethod
    def last_call(messages):
        """Name, arguments and result of the last call, where nothing was said to the agent after it."""
        if messages[-1]["role"] != "tool":
            return (None, None), ""
        calls = {c["id"]: c["function"] for m in messages for c in m.get("tool_calls") or []}
        function = calls[messages[-1]["tool_call_id"]]
        return (function["name"], json.loads(function["arguments"])), messages[-1]["content"]

    def commander(self, used, result, _):
        name, arguments = used
        if name == "delegate_task" and arguments["agent"] == "worker":
            return delegate("reviewer", arguments["prompt"])
        if name == "todo" and arguments["action"] == "list":
            if "does not exist yet" in result:
                return plan(*ITEMS)
            is_open = re.search(r"^\s*(T\d): .*\[(?:open|in_progress)\]", result, re.M)
            if is_open:
                self.delegated.append((is_open.group(1), result))
                return delegate("worker", f"item {is_open.group(1)}")
            return call("bash", command="test -f T1.txt")
        if name == "bash":
            return says(f"All of it is there.\n{SEAL}")
        return call("todo", action="list")

    @staticmethod
    def worker(used, result, item):
        if used[0] == "bash" and "there" in result:
            return says(f"{item} is written")
        if used[0] == "bash" and "missing" in result:
            return call("bash", command=f"echo made >> {item}.txt && sleep 0.02 && echo there")
        return call("bash", command=f"test -f {item}.txt && echo there || echo missing")

    @staticmethod
    def reviewer(used, result, item):
        if used[0] == "bash" and "exit code" not in result and "doubt" not in result:
            return call("todo", action="tick", id=item)
        if used[0] == "todo" and "done" in result:
            return says(f"{item} holds")
        return call("bash", command=f"grep -q made {item}.txt")


class ParallelBrain(Brain):
    """Its workers go out together; who has written is reviewed."""

    open = ()

    def commander(self, used, result, _):
        name, arguments = used
        if name == "todo" and arguments["action"] == "list":
            if "does not exist yet" in result:
                return plan(*ITEMS)
            self.open = re.findall(r"^\s*(T\d): .*\[(?:open|in_progress)\]", result, re.M)
            self.delegated += [(item, result) for item in self.open]
            return call("bash", command="ls" if self.open else "test -f T1.txt")
        if name == "bash" and arguments["command"] == "ls":
            written = [item for item in self.open if f"{item}.txt" in result]
            if written:
                return delegate("reviewer", f"item {written[0]}")
            return calls(*[("delegate_task", {"agent": "worker", "description": f"item {item}", "prompt": f"item {item}",
                                              "background": True, "worktree": True}) for item in self.open])
        if name == "bash":
            return says(f"All of it is there.\n{SEAL}")
        if name == "delegate_task" and arguments["agent"] == "worker":
            return says("They are at work.")
        return call("todo", action="list")


class Series(MissionTest):
    brain_class = Brain

    def setUp(self):
        super().setUp()
        self.brain = self.brain_class()
        handler = type("Handler", (mock_llm.Handler,), {"script": self.brain})
        self.server = mock_llm.Server(("127.0.0.1", 0), handler)
        self.addCleanup(self.server.server_close)
        thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.server.shutdown)
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.mock_env = {"OPENAI_BASE_URL": f"{base}/v1"}

    whole = 1.0  # s that a mission takes here

    def closed(self):
        file = self.work / ".opencode" / "todo.md"
        return set(re.findall(r"- \[x\] (T\d)", file.read_text())) if file.exists() else set()

    def one(self, random_, tally, kills):
        """A mission with some kills (none: its time is taken); how many it took."""
        begun = time.monotonic()
        process = self.popen("start", "Write the three files")
        self.wait_for(lambda: self.mission("list")[0]["missions"] or process.poll() is not None, "the mission")
        used, ever_closed = 0, set()
        while True:
            if used < kills:
                try:
                    process.wait(timeout=random_.uniform(0.0, self.whole))
                    self.whole = max(0.02, 0.8 * self.whole)  # the machine is faster than it was
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    used += 1
                    tally["kills"] += 1
            out, err = process.communicate(timeout=60)
            if kills == 0:
                self.whole = time.monotonic() - begun
            now = self.closed()
            self.assertLessEqual(ever_closed, now, "what was closed stays closed")
            ever_closed = now
            if process.returncode != -9:
                self.assertEqual(process.returncode, 0, (out[-2000:], err[-2000:]))
                break
            if not self.mission("list")[0]["missions"]:
                tally["killed after the end"] += 1
                break
            process = self.popen("resume")
            self.whole *= 1.02
        result, _ = self.mission("status", self.mission("list", "--all")[0]["missions"][0]["mission_id"])
        self.assertEqual((result["status"], result["open"]), ("done", []), result)
        self.check(result, tally)
        return used

    def check(self, result, tally):
        for item in ITEMS:
            self.assertEqual((self.work / f"{item}.txt").read_text(), "made\n", f"the effect of {item} happened once")
        left = [str(path) for path in self.work.rglob("*") if ".oap_write_" in path.name or path.suffix == ".lock"]
        self.assertEqual(left, [], "nothing half-written stays")
        events = self.events(result["mission_id"])
        self.assertEqual([e["seq"] for e in events], list(range(1, len(events) + 1)), "no gap")
        ends = [e for e in events if e["event"] == "turn_ended" and e["data"]["to"] == "done"]
        self.assertEqual(len(ends), 1)
        for item, seen in self.brain.delegated:
            self.assertNotRegex(seen, rf"{item}: .*\[done\]", "nothing that is done is begun again")
        started = [e["data"]["task_id"] for e in events if e["event"] == "child_started"]
        ended = collections.Counter(e["data"]["task_id"] for e in events if e["event"] == "child_ended" and "task_id" in e["data"])
        self.assertEqual(set(started), set(ended), "every task ends")
        self.assertEqual({t: n for t, n in ended.items() if n > 1}, {}, "and once")
        tally["in doubt"] += len(result["in_doubt"])
        tally["resumes"] += sum(e["event"] == "resume" for e in events)

    def series(self):
        random_, tally = random.Random(SEED), collections.Counter()
        began = time.monotonic()
        self.one(random_, tally, 0)  # how long it takes here, undisturbed
        while tally["kills"] < KILLS:
            for item in ITEMS:
                (self.work / f"{item}.txt").unlink(missing_ok=True)
            self.brain.delegated.clear()
            self.one(random_, tally, min(5, KILLS - tally["kills"]))
            tally["missions"] += 1
            self.assertLess(tally["missions"], KILLS + 20, "kills come too late")
        print(f"seed {SEED}: {dict(tally)} in {time.monotonic() - began:.0f} s", file=sys.stderr)


class Kills(Series):
    def test_killed_at_random_moments(self):
        self.series()


class ParallelKills(Series):
    brain_class = ParallelBrain

    def setUp(self):
        super().setUp()
        self.write("shared.txt", "base\n")
        self.git("init", "-q", "-b", "main")
        self.git("add", "shared.txt")
        self.git("commit", "-q", "-m", "base")

    def test_killed_with_writers_side_by_side(self):
        self.series()

    def git(self, *args):
        return subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t", *args], cwd=self.work, check=True,
                              capture_output=True, text=True, env={**self.env, "GIT_CONFIG_NOSYSTEM": "1"}).stdout

    def check(self, result, tally):
        super().check(result, tally)
        self.assertEqual([task for task in result["tasks"] if task["state"] == "failed"], [])
        self.assertEqual(self.git("branch", "--list", "oap/*"), "", result["tasks"])
        left = [p.name for p in (self.work / ".opencode" / "worktrees").glob("*")
                if p.name != ".gitignore" and not p.name.startswith(".oap-")]  # a file that was being written
        self.assertEqual(left, [], result["tasks"])
        self.assertEqual(self.git("log", "--oneline").count("\n"), 1, "the person's history stays")


if __name__ == "__main__":
    unittest.main()
