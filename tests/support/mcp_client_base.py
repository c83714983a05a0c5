"""What the MCP clients of tests share: errors, a request under way, and the client without a transport."""

import threading
import time

LEGACY, MODERN = "2025-11-25", "2026-07-28"
PREFIX = "io.modelcontextprotocol/"


class RpcError(Exception):
    def __init__(self, code, message="", data=None):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.data = code, message, data

    def to_json(self):
        error = {"code": self.code, "message": self.message}
        return error if self.data is None else {**error, "data": self.data}


class Dropped(Exception):
    """The connection ended before the answer."""


class HttpError(RpcError):
    """An answer that is no result, with its HTTP status."""

    def __init__(self, status, code, message, data=None):
        super().__init__(code, message, data)
        self.status = status

    def __str__(self):
        return f"HTTP {self.status}: {self.code} {self.message}"


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
