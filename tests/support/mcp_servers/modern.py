"""Speaks 2026-07-28 only: no handshake, every request must carry its envelope. `initialize` is refused.
Tools: echo{text}, meta{} (the request's _meta), state{} (asks for input twice, the second time with a
requestState), poll{} (answers with a requestState only), ask_other{} (asks what nobody answers),
forever{} (asks for ever), hang{}, seen{} (cancelled ids), task{} (a result that is none yet), change{}
(tells the subscriptions that the tools have changed). The arguments choose what `server/discover` does:
`slow` answers after a second, `future` knows only a later version, `strict` ends a subscription each
time it has told something; `turns` takes `initialize`, and is of the other era from then on."""
import json
import sys
import time

import wire

VERSION = "2026-07-28"
KEY = "io.modelcontextprotocol/"
cancelled = []
listens = []
turned = False  # has taken a handshake, with `turns`


def complete(result):
    return dict(result, resultType="complete")


def say(request, result):
    wire.answer(request, complete(result))


def ask(request, requests, state=None):
    result = {"resultType": "input_required"}
    if requests is not None:
        result["inputRequests"] = requests
    if state is not None:
        result["requestState"] = state
    wire.answer(request, result)


def question(message):
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message}}


def with_state(request):
    params = request["params"]
    given = params.get("inputResponses")
    if given is None:
        ask(request, {"name": question("name?"), "colour": question("colour?")})
    elif "requestState" not in params:
        ask(request, {"again": question("sure?")}, "state " + json.dumps(given))
    else:
        say(request, wire.text(params["requestState"] + " then " + json.dumps(given)))


def poll(request):
    if request["params"].get("requestState") == "later":
        say(request, wire.text("responses" if "inputResponses" in request["params"] else "done"))
    else:
        ask(request, None, "later")


def tell(method, params):
    for listen in list(listens):
        notification = {"jsonrpc": "2.0", "method": method,
                        "params": dict(params, _meta={KEY + "subscriptionId": listen["id"]})}
        wire.send(notification)
        if "strict" in sys.argv:
            listens.remove(listen)
            wire.send({"jsonrpc": "2.0", "method": "notifications/cancelled",
                       "params": {"requestId": listen["id"]}})


def call(request):
    params = request["params"]
    name = params["name"]
    if name == "echo":
        say(request, wire.text(params["arguments"]["text"]))
    elif name == "meta":
        say(request, wire.text(json.dumps(params["_meta"])))
    elif name == "state":
        with_state(request)
    elif name == "poll":
        poll(request)
    elif name == "ask_other":
        ask(request, {"r": {"method": "roots/list"}})
    elif name == "forever":
        ask(request, {"r": question("more?")})
    elif name == "seen":
        say(request, wire.text(json.dumps(cancelled)))
    elif name == "task":
        wire.answer(request, {"resultType": "task", "task": {"taskId": "t1", "status": "working"}})
    elif name == "listens":
        say(request, wire.text(json.dumps([listen["params"]["notifications"] for listen in listens])))
    elif name == "change":
        tell("notifications/tools/list_changed", {})
        tell("notifications/resources/updated", {"uri": "file:///a"})
        say(request, wire.text("told"))


def listen(request):
    wanted = dict(request["params"]["notifications"])
    if "file:///refused" in wanted.get("resourceSubscriptions", []):
        wanted["resourceSubscriptions"] = [u for u in wanted["resourceSubscriptions"]
                                           if u != "file:///refused"]
    listens.append(request)
    wire.send({"jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
               "params": {"notifications": wanted,
                          "_meta": {KEY + "subscriptionId": request["id"]}}})


def discover(request):
    if "slow" in sys.argv:
        time.sleep(1)
    if "future" in sys.argv:
        wire.send({"jsonrpc": "2.0", "id": request["id"],
                   "error": {"code": -32022, "message": "no", "data": {"supported": ["2099-01-01"]}}})
        return
    say(request, {"supportedVersions": [VERSION], "instructions": "be nice",
                  "capabilities": {"tools": {"listChanged": True},
                                   "resources": {"subscribe": True}},
                  "_meta": {KEY + "serverInfo": {"name": "modern", "version": "1"}},
                  "ttlMs": 60000, "cacheScope": "public"})


for message in wire.messages():
    method = message.get("method")
    if method == "notifications/cancelled":
        cancelled.append(message["params"]["requestId"])
        listens = [each for each in listens if each["id"] not in cancelled]
    elif "id" not in message or not method:
        wire.send({"jsonrpc": "2.0", "method": "notifications/unexpected", "params": message})
    elif method == "initialize" and "turns" in sys.argv:
        turned = True
        wire.answer(message, {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                              "serverInfo": {"name": "turned", "version": "1"}})
    elif turned and KEY + "protocolVersion" in message["params"].get("_meta", {}):
        wire.refuse(message, -32600, "you began with initialize")
    elif turned:
        call(message)
    elif method == "initialize":
        wire.refuse(message, -32602, "this server speaks only " + VERSION)
    elif message["params"]["_meta"].get(KEY + "protocolVersion") != VERSION:
        wire.refuse(message, -32602, "no envelope")
    elif method == "server/discover":
        discover(message)
    elif method == "tools/list":
        say(message, {"tools": [wire.tool("echo")], "ttlMs": 5000, "cacheScope": "private"})
    elif method == "tools/call":
        call(message)
    elif method == "subscriptions/listen":
        listen(message)
    else:
        wire.refuse(message, -32601, "no such method")
