#!/usr/bin/env python3
"""What governing costs other agent programs: the wall time of each further tool turn, and of a whole run, with oap and
without, side by side. The real programs of scripts/peers.sh against the mock LLM on loopback, each in a home of its own.

  tests/bench/host_turns.py [--rounds N] [--turns N] [--bin FOLDER] [--json] [HOST...]

A round runs every arm once with one turn and once with N turns, in an order of its own, so that a busy moment meets all
arms; the slope is (wall of N turns - wall of one) / (N - 1). Printed are the medians over the rounds, the quartiles,
and the median of the differences to the arm without oap of the same round; CPU is of the whole process tree and the
daemon, and tells more than wall time where the machine is busy. Each turn is one `echo` in a shell.
"""

import argparse
import json
import os
import pathlib
import platform
import random
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = pathlib.Path(os.environ.get("OAP_PEERS", ROOT / "build" / "peers")).absolute()
NOWHERE = "http://127.0.0.1:9"
ARCH = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
POLICY = "permissions:\n  - {scope: command, action: execute, program: echo, level: allow}\n"


class Host:
    """One program in one home; `arm` says how it is governed."""

    def __init__(self, base, arm, oap, port):
        self.base, self.arm, self.oap, self.port = base / f"{self.name}-{arm}", arm, oap, port
        self.home, self.work = self.base / "home", self.base / "work"
        self.home.mkdir(parents=True)
        (self.work / ".opencode").mkdir(parents=True)
        (self.work / ".opencode/permissions.yaml").write_text(POLICY)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "SHELL": "/bin/bash", "CI": "1",
                    "OPENCODE_DATA_PATH": str(self.base / "state"), "npm_config_registry": NOWHERE,
                    "npm_config_fetch_retries": "0", "HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE,
                    "NO_PROXY": "127.0.0.1,localhost"}
        self.daemon = None
        self.call("trust")
        self.configure()
        if arm != "alone":
            self.call("hook", "install", self.name, *self.scope)
        if arm == "daemon":
            self.daemon = subprocess.Popen([self.oap, "serve", "--json"], cwd=self.work, env=self.env,
                                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            self.socket = json.loads(self.daemon.stdout.readline())["socket"]

    def call(self, *args):
        subprocess.run([self.oap, *args], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)

    def cpu(self):
        """CPU seconds so far: of all ended children, and of the daemon."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = ended.ru_utime + ended.ru_stime
        if self.daemon:
            fields = pathlib.Path(f"/proc/{self.daemon.pid}/stat").read_text().rsplit(")", 1)[1].split()
            used += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return used

    def run(self, turns):
        """Wall and CPU seconds of one run with so many turns."""
        used, began = self.cpu(), time.perf_counter()
        done = subprocess.run(self.command(turns), cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
        wall = time.perf_counter() - began
        if b"All scripted steps completed" not in done.stdout:
            raise SystemExit(f"host_turns: {self.name} ({self.arm}) did not finish:\n{done.stdout.decode()[-2000:]}")
        return wall, self.cpu() - used

    def end(self):
        if self.daemon:
            self.daemon.terminate()
            self.daemon.wait()


class Codex(Host):
    name, arms, scope = "codex", ("alone", "hook", "daemon"), ("--user",)
    program = next(iter((PEERS / f"node_modules/@openai/codex-linux-{ARCH}").glob("vendor/*/bin/codex")), PEERS / "codex")

    def configure(self):
        (self.home / ".codex").mkdir()
        (self.home / ".codex/config.toml").write_text(
            'model_provider = "mock"\napproval_policy = "never"\nsandbox_mode = "danger-full-access"\n'
            "check_for_update_on_startup = false\n\n[model_providers.mock]\n"
            f'name = "mock"\nbase_url = "http://127.0.0.1:{self.port}/v1"\nwire_api = "responses"\n'
            "supports_websockets = false\n\n[analytics]\nenabled = false\n")

    def command(self, turns):
        return [str(self.program), "exec", "--json", "--skip-git-repo-check", "-m", f"mock-{turns}", "go"]


class OpenCode(Host):
    name, arms, scope = "opencode", ("alone", "daemon"), ()
    program = PEERS / f"node_modules/opencode-linux-{ARCH}/bin/opencode"

    def configure(self):
        models = {f"mock-{n}": {"name": "mock", "limit": {"context": 10_000_000, "output": 4_096}} for n in range(1, 201)}
        provider = {"npm": "@ai-sdk/openai-compatible", "name": "Mock", "models": models,
                    "options": {"baseURL": f"http://127.0.0.1:{self.port}/v1", "apiKey": "none"}}
        folder = self.home / ".config" / "opencode"
        folder.mkdir(parents=True)
        (folder / "opencode.json").write_text(json.dumps({
            "autoupdate": False, "share": "disabled", "snapshot": False, "enabled_providers": ["mock"],
            "permission": {"doom_loop": "allow"}, "provider": {"mock": provider}}))
        self.env.update({"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1",
                         "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"})

    def command(self, turns):
        return [str(self.program), "run", "--format", "json", "-m", f"mock/mock-{turns}", "go"]


class Gemini(Host):
    name, arms, scope = "gemini", ("alone", "hook", "daemon"), ("--user",)
    program = PEERS / "node_modules/@google/gemini-cli/bundle/gemini.js"

    def configure(self):
        (self.home / ".gemini").mkdir()
        (self.home / ".gemini/settings.json").write_text(json.dumps({
            "security": {"auth": {"selectedType": "gemini-api-key"}, "folderTrust": {"enabled": False}},
            "model": {"disableLoopDetection": True},
            "privacy": {"usageStatisticsEnabled": False}, "general": {"enableAutoUpdate": False}}))
        self.env.update({"GEMINI_API_KEY": "none", "GEMINI_CLI_NO_RELAUNCH": "true",
                         "GOOGLE_GEMINI_BASE_URL": f"http://127.0.0.1:{self.port}"})

    def command(self, turns):
        return [str(PEERS / "bin/node"), str(self.program), "-m", f"mock-{turns}", "--approval-mode", "yolo",
                "--output-format", "json", "-p", "go"]


SHELLS = {"codex": ("exec_command", "cmd"), "opencode": ("bash", "command"), "gemini": ("run_shell_command", "command")}


def start_model(folder, host, turns):
    """The mock LLM: mock-N makes N turns, each another echo."""
    tool, argument = SHELLS[host]
    more = {"description": "a step"} if host != "codex" else {}
    rules = [{"when": {"has_tools": True, "results": n, "model": f"^mock-({'|'.join(str(t) for t in turns if t > n)})$"},
              "answer": {"tool_calls": [{"name": tool, "arguments": {argument: f"echo {n}", **more}}]}}
             for n in range(max(turns))]
    file = folder / f"rules-{host}.json"
    file.write_text(json.dumps(rules))
    process = subprocess.Popen([sys.executable, str(ROOT / "tests/support/mock_llm.py"), "--script", str(file)],
                               stdout=subprocess.PIPE)
    return process, int(process.stdout.readline().split()[-1])


def spread(values):
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4) if len(values) > 1 else [values[0]] * 3
    return {"median": round(middle, 2), "q1": round(low, 2), "q3": round(high, 2)}


def measure(kind, oap, folder, rounds, turns):
    process, port = start_model(folder, kind.name, (1, turns))
    arms = [kind(folder, arm, oap, port) for arm in kind.arms]
    slopes, ones, cpus = ({arm.arm: [] for arm in arms} for _ in range(3))
    try:
        for arm in arms:
            arm.run(1)
        for _ in range(rounds):
            for arm in random.sample(arms, len(arms)):
                one, many = arm.run(1), arm.run(turns)
                ones[arm.arm].append(one[0] * 1e3)
                slopes[arm.arm].append((many[0] - one[0]) * 1e3 / (turns - 1))
                cpus[arm.arm].append((many[1] - one[1]) * 1e3 / (turns - 1))
    finally:
        for arm in arms:
            arm.end()
        process.kill()
        process.wait()
    version = subprocess.run(arms[0].command(1)[:2 if kind is Gemini else 1] + ["--version"], stdout=subprocess.PIPE,
                             stdin=subprocess.DEVNULL, env=arms[0].env).stdout.decode()
    base = slopes["alone"], ones["alone"], cpus["alone"]
    return [{"host": kind.name, "version": (re.search(r"[0-9]+\.[0-9.]+", version) or [""])[0], "arm": name,
             "turn_ms": spread(slopes[name]), "run_ms": spread(ones[name]),
             "turn_cpu_ms": spread(cpus[name]),
             "added_cpu_per_turn_ms": spread([a - b for a, b in zip(cpus[name], base[2])]),
             "added_per_turn_ms": spread([a - b for a, b in zip(slopes[name], base[0])]),
             "added_per_run_ms": spread([a - b for a, b in zip(ones[name], base[1])])} for name in slopes]


def measure_plugin(oap, folder, turns):
    """Milliseconds of one turn's round trips of OpenCode's plugin, without OpenCode."""
    home = OpenCode(folder, "daemon", oap, 9)
    try:
        done = subprocess.run([str(PEERS / "bin/node"), "--no-warnings", "--experimental-strip-types",
                               str(ROOT / "tests/bench/plugin_turn.mjs"), home.socket, str(home.work), str(turns)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=home.env, check=True, timeout=300)
    finally:
        home.end()
    return spread([float(line) for line in done.stdout.split()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--bin", default=str(ROOT / "build" / "bench"), help="the folder of oap and oap-hook")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("hosts", nargs="*", help="codex, opencode, gemini; default: all")
    options = parser.parse_args()
    oap = str(pathlib.Path(options.bin).absolute() / "oap")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="oap-turns-")).resolve()
    rows, plugin = [], None
    try:
        for kind in (Codex, OpenCode, Gemini):
            if options.hosts and kind.name not in options.hosts:
                continue
            if not kind.program.exists():
                print(f"{kind.name}: {kind.program} is missing, run scripts/peers.sh", file=sys.stderr)
                continue
            if kind is OpenCode:
                plugin = measure_plugin(oap, folder / "plugin", 500)
            rows += measure(kind, oap, folder, options.rounds, options.turns)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps({"hosts": rows, "plugin_round_trips_ms": plugin}))
        return
    print(f"{options.rounds} rounds, 1 and {options.turns} turns; median (quartiles), ms")
    for row in rows:
        cells = [f"{row[key]['median']:9.1f} ({row[key]['q1']:.1f}..{row[key]['q3']:.1f})"
                 for key in ("turn_ms", "added_per_turn_ms", "turn_cpu_ms", "added_cpu_per_turn_ms")]
        print(f"{row['host']:9} {row['version']:9} {row['arm']:7} turn {cells[0]}  added {cells[1]}  "
              f"CPU {cells[2]}  added {cells[3]}  a run of one turn {row['run_ms']['median']:.0f}")

    if plugin:
        print(f"opencode's plugin alone, its round trips of one turn: {plugin['median']} ({plugin['q1']}..{plugin['q3']}) ms")

if __name__ == "__main__":
    main()
