"""A stdio MCP server that misbehaves on demand: each tool of behaviours.py is one way to do so.

  --era legacy|modern|dual    modern: server/discover and _meta (2026-07-28); dual: both (default legacy)
  --probe error|silent|exit   what a legacy server does on server/discover (default: -32601)
  --list KIND                 tools/list: duplicate long names schemaless bad_schema many none missing endless loop pages
  --start-delay SECONDS       before the first answer        --exit CODE   dies at once, with words on stderr
  --init refuse|silent|garbage|VERSION   what initialize gets
  --stubborn                  ignores the end of its input and SIGTERM
  --grandchild                has a child in a session of its own that is as stubborn
  --flaky N                   dies in the Nth call after it started
  --record FILE               appends every message it gets (and its pid) as JSON lines
Anything else on the command line is ignored (marks for tests that look for processes)."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time

import behaviours as b


class Peer:
    """The other end of our standard streams."""

    def __init__(self, options):
        self.options = options
        self.cancelled = []
        self.state = {}
        self.calls = 0
        self.listens = {}
        self.answers = {}
        self.news = threading.Condition()
        self.lock = threading.Lock()

    def raw(self, data):
        with self.lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def raw_message(self, text, request=None):
        self.raw(text.encode() + b"\n")

    def send(self, message, request=None):
        self.raw(json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")

    def ask(self, method, params, request=None):
        with self.news:
            self.state["asked"] = self.state.get("asked", 0) + 1
            id = f"ask-{self.state['asked']}"
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        with self.news:
            self.news.wait_for(lambda: id in self.answers, 60)
            return self.answers.pop(id, {"error": {"code": 0, "message": "no answer within 60 s"}})

    def changed(self, method):
        """To everyone (legacy) and to the listen requests that want it (modern), tagged."""
        if self.options.era != "modern" and not self.state.get("modern"):
            self.send(b.notification(method))
        kind = method.split("/")[1] + "ListChanged"
        for id, wanted in list(self.listens.items()):
            if wanted.get(kind):
                self.send(b.notification(method, {"_meta": {b.PREFIX + "subscriptionId": id}}))

    def record(self, entry):
        if self.options.record:
            with open(self.options.record, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")


def info():
    return {"name": "unruly", "version": "1"}


def initialize(peer, request):
    wanted = request.get("params", {}).get("protocolVersion")
    how = peer.options.init
    if how == "refuse":
        peer.send(b.error(request, -32603, "the database is down"))
    elif how == "silent":
        return
    elif how == "garbage":
        peer.send(b.result(request, "hello"))
    else:
        version = how or (wanted if wanted in b.LEGACY else b.LEGACY[0])
        peer.send(b.result(request, {"protocolVersion": version, "serverInfo": info(),
                                     "capabilities": {"tools": {"listChanged": True}, "logging": {}}}))


def check_envelope(peer, request):
    """Modern requests carry version and capabilities in _meta; what is wrong is answered here."""
    meta = b.meta_of(request)
    version = meta.get(b.PREFIX + "protocolVersion")
    if version is None or b.PREFIX + "clientCapabilities" not in meta:
        peer.send(b.error(request, -32602, "the request's _meta lacks protocolVersion or clientCapabilities"))
        return False
    if version != b.MODERN:
        peer.send(b.error(request, -32022, "unsupported protocol version",
                          {"supported": [b.MODERN], "requested": version}))
        return False
    return True


def listen(peer, request):
    wanted = request["params"].get("notifications", {})
    peer.listens[request["id"]] = wanted
    accepted = {k: v for k, v in wanted.items() if k == "toolsListChanged"}
    peer.send(b.notification("notifications/subscriptions/acknowledged", {
        "_meta": {b.PREFIX + "subscriptionId": request["id"]}, "notifications": accepted}))


def answer(peer, request):
    method = request["method"]
    options = peer.options
    modern = options.era == "modern" or (options.era == "dual" and b.is_modern(request))
    if method == "server/discover" and options.era == "legacy":
        if options.probe == "exit":
            os._exit(3)
        if options.probe != "silent":
            peer.send(b.error(request, -32601, "no such method"))
        return
    if modern and not check_envelope(peer, request):
        return
    peer.state["modern"] = modern
    cache = {"ttlMs": 0, "cacheScope": "private"} if modern else {}
    if method == "initialize" and not modern:
        initialize(peer, request)
    elif method == "server/discover":
        peer.send(b.result(request, {"supportedVersions": [b.MODERN], "serverInfo": info(),
                                     "capabilities": {"tools": {"listChanged": True}}, **cache}))
    elif method == "tools/list":
        tools = b.listed(True, peer.state.get("overlay", {}))
        peer.send(b.result(request, {**b.list_page(options.list, request, tools), **cache}))
    elif method == "tools/call":
        peer.calls += 1
        if peer.calls == options.flaky:
            os._exit(9)
        b.run(peer, request)
    elif method == "subscriptions/listen" and modern:
        listen(peer, request)
    elif method in ("ping", "logging/setLevel") and not modern:
        peer.send(b.result(request, {}))
    else:
        peer.send(b.error(request, -32601, "no such method"))


def take(peer, message):
    if "method" not in message:
        with peer.news:
            peer.answers[message.get("id")] = message
            peer.news.notify_all()
    elif "id" in message:
        answer(peer, message)
    elif message["method"] == "notifications/cancelled":
        peer.cancelled.append(message.get("params", {}))
        peer.listens.pop(message.get("params", {}).get("requestId"), None)


def sleep_for_ever():
    while True:
        time.sleep(60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--era", default="legacy", choices=["legacy", "modern", "dual"])
    parser.add_argument("--probe", default="error", choices=["error", "silent", "exit"])
    for name in ("--list", "--init", "--record"):
        parser.add_argument(name, default="")
    parser.add_argument("--start-delay", type=float, default=0)
    parser.add_argument("--exit", type=int)
    parser.add_argument("--flaky", type=int, default=0)
    for name in ("--stubborn", "--grandchild", "--be-grandchild"):
        parser.add_argument(name, action="store_true")
    options, ignored = parser.parse_known_args()
    if options.exit is not None:
        sys.stderr.write("no licence found\n")
        sys.exit(options.exit)
    if options.stubborn or options.be_grandchild:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if options.be_grandchild:
        sleep_for_ever()
    peer = Peer(options)
    if options.grandchild:
        child = subprocess.Popen([sys.executable, __file__, "--be-grandchild", *ignored], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        peer.state["children"] = [child.pid]
    peer.record({"pid": os.getpid()})
    time.sleep(options.start_delay)
    for line in sys.stdin.buffer:
        if line.strip():
            message = json.loads(line)
            peer.record(message)
            take(peer, message)
    if options.stubborn:
        sleep_for_ever()


if __name__ == "__main__":
    main()
