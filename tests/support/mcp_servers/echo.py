"""A well-behaved server: echo{text}, add{a, b}, fails{}, meta{} (shows the request's _meta)."""
import json

import wire


def call(request):
    name = request["params"]["name"]
    arguments = request["params"].get("arguments", {})
    if name == "echo":
        wire.answer(request, wire.text(arguments.get("text", "")))
    elif name == "add":
        total = arguments["a"] + arguments["b"]
        result = wire.text(str(total))
        result["structuredContent"] = {"total": total}
        result["_meta"] = {"fixture/kept": True}
        wire.answer(request, result)
    elif name == "fails":
        wire.answer(request, wire.text("it did not work", True))
    elif name == "meta":
        wire.answer(request, wire.text(json.dumps(request["params"].get("_meta", {}))))
    else:
        wire.refuse(request, -32602, "unknown tool " + name)


wire.serve([wire.tool("echo"), wire.tool("add"), wire.tool("fails"), wire.tool("meta")], call)
