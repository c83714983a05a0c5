"""What unruly_http.py keeps of a session and of a request, and the tools that only HTTP can have."""

import json
import queue
import secrets
import threading
import time

import behaviours as b

OWN = {}


def own(function):
    OWN[function.__name__] = function
    b.TOOLS[function.__name__] = {"function": function, "raw": False, "definition": {
        "name": function.__name__, "description": function.__doc__, "inputSchema": {"type": "object"}}}
    return function


class Session:
    """A legacy session, or the state of all modern requests."""

    def __init__(self, server):
        self.server, self.id = server, secrets.token_hex(16)
        self.cancelled, self.answers = [], {}
        self.state = server.shared
        self.requests = 0
        self.streams = []   # queues of open GET streams
        self.stored = {}    # stream -> [(event id, message text)]
        self.news = threading.Condition()

    def changed(self, method):
        for stream in list(self.streams):
            stream.put(json.dumps(b.notification(method)))
        self.server.tell_listens(method)


class Call:
    """The `peer` of one request: what it sends goes to the request's response."""

    def __init__(self, handler, session, request):
        self.handler, self.session, self.request = handler, session, request
        self.cancelled, self.state = session.cancelled, session.state
        self.stream = secrets.token_hex(4)
        self.events = queue.Queue()
        self.changed = session.changed

    def send(self, message, request=None):
        self.raw_message(json.dumps(message, ensure_ascii=True), request)

    def raw_message(self, text, request=None):
        stored = self.session.stored.setdefault(self.stream, [])
        id = f"{self.stream}-{len(stored)}"
        stored.append((id, text))
        self.events.put((id, text))

    def ask(self, method, params, request=None):
        id = "ask-" + secrets.token_hex(4)
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        with self.session.news:
            self.session.news.wait_for(lambda: id in self.session.answers, 60)
            return self.session.answers.pop(id, {"error": {"code": 0, "message": "no answer within 60 s"}})

    def steer(self, what, value=None):
        """Tells the thread that writes the response."""
        self.events.put((what, value))


@own
def drop(peer, request, arguments):
    """Ends the stream in mid-call; the answer waits for a GET with Last-Event-ID."""
    peer.steer("drop")
    time.sleep(0.05)
    if not arguments.get("lose"):
        b.answer_text(peer, request, "after the drop")


@own
def expire(peer, request, arguments):
    """Ends this session after the answer."""
    peer.session.server.sessions.pop(peer.session.id, None)
    b.answer_text(peer, request, "expired")


@own
def cut(peer, request, arguments):
    """Closes the connection without an answer."""
    peer.steer("cut")


@own
def split(peer, request, arguments):
    """The answer in pieces of one byte."""
    peer.steer("split")
    b.answer_text(peer, request, arguments.get("text", "in pieces: \u00e9"))


@own
def wrong_type(peer, request, arguments):
    """text/html with status 200."""
    peer.steer("html")


@own
def comments(peer, request, arguments):
    """`count` keep-alive comments, then the answer."""
    peer.steer("comments", int(arguments.get("count", 3)))
    b.answer_text(peer, request, "after the comments")
