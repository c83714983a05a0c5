"""A server from before 2026-07-28 that does not expect anything before `initialize`. The argument says
what it does then: `dies`, `ignores` it, `deaf` (and hears nothing more for half a second)."""
import os
import sys
import time

import wire

for message in wire.messages():
    method = message.get("method")
    if method == "initialize":
        wire.handshake(message)
    elif method == "tools/list":
        wire.answer(message, {"tools": [wire.tool(sys.argv[1])]})
    elif method == "server/discover" and sys.argv[1] == "dies":
        sys.stderr.write("unexpected method\n")
        os._exit(1)
    elif method == "server/discover" and sys.argv[1] == "deaf":
        time.sleep(0.5)
