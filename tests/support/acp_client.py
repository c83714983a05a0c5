"""An editor as the Agent Client Protocol has it, for tests: a real `oap acp` behind pipes."""

import json
import os
import subprocess
import threading

WAIT = 60


class AcpError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]
        self.error = error


class AcpClient:
    """Speaks to one agent process. `permission` answers session/request_permission: an option's kind, a function of
    the params, or None (never answered). `files` is what the editor holds by path."""

    def __init__(self, command, cwd, env, permission="reject_once", files=None):
        self.process = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True)
        self.permission = permission
        self.files = files
        self.updates = []
        self.asked = []
        self.other = []
        self.bad_lines = []
        self.written = []
        self.answers = {}
        self.last_id = 0
        self.changed = threading.Condition()
        self.ended = False
        self.stderr = b""
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_err, daemon=True).start()

    def _read_err(self):
        for line in self.process.stderr:
            self.stderr += line

    def _read(self):
        for line in self.process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                self.bad_lines.append(line)
                continue
            with self.changed:
                self._take(message)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _take(self, message):
        if "method" not in message:
            self.answers[json.dumps(message.get("id"))] = message
        elif message["method"] == "session/update":
            self.updates.append(message["params"]["update"])
        elif message["method"] == "session/request_permission":
            self.asked.append(message)
            self._permit(message)
        elif message["method"] == "fs/read_text_file" and self.files is not None:
            path = message["params"]["path"]
            if path in self.files:
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": {"content": self.files[path]}})
            else:
                self.send({"jsonrpc": "2.0", "id": message["id"],
                           "error": {"code": -32002, "message": "no such buffer"}})
        elif message["method"] == "fs/write_text_file" and self.files is not None:
            path, text = message["params"]["path"], message["params"]["content"]
            self.written.append((path, text))
            self.files[path] = text
            with open(path, "w") as file:
                file.write(text)
            self.send({"jsonrpc": "2.0", "id": message["id"], "result": None})
        else:
            self.other.append(message)

    def _permit(self, message):
        choice = self.permission(message["params"]) if callable(self.permission) else self.permission
        if choice is None:
            return
        options = {option["kind"]: option["optionId"] for option in message["params"]["options"]}
        outcome = {"outcome": "cancelled"} if choice == "cancelled" else \
            {"outcome": "selected", "optionId": options.get(choice, choice)}
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": {"outcome": outcome}})

    def send_raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        self.send_raw(json.dumps(message).encode() + b"\n")

    def begin(self, method, params, request_id=None):
        """Sends a request and does not wait; its id."""
        self.last_id += 1
        request_id = self.last_id if request_id is None else request_id
        self.send({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
        return request_id

    def wait_for(self, condition, what, timeout=WAIT):
        with self.changed:
            if not self.changed.wait_for(lambda: condition() or self.ended, timeout) or not condition():
                raise AssertionError(f"{what} did not come; updates {self.updates!r}; stderr {self.stderr!r}"[:4000])

    def answer(self, request_id, timeout=WAIT):
        key = json.dumps(request_id)
        self.wait_for(lambda: key in self.answers, f"the answer to {key}", timeout)
        message = self.answers[key]
        if "error" in message:
            raise AcpError(message["error"])
        return message["result"]

    def call(self, method, params, timeout=WAIT):
        return self.answer(self.begin(method, params), timeout)

    def notify(self, method, params):
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def initialize(self, **capabilities):
        return self.call("initialize", {"protocolVersion": 1, "clientCapabilities": capabilities,
                                        "clientInfo": {"name": "test", "version": "1"}})

    def of_kind(self, kind):
        return [update for update in self.updates if update["sessionUpdate"] == kind]

    def text(self, kind="agent_message_chunk"):
        return "".join(update["content"]["text"] for update in self.of_kind(kind))

    def hang_up(self, timeout=30):
        """Closes the agent's input, as an editor that goes; its exit code."""
        self.process.stdin.close()
        return self.process.wait(timeout)

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, 9)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                pipe.close()
            except OSError:
                pass
