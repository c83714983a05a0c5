"""The HTTP transports of mcp_client.py: Streamable HTTP of both eras, and HTTP+SSE of 2024-11-05."""

import base64
import http.client
import json
import socket
import struct
import threading
import time

from mcp_client_base import Client, Dropped, HttpError

NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri", "tasks/get": "taskId",
         "tasks/update": "taskId", "tasks/cancel": "taskId"}


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
