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

import http.client
import json
import os
import socket
import struct
import subprocess
import threading
import time

LEGACY, MODERN = "2025-11-25", "2026-07-28"
PREFIX = "io.modelcontextprotocol/"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId",
         "tasks/update": "taskId", "tasks/cancel": "taskId"}


class RpcError(Exception):
    def __init__(self, code, message="", data=None):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.data = code, message, data

    def to_json(self):
        error = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": self.data}


class Dropped(Exception):
    """The connection ended before the answer."""


class Event:
    """One server-sent event."""

    def __init__(self, data="", event="message", id=None, retry=None, comment=False):
        self.data, self.event, self.id, self.retry, self.comment = data, event, id, retry, comment


class Response:
    """An HTTP response whose body may still be on its way."""

    def __init__(self, connection, response):
        self.connection, self.raw = connection, response
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.is_stream = "text/event-stream" in self.headers.get("content-type", "")
        self._body = None

    @property
    def body(self):
        if self._body is None:
            self._body = self.raw.read()
            self.close()
        return self._body

    def json(self):
        return json.loads(self.body)

    def events(self):
        """Events and comments as they come; ends with the stream. Dropped where it is cut off."""
        event, seen = Event(event="message"), False
        while True:
            try:
                line = self.raw.readline()
            except (OSError, ValueError, AttributeError, http.client.HTTPException) as cause:
                raise Dropped(f"the stream broke: {cause}") from cause
            if not line:
                return
            line = line.decode("utf-8").rstrip("\r\n")
            if line.startswith(":"):
                yield Event(line[1:], comment=True)
            elif line:
                field, _, value = line.partition(":")
                value = value[1:] if value.startswith(" ") else value
                seen = True
                if field == "data":
                    event.data = value if event.data == "" else event.data + "\n" + value
                elif field in ("id", "event"):
                    setattr(event, field, value)
                elif field == "retry" and value.isdigit():
                    event.retry = int(value)
            elif seen:
                yield event
                event, seen = Event(event="message"), False

    def close(self):
        self.raw.close()
        self.connection.close()

    def socket(self):
        return self.connection.sock or getattr(getattr(self.raw.fp, "raw", None), "_sock", None)

    def stay(self):
        """No time limit any more: for streams that may be silent."""
        if (sock := self.socket()) is not None:
            sock.settimeout(None)

    def drop(self):
        """Ends the connection at once."""
        sock = self.socket()
        if sock is not None:
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Pending:
    """A request under way."""

    def __init__(self, client, message):
        self.client, self.message, self.id = client, message, message.get("id")
        self.messages = []  # notifications and server requests that came with the answer (HTTP)
        self.events = []    # the raw events (HTTP)
        self.answer = self.failure = self.response = None
        self._done = threading.Event()

    def finish(self, answer=None, failure=None):
        if not self._done.is_set():
            self.answer, self.failure = answer, failure
            self._done.set()

    def done(self):
        return self._done.is_set()

    def raw(self, timeout=20):
        """The whole answer message."""
        if not self._done.wait(timeout):
            raise TimeoutError(f"no answer to {self.message.get('method')} within {timeout} s")
        if self.failure is not None:
            raise self.failure
        return self.answer

    def result(self, timeout=20):
        answer = self.raw(timeout)
        if "error" in answer:
            error = answer["error"]
            parts = error.get("code"), error.get("message", ""), error.get("data")
            raise RpcError(*parts) if self.status in (None, 200) else HttpError(self.status, *parts)
        return answer["result"]

    @property
    def status(self):
        """The HTTP status; None on stdio and before the response."""
        return self.response.status if self.response is not None else None

    def cancel(self, reason="test"):
        self.client.notify("notifications/cancelled", {"requestId": self.id, "reason": reason})

    def drop(self):
        """Closes the response's connection: in the modern era that is the cancel."""
        if self.response is not None:
            self.response.drop()


class Client:
    """What the transports share; they provide `_send(pending)` and `send(message)`."""

    def __init__(self, era="legacy", handlers=None, capabilities=None, meta=None):
        self.era = era
        self.handlers = dict(handlers or {})
        self.capabilities = capabilities or {}
        self.meta = meta or {}
        self.version = MODERN if era == "modern" else LEGACY
        self.server = None        # the result of initialize or discover
        self.notifications = []
        self.requests = []        # what the server asked
        self._news = threading.Condition()
        self._next = 0
        self._lock = threading.Lock()

    def next_id(self):
        with self._lock:
            self._next += 1
            return self._next

    def message(self, method, params=None, id=None):
        params = dict(params or {})
        if self.era == "modern":
            params["_meta"] = {PREFIX + "protocolVersion": self.version,
                               PREFIX + "clientInfo": {"name": "mcp_client", "version": "1"},
                               PREFIX + "clientCapabilities": self.capabilities,
                               **self.meta, **params.get("_meta", {})}
        elif self.meta:
            params["_meta"] = {**self.meta, **params.get("_meta", {})}
        message = {"jsonrpc": "2.0", "method": method}
        if id is not None:
            message["id"] = id
        if params:
            message["params"] = params
        return message

    def start(self, method, params=None, id=None):
        pending = Pending(self, self.message(method, params, self.next_id() if id is None else id))
        self._send(pending)
        return pending

    def request(self, method, params=None, timeout=20, answer_inputs=True):
        params = dict(params or {})
        for _ in range(10):
            result = self.start(method, params).result(timeout)
            if not (answer_inputs and isinstance(result, dict) and result.get("resultType") == "input_required"):
                return result
            params["inputResponses"] = {key: self._handle(r["method"], r.get("params", {}))
                                        for key, r in result.get("inputRequests", {}).items()}
            params.pop("requestState", None)
            if "requestState" in result:
                params["requestState"] = result["requestState"]
        raise RpcError(0, "the server asked for input ten times")

    def notify(self, method, params=None):
        return self.send(self.message(method, params))

    def initialize(self, version=None, timeout=20):
        self.server = self.request("initialize", {
            "protocolVersion": version or self.version, "capabilities": self.capabilities,
            "clientInfo": {"name": "mcp_client", "version": "1"}}, timeout)
        self.version = self.server["protocolVersion"]
        self.notify("notifications/initialized")
        return self.server

    def discover(self, timeout=20):
        self.server = self.request("server/discover", {}, timeout)
        return self.server

    def call(self, tool, arguments=None, timeout=20, meta=None, **more):
        params = {"name": tool, "arguments": arguments or {}, **more}
        if meta:
            params["_meta"] = meta
        return self.request("tools/call", params, timeout)

    def call_text(self, tool, arguments=None, **more):
        return self.call(tool, arguments, **more)["content"][0]["text"]

    def list_all(self, what="tools", timeout=20):
        """tools, prompts, resources: every page."""
        items, params = [], {}
        for _ in range(1000):
            page = self.request(what + "/list", params, timeout)
            items += page[what]
            if page.get("nextCursor") is None:
                return items
            params = {"cursor": page["nextCursor"]}
        raise RpcError(0, "more than 1000 pages")

    def tool_names(self):
        return [tool["name"] for tool in self.list_all("tools")]

    def wait_notification(self, method, timeout=20, count=1, where=lambda params: True):
        """The params of the count-th such notification since the start."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = [n.get("params", {}) for n in self.notifications if n["method"] == method]
                found = [params for params in found if where(params)]
                if len(found) >= count:
                    return found[count - 1]
                left = deadline - time.monotonic()
                if left <= 0 or not self._news.wait(left):
                    if time.monotonic() >= deadline:
                        raise TimeoutError(f"no {method} within {timeout} s")

    def _handle(self, method, params):
        if method == "ping":
            return {}
        if method not in self.handlers:
            raise RpcError(-32601, "no handler for " + method)
        return self.handlers[method](params)

    def incoming(self, message):
        """A notification or a request of the server."""
        if "id" not in message:
            with self._news:
                self.notifications.append(message)
                self._news.notify_all()
            return
        with self._news:
            self.requests.append(message)
            self._news.notify_all()
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            result = self._handle(message["method"], message.get("params", {}))
            if result is None:
                return  # the handler wants no answer to be sent
            answer["result"] = result
        except RpcError as refusal:
            answer["error"] = refusal.to_json()
        self.send(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


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
            except ValueError:
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


class HttpClient(Client):
    """Streamable HTTP. `headers` go with every request; a value of None leaves a header out."""

    def __init__(self, port, path="/mcp", host="127.0.0.1", headers=None, timeout=20, resume=True, **more):
        super().__init__(**more)
        self.port, self.path, self.host, self.timeout, self.resume = port, path, host, timeout, resume
        self.headers = dict(headers or {})
        self.session_id = None
        self.initialized = False
        self._streams = []

    def raw(self, method, path=None, headers=None, body=None, timeout=None):
        """Exactly these headers beside Host and Content-Length; the Response."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout or self.timeout)
        headers = dict(headers or {})
        names = {name.lower() for name in headers}
        connection.putrequest(method, path or self.path, skip_host="host" in names, skip_accept_encoding=True)
        if body is not None and "content-length" not in names and "transfer-encoding" not in names:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders()
        if body:
            try:
                connection.send(body)
            except OSError:
                pass  # an early refusal may still be read
        return Response(connection, connection.getresponse())

    def default_headers(self, message=None, method="POST"):
        accept = "application/json, text/event-stream" if method == "POST" else "text/event-stream"
        headers = {"Accept": accept}
        if method == "POST":
            headers["Content-Type"] = "application/json"
        if self.era == "modern":
            headers["MCP-Protocol-Version"] = self.version
            if isinstance(message, dict) and "method" in message:
                headers["Mcp-Method"] = message["method"]
                name = message.get("params", {}).get(NAMED.get(message["method"], ""))
                if isinstance(name, str):
                    headers["Mcp-Name"] = encode_header(name)
        else:
            if self.session_id:
                headers["Mcp-Session-Id"] = self.session_id
            if self.server:
                headers["MCP-Protocol-Version"] = self.version
        return {**headers, **self.headers}

    def post(self, message, headers=None, timeout=None):
        """Sends a message (or bytes) as it is; the Response, unread."""
        body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
        if isinstance(message, bytes):
            try:
                message = json.loads(message)
            except ValueError:
                message = None
        return self.raw("POST", headers={**self.default_headers(message), **(headers or {})}, body=body,
                        timeout=timeout)

    def send(self, message):
        response = self.post(message)
        body = response.body
        if response.status >= 300:
            raise_for(response.status, body)
        return response

    def _send(self, pending):
        threading.Thread(target=self._run, args=(pending,), daemon=True).start()

    def _run(self, pending):
        try:
            pending.response = self.post(pending.message)
            self._receive(pending)
        except Exception as cause:
            pending.finish(failure=cause)

    def _receive(self, pending):
        response = pending.response
        if pending.message["method"] == "initialize" and response.status == 200:
            self.session_id = response.headers.get("mcp-session-id")
        if not response.is_stream:
            answer = parse_or_none(response.body)
            if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
                raise_for(response.status, response.body)
            pending.finish(answer)
            return
        last_id, retry = None, 1000
        for _ in range(5):
            try:
                for event in pending.response.events():
                    pending.events.append(event)
                    last_id = event.id or last_id
                    retry = event.retry if event.retry is not None else retry
                    self._take(pending, event)
                    if pending.done():
                        pending.response.close()
                        return
            except Dropped:
                pass
            pending.response.close()
            if not (self.resume and self.era == "legacy" and last_id is not None):
                break
            time.sleep(retry / 1000)
            pending.response = self.get(last_id)
            if pending.response.status != 200:
                raise_for(pending.response.status, pending.response.body)
        raise Dropped("the stream ended before the answer")

    def _take(self, pending, event):
        if event.comment or not event.data:
            return
        message = json.loads(event.data)
        if "method" in message:
            pending.messages.append(message)
            self.incoming(message)
        elif message.get("id") == pending.id:
            pending.finish(message)

    def get(self, last_event_id=None, headers=None):
        """The legacy GET stream: the Response, unread."""
        extra = {"Last-Event-ID": last_event_id} if last_event_id is not None else {}
        return self.raw("GET", headers={**self.default_headers(method="GET"), **extra, **(headers or {})})

    def delete(self, headers=None):
        response = self.raw("DELETE", headers={**self.default_headers(method="DELETE"), **(headers or {})})
        response.body
        return response

    def open_stream(self, last_event_id=None):
        """Opens the GET stream and takes what comes on it in the background. The Response."""
        response = self.get(last_event_id)
        if response.status != 200:
            raise_for(response.status, response.body)
        self._streams.append(response)

        def read():
            try:
                for event in response.events():
                    if event.data and not event.comment:
                        self.incoming(json.loads(event.data))
            except (Dropped, OSError):
                pass
            response.close()

        response.stay()
        threading.Thread(target=read, daemon=True).start()
        return response

    def listen(self, timeout=20, **notifications):
        """Modern subscriptions/listen, acknowledged: the Pending (its .drop() ends it)."""
        before = sum(n["method"] == "notifications/subscriptions/acknowledged" for n in self.notifications)
        pending = self.start("subscriptions/listen", {"notifications": notifications})
        deadline = time.monotonic() + timeout
        while not pending.messages:
            if pending.done():
                pending.result()
            if time.monotonic() > deadline:
                raise TimeoutError("no acknowledgement of subscriptions/listen")
            time.sleep(0.005)
        pending.response.stay()
        pending.acknowledged = self.wait_notification("notifications/subscriptions/acknowledged", timeout, before + 1)
        self._streams.append(pending)
        return pending

    def close(self):
        for stream in self._streams:
            stream.drop()
        if self.session_id and self.era == "legacy":
            try:
                self.delete()
            except OSError:
                pass
        self.session_id = None


class SseClient(HttpClient):
    """The transport of 2024-11-05: a GET stream whose `endpoint` event says where to POST."""

    def __init__(self, port, path="/sse", **more):
        super().__init__(port, path, **more)
        self.version = "2024-11-05"
        self._open = {}
        self._endpoint = threading.Event()
        self.stream = self.raw("GET", headers={"Accept": "text/event-stream", **self.headers})
        if self.stream.status != 200:
            raise_for(self.stream.status, self.stream.body)
        threading.Thread(target=self._read, daemon=True).start()
        if not self._endpoint.wait(self.timeout):
            raise TimeoutError("no endpoint event")

    def _read(self):
        try:
            for event in self.stream.events():
                if event.event == "endpoint":
                    self.path = event.data
                    self._endpoint.set()
                elif event.data and not event.comment:
                    message = json.loads(event.data)
                    if "method" in message:
                        self.incoming(message)
                    elif (pending := self._open.pop(message.get("id"), None)) is not None:
                        pending.finish(message)
        except Dropped:
            pass
        self.stream.close()
        for pending in list(self._open.values()):
            pending.finish(failure=Dropped("the stream ended"))

    def _send(self, pending):
        self._open[pending.id] = pending
        self.send(pending.message)

    def close(self):
        self.stream.drop()


def encode_header(value):
    """A header value as the modern transport wants it: Base64 in =?base64?…?= where it is not plain."""
    plain = all(0x20 <= ord(c) <= 0x7E for c in value) and value == value.strip()
    if plain and not (value.startswith("=?base64?") and value.endswith("?=")):
        return value
    import base64

    return "=?base64?" + base64.b64encode(value.encode()).decode() + "?="


def parse_or_none(body):
    try:
        return json.loads(body)
    except ValueError:
        return None


def raise_for(status, body):
    message = parse_or_none(body)
    error = message.get("error") if isinstance(message, dict) else None
    if isinstance(error, dict):
        raise HttpError(status, error.get("code"), error.get("message", ""), error.get("data"))
    raise HttpError(status, None, body[:300].decode(errors="replace"))


class HttpError(RpcError):
    """An answer that is no result, with its HTTP status."""

    def __init__(self, status, code, message, data=None):
        super().__init__(code, message, data)
        self.status = status

    def __str__(self):
        return f"HTTP {self.status}: {self.code} {self.message}"


def raw_exchange(port, data, timeout=10, host="127.0.0.1", half_close=False):
    """Sends bytes over a new connection and reads until the peer closes or is silent for `timeout`."""
    with socket.create_connection((host, port), timeout) as sock:
        sock.sendall(data)
        if half_close:
            sock.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while chunk := sock.recv(65536):
                got += chunk
        except TimeoutError:
            pass
        return got


__all__ = ["Client", "Dropped", "Event", "HttpClient", "HttpError", "LEGACY", "MODERN", "Pending", "Response",
           "RpcError", "SseClient", "StdioClient", "encode_header", "os", "raw_exchange"]
