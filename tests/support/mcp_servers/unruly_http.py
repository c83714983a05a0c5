"""An MCP server over HTTP that misbehaves on demand, with the tools of behaviours.py and a few of its own.
Prints "port N" when it listens (on a free port of 127.0.0.1).

  --era legacy|modern|dual|sse  Streamable HTTP at /mcp, or with `sse` the transport of 2024-11-05 (GET /sse)
  --answers sse|json            how requests are answered (default sse); json cannot carry notifications
  --expire N                    a session ends after N requests (404 from then on)   --no-session   --no-get (405)
  --auth TOKEN                  401 with WWW-Authenticate for any other bearer; protected-resource metadata
  --status CODE                 every POST gets this status and no MCP answer; --redirect URL: 307 to there
  --list KIND                   as in unruly.py    --retry MS  the retry of dropped streams (default 50)
  --unhealthy                   GET /health answers 503 instead of 200
  --record FILE                 every request as a JSON line {method, path, headers, body}

Tools of its own: drop{retry} ends the SSE stream in mid-call and answers on GET with Last-Event-ID (once:
`lose` also loses the answer); expire{} ends the session; cut{} closes the connection without an answer;
split{} sends the answer byte by byte; wrong_type{} answers with text/html; comments{count} sends keep-alives first.
POST /control/expire, /control/expire_all, /control/changed, /control/end_streams do the same from outside."""

import argparse
import http.server
import json
import sys
import threading

import behaviours as b
from unruly_handler import Handler
from unruly_session import Session


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options):
        super().__init__(("127.0.0.1", 0), Handler)
        self.options = options
        self.shared = {}
        self.sessions = {}
        self.listens = []
        self.everyone = Session(self)
        self.lock = threading.Lock()

    def handle_error(self, *_):
        cause = sys.exc_info()[1]
        if not isinstance(cause, (ConnectionError, TimeoutError)):
            super().handle_error(*_)

    def record(self, entry):
        if self.options.record:
            with self.lock, open(self.options.record, "a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")

    def tell_listens(self, method):
        kind = method.split("/")[1] + "ListChanged"
        for wanted, tag, events in list(self.listens):
            if wanted.get(kind):
                events.put(json.dumps(b.notification(method, {"_meta": tag})))

    def control(self, what):
        if what == "expire" and self.sessions:
            self.sessions.pop(next(iter(self.sessions)))
        elif what == "expire_all":
            self.sessions.clear()
        elif what == "changed":
            for session in [self.everyone, *self.sessions.values()]:
                for stream in session.streams:
                    stream.put(json.dumps(b.notification("notifications/tools/list_changed")))
            self.tell_listens("notifications/tools/list_changed")
        elif what == "end_streams":
            for session in [self.everyone, *self.sessions.values()]:
                for stream in session.streams:
                    stream.put(None)
            for _, _, events in self.listens:
                events.put(None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--era", default="legacy", choices=["legacy", "modern", "dual", "sse"])
    parser.add_argument("--answers", default="sse", choices=["sse", "json"])
    for name in ("--auth", "--redirect", "--list", "--record"):
        parser.add_argument(name, default="")
    parser.add_argument("--retry", type=int, default=50)
    for name in ("--expire", "--status"):
        parser.add_argument(name, type=int, default=0)
    for name in ("--no-session", "--no-get", "--unhealthy"):
        parser.add_argument(name, action="store_true")
    server = Server(parser.parse_known_args()[0])
    print("port", server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
