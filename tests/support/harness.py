"""What the end-to-end tests share: a fresh workspace and home, the real binary, the mock LLM.

Every test gets folders of its own; nothing outside them is read or written. The binary is $OAP_BIN.
"""

import json
import os
import pathlib
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OAP = os.environ.get("OAP_BIN", str(ROOT / "build" / "dev" / "oap"))
SUPPORT = ROOT / "tests" / "support"



def github_token(body):
    """A token as GitHub makes them, of 30 characters: the last six are the base-62 CRC-32 of the others."""
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    number, check = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = digits[digit] + check
    return "ghp_" + body + check

class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode(errors="replace")
        self.err = process.stderr.decode(errors="replace")

    def json(self):
        return json.loads(self.out)

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines()]

    def __repr__(self):
        return f"exit {self.code}\n-- stdout\n{self.out}\n-- stderr\n{self.err}"


class OapTest(unittest.TestCase):
    """A test with a workspace at self.work and a way to run oap in it."""

    def setUp(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="oap-e2e-")).resolve()
        self.addCleanup(shutil.rmtree, self.base, ignore_errors=True)
        self.home = self.base / "home"
        self.work = self.base / "work"
        self.home.mkdir()
        (self.work / ".opencode").mkdir(parents=True)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "OPENCODE_DATA_PATH": str(self.base / "state"),
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def write(self, path, text):
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def oap(self, *args, stdin=b"", env=None, timeout=60):
        process = subprocess.run(
            [OAP, *args],
            input=stdin if isinstance(stdin, bytes) else stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.work,
            env={**self.env, **(env or {})},
            timeout=timeout,
        )
        return Result(process)

    def run_task(self, *args, **kwargs):
        """oap run … --output-format json; the result object and the exit code."""
        result = self.oap("run", *args, "--output-format", "json", **kwargs)
        try:
            return result.json(), result.code
        except json.JSONDecodeError:
            self.fail(f"no JSON object: {result!r}")

    def start(self, *args, env=None, **kwargs):
        """oap as a process that the test controls; killed at the end if need be."""
        process = subprocess.Popen(
            [OAP, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.work,
            env={**self.env, **(env or {})},
            start_new_session=True,
            **kwargs,
        )

        def end():
            if process.poll() is None:
                process.kill()
            process.communicate()

        self.addCleanup(end)
        return process

    def mock_llm(self, script=None):
        """Starts the mock LLM; returns its environment for oap and a function for what it received."""
        command = [sys.executable, str(SUPPORT / "mock_llm.py")]
        if script is not None:
            file = self.base / f"script-{time.monotonic_ns()}.json"
            file.write_text(json.dumps(script))
            command += ["--script", str(file)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

        def end():
            process.kill()
            process.wait()
            process.stdout.close()

        self.addCleanup(end)
        port = int(process.stdout.readline().split()[-1])
        base = f"http://127.0.0.1:{port}"
        env = {"OPENAI_BASE_URL": f"{base}/v1", "ANTHROPIC_BASE_URL": base}

        def received():
            import urllib.request

            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{base}/requests") as answer:
                return json.load(answer)

        return env, received

    def wait_for(self, condition, what, seconds=20):
        """Polls until the condition holds; fails with `what` when it does not in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(0.01)
        self.fail(f"timed out waiting for {what}")


def alive(pid):
    """Whether a process with this id runs (a zombie does not)."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


__all__ = ["OAP", "ROOT", "SUPPORT", "OapTest", "Result", "alive", "signal", "unittest"]
