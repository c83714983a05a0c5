"""Answers each call twice, then to ids that nobody used, then late to the call before."""
import wire

before = []


def call(request):
    name = request["params"]["name"]
    wire.send({"jsonrpc": "2.0", "id": "nobody", "result": wire.text("invented")})
    wire.send({"jsonrpc": "2.0", "id": 10_000, "result": wire.text("invented")})
    for old in before:
        wire.answer(old, wire.text("late"))
    before.append(request)
    text = request["params"].get("arguments", {}).get("text", name)
    wire.answer(request, wire.text(text))
    wire.answer(request, wire.text("second answer"))


wire.serve([wire.tool("echo")], call)
