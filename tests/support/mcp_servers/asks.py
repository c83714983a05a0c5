"""Asks the client before it answers a call: the tool's name is the method that is asked, the result
is the client's answer. Sends a tools/list_changed first."""
import json

import wire


def call(request):
    wire.send({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    wire.send({"jsonrpc": "2.0", "id": "q1", "method": request["params"]["name"]})
    for message in wire.messages():
        if message.get("id") == "q1" and "method" not in message:
            wire.answer(request, wire.text(json.dumps(message)))
            return


wire.serve([wire.tool("ping"), wire.tool("roots/list"), wire.tool("sampling/createMessage")], call)
