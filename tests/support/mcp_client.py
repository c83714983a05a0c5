"""An MCP client for tests (Python 3, standard library only): Streamable HTTP of both eras, the old
HTTP+SSE transport, and stdio. Legacy = 2025-11-25 with handshake and session; modern = 2026-07-28.

    client = HttpClient(port)                       # or HttpClient(port, era="modern"), StdioClient([...])
    client.initialize()                             # legacy only; modern clients may call discover()
    client.call("echo", {"message": "hi"})          # the result; an error answer raises RpcError
    pending = client.start("tools/call", {...})     # in the background: .result(5) .cancel() .drop() .messages
    client.handlers["sampling/createMessage"] = lambda params: {...}      # raise RpcError to refuse
    client.wait_notification("notifications/tools/list_changed")
    client.post(body, headers={"Origin": "http://evil"}).status           # raw HTTP; None drops a header

Every wait has a time limit. Server requests are answered by `handlers`, input_required results of the
modern era by the same handlers (`answer_inputs=False` returns them as they are)."""

import json
import subprocess
import threading

from mcp_client_base import LEGACY, MODERN, Client, Dropped, HttpError, Pending, RpcError
from mcp_client_http import Event, HttpClient, Response, SseClient, encode_header, raw_exchange


class StdioClient(Client):
    """Starts `command` and speaks over its standard streams; stderr is collected in `.stderr`."""

    def __init__(self, command, cwd=None, env=None, **more):
        super().__init__(**more)
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, cwd=cwd, env=env)
        self.stderr, self.garbage = b"", []
        self._open = {}
        self._write = threading.Lock()
        self._threads = [threading.Thread(target=t, daemon=True) for t in (self._read, self._drain)]
        for thread in self._threads:
            thread.start()

    def send_raw(self, data):
        with self._write:
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def send(self, message):
        try:
            self.send_raw(json.dumps(message, ensure_ascii=False).encode() + b"\n")
        except (OSError, ValueError) as cause:
            raise Dropped(f"the server's input is closed: {cause}") from cause

    def _send(self, pending):
        self._open[json.dumps(pending.id)] = pending
        self.send(pending.message)

    def _drain(self):
        for chunk in iter(lambda: self.process.stderr.read1(65536), b""):
            self.stderr += chunk

    def _read(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                message = None
            if not isinstance(message, dict):
                self.garbage.append(line)
                continue
            if "method" in message:
                threading.Thread(target=self._incoming_safely, args=(message,), daemon=True).start() \
                    if "id" in message else self.incoming(message)
                continue
            pending = self._open.pop(json.dumps(message.get("id")), None)
            if pending is None:
                self.garbage.append(line)
            else:
                pending.finish(message)
        for pending in list(self._open.values()):
            pending.finish(failure=Dropped("the server closed its output"))

    def _incoming_safely(self, message):
        try:
            self.incoming(message)
        except Dropped:
            pass

    def close(self, timeout=10):
        """Closes stdin and waits; the exit code, or None after a kill."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        for thread in self._threads:
            thread.join(2)
        self.process.stdout.close()
        self.process.stderr.close()
        return code


__all__ = ["Client", "Dropped", "Event", "HttpClient", "HttpError", "LEGACY", "MODERN", "Pending", "Response",
           "RpcError", "SseClient", "StdioClient", "encode_header", "raw_exchange"]
