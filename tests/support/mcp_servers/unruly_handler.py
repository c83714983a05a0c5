"""The HTTP side of unruly_http.py: who may enter, which era a request is of, how its answer is written."""

import base64
import http.server
import json
import queue
import socket
import time
import urllib.parse

import behaviours as b
from unruly_session import OWN, Call, Session


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    @property
    def options(self):
        return self.server.options

    # -- writing ----------------------------------------------------------------------------------

    def reply(self, status, body=b"", kind="application/json", **headers):
        if isinstance(body, dict):
            body = json.dumps(body).encode()
        self.send_response(status)
        if body:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, message, request=None, data=None, **headers):
        self.reply(status, b.error(request or {}, code, message, data), **headers)

    def begin_stream(self, **headers):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def chunk(self, text):
        data = text.encode() if isinstance(text, str) else text
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def event(self, id, text, name="message"):
        self.chunk((f"id: {id}\n" if id else "") + f"event: {name}\ndata: {text}\n\n")

    def end_stream(self):
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def cut_connection(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    # -- the gate ---------------------------------------------------------------------------------

    def read_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def enter(self, body):
        """Records the request; False where it was answered here already."""
        self.server.record({"method": self.command, "path": self.path, "headers": dict(self.headers.items()),
                            "body": body.decode(errors="replace")})
        base = f"http://127.0.0.1:{self.server.server_port}"
        if self.path == "/health":
            self.reply(503 if self.options.unhealthy else 200)
        elif self.path.startswith("/.well-known/oauth-protected-resource"):
            self.reply(200, {"resource": base + "/mcp", "authorization_servers": [base], "scopes_supported": ["mcp"]})
        elif self.path.startswith("/control/"):
            self.server.control(self.path[len("/control/"):])
            self.reply(204)
        elif self.options.auth and self.headers.get("Authorization") != "Bearer " + self.options.auth:
            self.reply(401, WWW_Authenticate=f'Bearer resource_metadata="{base}/.well-known/oauth-protected-resource/mcp"'
                                             ', scope="mcp"')
        elif self.options.redirect:
            self.reply(307, Location=self.options.redirect)
        elif self.options.status and self.command == "POST":
            self.reply(self.options.status)
        else:
            return True
        return False

    def session(self):
        """The session that the header names, or None after a refusal."""
        if self.options.no_session:
            return self.server.everyone
        id = self.headers.get("Mcp-Session-Id")
        if id is None:
            self.refuse(400, -32000, "Mcp-Session-Id is missing")
            return None
        found = self.server.sessions.get(id)
        if found is not None and self.options.expire and found.requests >= self.options.expire:
            self.server.sessions.pop(id, None)
            found = None
        if found is None:
            self.refuse(404, -32001, "session not found")
        return found

    # -- methods ----------------------------------------------------------------------------------

    def do_POST(self):
        body = self.read_body()
        if not self.enter(body):
            return
        try:
            message = json.loads(body)
        except ValueError:
            self.refuse(400, -32700, "parse error")
            return
        if self.options.era == "sse":
            self.post_old(message)
        elif self.options.era != "legacy" and (b.is_modern(message) or self.options.era == "modern"):
            self.post_modern(message)
        else:
            self.post_legacy(message)

    def post_legacy(self, message):
        if message.get("method") == "initialize":
            session = Session(self.server)
            self.server.sessions[session.id] = session
            headers = {} if self.options.no_session else {"Mcp_Session_Id": session.id}
            wanted = message["params"].get("protocolVersion")
            result = {"protocolVersion": wanted if wanted in b.LEGACY else b.LEGACY[0],
                      "capabilities": {"tools": {"listChanged": True}, "logging": {}},
                      "serverInfo": {"name": "unruly_http", "version": "1"}}
            call = Call(self, session, message)
            call.send(b.result(message, result))
            self.respond(call, headers)
            return
        session = self.session()
        if session is None:
            return
        version = self.headers.get("MCP-Protocol-Version")
        if version is not None and version not in b.LEGACY:
            self.refuse(400, -32000, "unsupported protocol version " + version)
            return
        session.requests += 1
        if not self.take_note(session, message):
            call = Call(self, session, message)
            self.answer(call, message)
            self.respond(call)

    def take_note(self, session, message):
        """Notifications and answers: 202."""
        if "id" in message and "method" in message:
            return False
        if message.get("method") == "notifications/cancelled":
            session.cancelled.append(message.get("params", {}))
        if "method" not in message:
            with session.news:
                session.answers[message.get("id")] = message
                session.news.notify_all()
        self.reply(202)
        return True

    def post_modern(self, message):
        meta = b.meta_of(message)
        version = meta.get(b.PREFIX + "protocolVersion")
        if version is None or b.PREFIX + "clientCapabilities" not in meta:
            return self.refuse(400, -32602, "_meta lacks protocolVersion or clientCapabilities", message)
        if version != b.MODERN:
            return self.refuse(400, -32022, "unsupported protocol version", message,
                               {"supported": [b.MODERN], "requested": version})
        name = message.get("params", {}).get({"tools/call": "name", "prompts/get": "name",
                                              "resources/read": "uri"}.get(message.get("method"), ""))
        for header, expected in (("MCP-Protocol-Version", version), ("Mcp-Method", message.get("method")),
                                 ("Mcp-Name", name)):
            if expected is not None and decode_header(self.headers.get(header)) != expected:
                return self.refuse(400, -32020, f"{header} does not match the body", message)
        call = Call(self, self.server.everyone, message)
        if message["method"] == "subscriptions/listen":
            return self.listen(call, message)
        if message["method"] not in ("server/discover", "tools/list", "tools/call"):
            return self.refuse(404, -32601, "no such method", message)
        self.answer(call, message)
        return self.respond(call)

    def answer(self, call, message):
        method = message["method"]
        cache = {"ttlMs": 0, "cacheScope": "private"} if b.is_modern(message) else {}
        if method == "tools/list":
            tools = b.listed(False, call.state.get("overlay", {}))
            call.send(b.result(message, {**b.list_page(self.options.list, message, tools), **cache}))
        elif method == "tools/call":
            b.run(call, message)
        elif method == "server/discover" and b.is_modern(message):
            call.send(b.result(message, {"supportedVersions": [b.MODERN], "capabilities": {"tools": {"listChanged": True}},
                                         "serverInfo": {"name": "unruly_http", "version": "1"}, **cache}))
        elif method in ("ping", "logging/setLevel"):
            call.send(b.result(message, {}))
        else:
            call.send(b.error(message, -32601, "no such method"))

    def respond(self, call, headers=None):
        """Writes what the call sends until its answer was among it; notes a client that leaves."""
        try:
            left = self.write_response(call, headers) == "left"
        except OSError:
            left = True
        if left:
            call.cancelled.append({"closed": call.request.get("id")})
            self.close_connection = True

    def write_response(self, call, headers):
        as_json = self.options.answers == "json" and call.request.get("params", {}).get("name") not in OWN
        resumable = not b.is_modern(call.request)
        started = False
        pieces = False
        while True:
            if self.is_gone():
                return "left"
            try:
                id, text = call.events.get(timeout=0.05)
            except queue.Empty:
                continue
            if id == "cut":
                return self.cut_connection()
            if id == "html":
                return self.reply(200, b"<html>not what you asked for</html>", "text/html")
            if id == "split":
                pieces = True
                continue
            is_answer = id not in ("drop", "comments") and json_id(text) == call.request["id"]
            if as_json:
                if is_answer:
                    return self.reply(200, text.encode(), **(headers or {}))
                continue
            if not started:
                started = True
                self.begin_stream(**(headers or {}))
                if resumable:
                    self.event(call.stream + "-start", "")
            if id == "drop":
                self.chunk(f"retry: {self.options.retry}\n\n")
                return self.end_stream()
            if id == "comments":
                for _ in range(text):
                    self.chunk(": keep-alive\n\n")
                continue
            if pieces:
                for byte in f"data: {text}\n\n".encode():
                    self.chunk(bytes([byte]))
            else:
                self.event(id if resumable else None, text)
            if is_answer:
                return self.end_stream()

    def is_gone(self):
        """Whether the client closed the connection."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def listen(self, call, message):
        wanted = message["params"].get("notifications", {})
        tag = {b.PREFIX + "subscriptionId": message["id"]}
        entry = (wanted, tag, call.events)
        self.server.listens.append(entry)
        try:
            self.begin_stream(X_Accel_Buffering="no")
            accepted = {k: v for k, v in wanted.items() if k == "toolsListChanged"}
            self.event(None, json.dumps(b.notification("notifications/subscriptions/acknowledged",
                                                       {"_meta": tag, "notifications": accepted})))
            self.pump(call.events, lambda: json.dumps(b.result(message, {"_meta": tag})))
        finally:
            self.server.listens.remove(entry)

    def pump(self, events, last_words=None):
        """Writes queued texts to an open stream until it is told to end (None) or the client leaves."""
        while not self.is_gone():
            try:
                text = events.get(timeout=0.1)
            except queue.Empty:
                continue
            if text is None:
                if last_words:
                    self.event(None, last_words())
                return self.end_stream()
            self.event(None, text)
        self.close_connection = True
        return None

    def do_GET(self):
        if not self.enter(b""):
            return
        if self.options.era == "sse":
            return self.get_old()
        if self.options.era == "modern" or self.options.no_get:
            return self.reply(405, Allow="POST")
        session = self.session()
        if session is None:
            return None
        last = self.headers.get("Last-Event-ID")
        if last is not None:
            self.begin_stream()
            stream, _, number = last.rpartition("-")
            at = 0 if number == "start" else int(number) + 1
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline and not self.is_gone():
                stored = session.stored.get(stream, [])
                for id, text in stored[at:]:
                    self.event(id, text)
                    at += 1
                if any("method" not in json.loads(text) for _, text in stored[:at]):
                    return self.end_stream()
                time.sleep(0.01)
            return self.end_stream()
        events = queue.Queue()
        session.streams.append(events)  # before the head, so that whoever has seen it misses nothing
        try:
            self.begin_stream()
            return self.pump(events)
        finally:
            session.streams.remove(events)

    def do_DELETE(self):
        if self.enter(b""):
            session = self.session()
            if session is not None:
                self.server.sessions.pop(session.id, None)
                self.reply(200)

    # -- 2024-11-05 ---------------------------------------------------------------------------------

    def get_old(self):
        if self.path != "/sse":
            return self.reply(404)
        session = Session(self.server)
        self.server.sessions[session.id] = session
        events = queue.Queue()
        session.streams.append(events)
        self.begin_stream()
        self.event(None, "/messages?session=" + session.id, "endpoint")
        try:
            return self.pump(events)
        finally:
            self.server.sessions.pop(session.id, None)

    def post_old(self, message):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        session = self.server.sessions.get(query.get("session", [""])[0])
        if session is None:
            return self.refuse(404 if self.path.startswith("/messages") else 405, -32001, "session not found")
        if self.take_note(session, message):
            return None
        call = Call(self, session, message)
        call.raw_message = lambda text, request=None: session.streams[0].put(text)
        if message["method"] == "initialize":
            call.send(b.result(message, {"protocolVersion": "2024-11-05", "capabilities": {"tools": {}},
                                         "serverInfo": {"name": "unruly_http", "version": "1"}}))
        else:
            self.answer(call, message)
        return self.reply(202)


def decode_header(value):
    if value is not None and value.startswith("=?base64?") and value.endswith("?="):
        return base64.b64decode(value[9:-2]).decode()
    return value


def json_id(text):
    """The id where the text is an answer, else None."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        start = text.find('"id":')
        return json.JSONDecoder().raw_decode(text[start + 5:])[0] if start >= 0 else None
    return message.get("id") if isinstance(message, dict) and "method" not in message else None
