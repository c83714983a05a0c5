"""Asks the client while calls are open. Tools: ask{method} (the answer is the result), withdraw{} (asks,
takes the question back, then answers), leave{} (asks and answers at once), flood{count} (asks so often;
how many were refused), twice{} (asks two things under one id), wait{} (no answer until `release`),
answers{} (what the client has answered so far)."""
import json

import wire

answers = []
waiting = {}
calls = []
tally = {}
count = 0


def ask(method, call, id=None):
    global count
    count += 1
    id = id or "q%d" % count
    waiting[id] = call
    wire.send({"jsonrpc": "2.0", "id": id, "method": method, "params": {"n": count}})
    return id


def call(request):
    name = request["params"]["name"]
    arguments = request["params"].get("arguments", {})
    if name == "ask":
        ask(arguments["method"], request)
    elif name == "withdraw":
        id = ask("sampling/createMessage", None)
        wire.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}})
        wire.answer(request, wire.text("withdrawn"))
    elif name == "leave":
        ask("sampling/createMessage", None)
        wire.answer(request, wire.text("left"))
    elif name == "flood":
        tally[request["id"]] = [request, arguments["count"], 0]
        for _ in range(arguments["count"]):
            ask("elicitation/create", request)
    elif name == "twice":
        ask("sampling/createMessage", request, "same")
        ask("sampling/createMessage", request, "same")
    elif name == "wait":
        calls.append(request)
    elif name == "release":
        for each in calls:
            wire.answer(each, wire.text("released"))
        calls.clear()
        wire.answer(request, wire.text("done"))
    elif name == "answers":
        wire.answer(request, wire.text(json.dumps(answers)))


def other(message):
    if message.get("method"):
        if "id" in message:
            wire.refuse(message, -32601, "no such method")
        return
    answers.append(message)
    asked_by = waiting.pop(message["id"], None)
    if asked_by is None:
        return
    if asked_by["id"] in tally:
        entry = tally[asked_by["id"]]
        entry[1] -= 1
        entry[2] += "error" in message
        if entry[1] == 0:
            wire.answer(entry[0], wire.text(str(entry[2])))
    else:
        wire.answer(asked_by, wire.text(json.dumps(message)))


wire.serve([wire.tool("ask")], call, other)
