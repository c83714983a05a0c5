"""Floods: garbage{} mixes lines that are no messages with the answer, large{bytes} answers with one
line of that length (last=true: with the id at its end), stderr{bytes} fills stderr, endless{} never
ends its line until the next request comes."""
import json
import sys

import wire


def large(request, arguments):
    body = "x" * int(arguments.get("bytes", 12_000_000))
    result = wire.text(body)
    if arguments.get("last"):
        wire.send({"result": result, "jsonrpc": "2.0", "id": request["id"]})
    elif arguments.get("nobody"):
        wire.send({"result": result, "jsonrpc": "2.0", "extra": 1, "id": request["id"], "z": 2})
    else:
        wire.answer(request, result)


def call(request):
    name = request["params"]["name"]
    arguments = request["params"].get("arguments", {})
    if name == "garbage":
        wire.raw("Server started!\n\n\n{\n[1,2\n{\"jsonrpc\":\"1.0\",\"id\":99}\n\x00\x01\x1b[31m\n")
        wire.raw("true\n[]\n{}\n\"text\"\n" + "é" * 300 + "\n")
        wire.answer(request, wire.text("after the garbage"))
    elif name == "large":
        large(request, arguments)
    elif name == "stderr":
        for _ in range(int(arguments.get("bytes", 2_000_000)) // 1000):
            sys.stderr.write("e" * 999 + "\n")
        sys.stderr.flush()
        wire.answer(request, wire.text("after the flood"))
    elif name == "broken":
        # Right id, but not JSON as we accept it (the same key twice).
        wire.raw('{"jsonrpc":"2.0","id":%s,"result":{"a":1,"a":2}}\n' % json.dumps(request["id"]))
    elif name == "shape":
        wire.answer(request, arguments.get("result"))
    elif name == "answer":
        wire.raw(json.dumps({"jsonrpc": "2.0", "id": request["id"], **arguments}) + "\n")


wire.serve([wire.tool(n) for n in ("garbage", "large", "stderr", "broken", "shape", "answer")], call)
