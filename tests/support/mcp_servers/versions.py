"""Answers `initialize` with the protocol version given as the argument; `error` refuses it, `garbage`
answers with something that is no result."""
import sys

import wire

for message in wire.messages():
    if message.get("method") == "initialize":
        if sys.argv[1] == "error":
            wire.refuse(message, -32603, "the database is down")
        elif sys.argv[1] == "garbage":
            wire.answer(message, "hello")
        else:
            wire.handshake(message, sys.argv[1])
    elif message.get("method") == "tools/list":
        wire.answer(message, {"tools": [wire.tool("echo")]})
    elif "id" in message:
        wire.refuse(message, -32601, "no such method")
