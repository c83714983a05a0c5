"""Never answers a call; tells in `seen` which ids were cancelled. With the argument `start` it never
answers at all."""
import json
import sys
import time

import wire

cancelled = []


def call(request):
    if request["params"]["name"] == "seen":
        wire.answer(request, wire.text(json.dumps(cancelled)))


def other(message):
    if message.get("method") == "notifications/cancelled":
        cancelled.append(message["params"]["requestId"])
    elif "id" in message and message.get("method"):
        wire.refuse(message, -32601, "no such method")


if "start" in sys.argv:
    while True:
        time.sleep(60)
wire.serve([wire.tool("hang"), wire.tool("seen")], call, other)
