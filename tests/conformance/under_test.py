"""The programs that the conformance suite is run against, each started on a port of its own and ended
with everything it started."""

import os
import pathlib
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("OAP_BUILD", ROOT / "build" / "dev"))
PROGRAMS = BUILD / "tests" / "conformance"
START_TIMEOUT = 60


class Program:
    """A process that says on one line of `stream` where it listens."""

    def __init__(self, command, stream, **more):
        self.lines = []
        self.heard = queue.Queue()
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: subprocess.PIPE}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, start_new_session=True,
                                        **pipes, **more)
        self.pipe = getattr(self.process, stream)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.pipe:
            self.lines.append(line)
            if "http://" in line:
                self.heard.put("http://" + line.split("http://")[1].split()[0])
        self.heard.put(None)

    def url(self):
        try:
            url = self.heard.get(timeout=START_TIMEOUT)
        except queue.Empty:
            url = None
        if url is None:
            self.end()
            raise SystemExit(f"{self.process.args[0]} did not say where it listens:\n{self.said()}")
        return url

    def said(self):
        return "".join(self.lines[-200:])

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.reader.join(5)
        self.pipe.close()


class Fixture:
    """mcp_fixture over HTTP."""

    def __enter__(self):
        self.program = Program([PROGRAMS / "mcp_fixture", "--http"], "stdout")
        self.url = self.program.url()
        return self

    def __exit__(self, *_):
        self.program.end()

    def said(self):
        return self.program.said()


class Gateway:
    """oap mcp serve over HTTP in a fresh workspace, with the fixture as its only server: as a process, or
    over HTTP where `behind` is a Fixture. Without an era the gateway finds out which one to speak."""

    def __init__(self, behind=None, era=None):
        self.behind = behind
        self.era = era

    @classmethod
    def over_http(cls):
        return cls(Fixture())

    @classmethod
    def to_legacy(cls):
        return cls(era="legacy")

    @classmethod
    def to_legacy_over_http(cls):
        return cls(Fixture(), era="legacy")

    def __enter__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="oap-conformance-"))
        try:
            server = f"command: [{PROGRAMS / 'mcp_fixture'}, --stdio]"
            if self.behind:
                self.behind.__enter__()
                server = f"url: {self.behind.url}"
            if self.era:
                server += f"\n    era: {self.era}"
            self.write_workspace(server)
            self.program = Program([BUILD / "oap", "mcp", "serve", "--trust", "--http", "127.0.0.1:0"], "stderr",
                                   cwd=self.base / "work", env=self.environment())
            self.url = self.program.url()
        except BaseException:
            self.clear()
            raise
        return self

    def write_workspace(self, server):
        config = self.base / "work" / ".opencode"
        config.mkdir(parents=True)
        (self.base / "home").mkdir()
        (config / "mcp-servers.yaml").write_text(
            f"mcp_servers:\n  fixture:\n    {server}\n    naming: passthrough\n")
        (config / "permissions.yaml").write_text(
            'permissions:\n  - {scope: tool, action: "*", pattern: "*__*", level: allow}\n')

    def environment(self):
        kept = {name: os.environ[name] for name in ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS") if name in os.environ}
        return {**kept, "HOME": str(self.base / "home"), "LANG": "C.UTF-8",
                "OPENCODE_DATA_PATH": str(self.base / "state")}

    def __exit__(self, *_):
        self.program.end()
        self.clear()

    def clear(self):
        if self.behind:
            self.behind.__exit__()
        shutil.rmtree(self.base, ignore_errors=True)

    def said(self):
        return self.program.said()
