"""What the mission tests share: scripts of the four agents for the mock LLM, and a way to run missions."""

import json
import os
import subprocess

from harness import OAP, OapTest

SEAL = "<mission_seal>SEALED</mission_seal>"


def call(tool, **arguments):
    return {"tool_calls": [{"name": tool, "arguments": arguments}]}


def calls(*each):
    return {"tool_calls": [{"name": tool, "arguments": arguments} for tool, arguments in each]}


def says(text):
    return {"text": text}


def turns(agent, *answers, then=None):
    """One answer after the other for an agent; `then` is what it answers for ever after."""
    rules = [{"when": {"agent": agent}, "times": 1, "answer": answer} for answer in answers]
    if then is not None:
        rules.append({"when": {"agent": agent}, "answer": then})
    return rules


def delegate(agent, prompt, **more):
    return call("delegate_task", agent=agent, description=prompt[:40], prompt=prompt, **more)


def plan(*ids, check=None):
    items = [{"id": each, "text": f"do {each}", "agent": "worker", **({"check": check} if check else {})}
             for each in ids]
    return call("todo", action="add", items=items)


def good_script(path="out.txt"):
    """A mission that is planned, done, reviewed and sealed."""
    check = f"test -f {path}"
    return (turns("Commander", plan("T1", check=check), delegate("worker", f"Write {path}"),
                  delegate("reviewer", "Check T1 and tick it"), then=says(f"All is there.\n{SEAL}"))
            + turns("Worker", call("write_file", path=path, content="made\n"), then=says("written"))
            + turns("Reviewer", call("bash", command=check), call("todo", action="tick", id="T1"),
                    then=says("holds")))


class MissionTest(OapTest):
    """A test with missions: `--yes`, the mock as openai/m, and JSON results."""

    model = "openai/m"

    def mission(self, *args, script=None, env=None, timeout=90):
        """oap mission …; the result and the exit code. `script` begins a mock of its own."""
        if script is not None:
            env, self.received = self.mock_llm(script)
            self.mock_env = env
        env = env if env is not None else getattr(self, "mock_env", None)
        extra = ["--json"]
        if args[0] in ("start", "resume"):
            extra += ["--yes", "--model", self.model]
        result = self.oap("mission", *args, *extra, env=env, timeout=timeout)
        try:
            return result.json(), result.code
        except json.JSONDecodeError:
            self.fail(f"no JSON object: {result!r}")

    def begin(self, objective, *args, script):
        """A mission in a process of its own, that the test may kill."""
        self.mock_env, self.received = self.mock_llm(script)
        return self.popen("start", objective, *args)

    def popen(self, *args):
        process = subprocess.Popen([OAP, "mission", *args, "--json", "--yes", "--model", "openai/m"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   cwd=self.work, env={**self.env, **self.mock_env}, start_new_session=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def todo(self):
        return (self.work / ".opencode" / "todo.md").read_text()

    def events(self, *args):
        return self.mission("log", *args, "-n", "10000")[0]["events"]

    def requests(self, agent):
        """The requests that an agent's model got."""
        return [r["body"] for r in self.received() if agent in json.dumps(r["body"]["messages"][0])[:200]]


__all__ = ["MissionTest", "SEAL", "call", "calls", "delegate", "good_script", "os", "plan", "says", "turns"]
