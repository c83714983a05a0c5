"""tools/list in pages. The argument chooses: `good` (three pages, one cursor is the empty string),
`loop` (the same cursor again), `endless` (always a new one), `odd` (tools without name or schema),
`none` (no tools array), `missing` (the method is unknown)."""
import sys

import wire

kind = sys.argv[1]


def page(request):
    cursor = request.get("params", {}).get("cursor")
    if kind == "good":
        step = {None: (["a"], ""), "": (["b"], "last"), "last": (["c"], None)}
        names, following = step[cursor]
        result = {"tools": [wire.tool(n) for n in names]}
        if following is not None:
            result["nextCursor"] = following
        return result
    if kind == "loop":
        return {"tools": [wire.tool("a")], "nextCursor": "again"}
    if kind == "endless":
        return {"tools": [], "nextCursor": (cursor or "") + "x"}
    if kind == "odd":
        return {"tools": [{"name": "no-schema"}, {"inputSchema": {}}, 7, wire.tool("good"),
                          wire.tool("good"), {"name": "kept", "inputSchema": {"type": "object"},
                                              "icons": [{"src": "data:x"}], "future": {"a": 1}}]}
    return {}


for message in wire.messages():
    method = message.get("method")
    if method == "initialize":
        wire.handshake(message)
    elif method == "tools/list":
        if kind == "missing":
            wire.refuse(message, -32601, "no tools here")
        else:
            wire.answer(message, page(message))
    elif "id" in message:
        wire.refuse(message, -32601, "no such method")
