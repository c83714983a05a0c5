#!/usr/bin/env python3
"""A language model that says what a script tells it, over the true wire of four dialects:

  POST …/messages           Anthropic Messages
  POST …/chat/completions   OpenAI Chat Completions
  POST …/responses          OpenAI Responses
  POST …/models/NAME:generateContent and :streamGenerateContent   Gemini

each with server-sent events where the request has "stream": true (Gemini: by the path), else as one JSON object.
Listens on 127.0.0.1 only and prints "listening PORT". Needs nothing but Python 3.

  mock_llm.py [--port N] [--script FILE.json]

The script is a list of rules; the first that fits a request answers it:

  [{"when": {"agent": "Planner", "has_tools": true, "tool": "submit_plan", "user": "regex",
             "results": 0, "model": "regex"},
    "times": 1,
    "answer": {"text": "…", "tool_calls": [{"name": "bash", "arguments": {"command": "true"}}]}}]

  when (each part may be left out; all given ones must hold)
    agent      the system prompt begins with "You are the <agent>" (Commander, Planner, Worker, Reviewer)
    has_tools  whether tools are offered
    tool       the name of the tool that tool_choice forces
    user       a regular expression that occurs in the newest text of the user
    results    how many tool results the request holds
    model      a regular expression that occurs in the model's name
  times        how often the rule may be used (default: without limit)
  answer
    text, tool_calls   one or both; a call may have "id", "raw" text in place of "arguments", and (in the
                       Responses dialect) the "namespace" of its tool
    usage              tokens: {"input", "output", "cached" (read from the cache, beside the input), "stored"}
    stop               the stop reason in the words of the dialect, where it is not the natural one
    usage: null        no usage is told at all
    wire               the events themselves, as a text, in place of all this
    status, headers, message    an HTTP error in the words of the dialect
    fault: reset       the connection is reset before anything is sent
           stall       nothing is ever sent
           midstall    nothing is sent after half of the answer
           midreset    the connection is reset after half of the answer
           badjson     the first event is broken JSON
           garbage     the answer is neither events nor JSON

Where no rule fits: a request for model mock-N (N = 1 where the name holds none) gets N tool turns,
each a bash call of "true", then a final text. A request that forces a tool, or offers no bash, gets
the final text.

  GET /requests   all requests received, in order: [{"path", "headers", "body"}]
  GET /health     {}
"""

import argparse
import json
import re
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mock_llm_wire import Seen, Writer

FINAL_TEXT = "Done. All scripted steps completed."


def default_answer(seen):
    turns = re.search(r"mock-(\d+)", seen.model)
    left = (int(turns.group(1)) if turns else 1) - seen.results
    if left > 0 and "bash" in seen.tools and not seen.forced:
        return {"tool_calls": [{"name": "bash", "arguments": {"command": "true"}}]}
    return {"text": FINAL_TEXT}


class Script:
    """The rules, the requests received, and the ids given out. Thread-safe."""

    def __init__(self, rules):
        for rule in rules:
            unknown = set(rule) - {"when", "times", "answer"} or set(rule.get("when", {})) - {
                "agent", "has_tools", "tool", "user", "results", "model"}
            if unknown or "answer" not in rule:
                raise SystemExit(f"mock_llm.py: not a rule: {json.dumps(rule)}")
        self.rules = rules
        self.left = [rule.get("times", float("inf")) for rule in rules]
        self.requests = []
        self.ids = 0
        self.lock = threading.Lock()

    def answer(self, seen, record):
        with self.lock:
            self.requests.append(record)
            for index, rule in enumerate(self.rules):
                if self.left[index] > 0 and seen.fits(rule.get("when", {})):
                    self.left[index] -= 1
                    return rule["answer"]
        return default_answer(seen)

    def new_id(self, prefix):
        with self.lock:
            self.ids += 1
            return f"{prefix}_{self.ids:06d}"


ERROR_TYPES = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
               404: "not_found_error", 429: "rate_limit_error", 529: "overloaded_error"}
DIALECTS = {"/messages": "anthropic", "/chat/completions": "chat", "/responses": "responses",
            ":generateContent": "gemini", ":streamGenerateContent": "gemini"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script = None

    def log_message(self, *args):
        pass

    def send(self, status, kind, body, headers=None):
        lines = {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{k}: {v}\r\n" for k, v in lines.items()) + "\r\n"
        self.wfile.write(head.encode() + body)

    def send_json(self, status, value, headers=None):
        self.send(status, "application/json", json.dumps(value).encode(), headers)

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def stall(self):
        self.close_connection = True
        try:
            while self.connection.recv(4096):
                pass
        except OSError:
            pass

    def do_GET(self):
        if self.path == "/requests":
            with self.script.lock:
                received = list(self.script.requests)
            self.send_json(200, received)
        else:
            self.send_json(200 if self.path == "/health" else 404, {})

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        dialect = next((d for end, d in DIALECTS.items() if path.endswith(end)), None)
        try:
            body = json.loads(raw)
        except ValueError:
            return self.send_json(400, {"error": {"message": "the body is no JSON"}})
        if dialect is None or not isinstance(body, dict):
            return self.send_json(404, {"error": {"message": "no such endpoint: " + self.path}})
        if dialect == "gemini":
            name, _, method = path.rsplit("/", 1)[-1].partition(":")
            body = {"model": name, "stream": method == "streamGenerateContent", **body}
        seen = Seen(dialect, body)
        record = {"path": self.path, "headers": dict(self.headers.items()), "body": body}
        return self.reply(seen, self.script.answer(seen, record))

    def reply(self, seen, answer):
        fault = answer.get("fault")
        if fault in ("reset", "stall"):
            return self.reset() if fault == "reset" else self.stall()
        if "status" in answer:
            status = answer["status"]
            error = {"type": ERROR_TYPES.get(status, "api_error"), "message": answer.get("message", "scripted error")}
            shape = {"type": "error", "error": error} if seen.dialect == "anthropic" else {"error": error}
            return self.send_json(status, shape, answer.get("headers"))
        if fault == "garbage":
            return self.send(200, "text/event-stream", b"data: \x00\xff<<< not an event >>>\n\n")
        if "wire" in answer:
            return self.send(200, "text/event-stream", answer["wire"].encode(errors="surrogatepass"))
        writer = Writer(self.script.new_id, seen, answer)
        if not seen.body.get("stream"):
            return self.send_json(200, writer.whole(), answer.get("headers"))
        return self.stream(writer.events(), fault)

    def stream(self, events, fault):
        if fault == "badjson":
            events = events.replace("data: {", "data: {{{", 1)
        data = events.encode()
        half = fault in ("midreset", "midstall")
        data = data[:len(data) // 2] if half else data
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                         + b"%x\r\n%s\r\n" % (len(data), data) + (b"" if half else b"0\r\n\r\n"))
        if half:
            self.wfile.flush()
            return self.reset() if fault == "midreset" else self.stall()
        return None


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--script", help="a JSON file with the rules")
    options = parser.parse_args()
    rules = []
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            rules = json.load(file)
    Handler.script = Script(rules)
    server = Server(("127.0.0.1", options.port), Handler)
    print(f"listening {server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
