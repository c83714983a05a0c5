"""What the tests of workflows share: files, runs, and what a run came to."""

import json
import sys

from gateway import ALLOW, GatewayTest
from harness import SUPPORT

LEDGER = SUPPORT / "mcp_servers" / "ledger.py"
BASH = "  - {tool: bash, action: execute, level: allow}\n  - {tool: python, action: execute, level: allow}\n"


class WorkflowTest(GatewayTest):
    """A workspace with workflows in `.opencode/workflows`."""

    def workflow(self, name, text):
        """Writes .opencode/workflows/NAME.yaml; its path."""
        return str(self.write(f".opencode/workflows/{name}.yaml", text))

    def flow(self, *args, code=0, **more):
        """oap workflow …; the result, whose exit code is checked unless `code` is None."""
        result = self.oap("workflow", *map(str, args), **more)
        if code is not None:
            self.assertEqual(result.code, code, result)
        return result

    def run_json(self, *args, code=0, **more):
        """oap workflow run … --yes --json: the one object."""
        result = self.flow("run", *args, "--yes", "--json", code=code, **more)
        self.assertEqual(len(result.out.splitlines()), 1, result)
        return result.json()

    def steps(self, run):
        """The run's steps by path."""
        return {step.get("path", step["id"]): step for step in run["steps"]}

    def show(self, run_id):
        return self.flow("show", run_id, "--json").json()

    def open_runs(self):
        return self.flow("list", "--open", "--json").json()["runs"]

    def begin(self, *args, env=None):
        """oap workflow run … --output-format stream-json in the background, as soon as the run is durable:
        the process and the run's id."""
        # Unbuffered: what follows the first line is for `last`.
        process = self.start("workflow", "run", *map(str, args), "--output-format", "stream-json", env=env, bufsize=0)
        first = json.loads(process.stdout.readline())
        self.assertEqual(first["type"], "run", first)
        return process, first["run_id"]

    def last(self, process, timeout=60):
        """What a process of `begin` printed last, once it has ended."""
        out, _ = process.communicate(timeout=timeout)
        return json.loads(out.splitlines()[-1])

    def waits(self, run_id, what, seconds=20):
        """Waits until the run waits for `what`; where it stands then."""
        def look():
            state = self.show(run_id)
            return state if any(what in (step.get("waits_for") or "") for step in state["steps"]) else None
        return self.wait_for(look, f"{run_id} to wait for {what}", seconds)

    def ledger(self):
        """A trusted workspace with the server `l` that writes its calls down."""
        self.calls_file = self.work / "calls"  # where a server may write
        self.configure({"l": {"command": [sys.executable, "-B", str(LEDGER), str(self.calls_file)]}},
                       permissions=ALLOW + BASH)

    def calls(self):
        if not self.calls_file.exists():
            return []
        return [json.loads(line) for line in self.calls_file.read_text().splitlines()]


__all__ = ["BASH", "LEDGER", "WorkflowTest"]
