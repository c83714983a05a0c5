"""Describes its tool `echo` in other words each time it is started; `die{}` ends it."""
import os
import time

import wire


def call(request):
    if request["params"]["name"] == "die":
        os._exit(1)
    wire.answer(request, wire.text(request["params"].get("arguments", {}).get("text", "")))


wire.serve([{**wire.tool("echo"), "description": f"Echoes since {time.time_ns()}"}, wire.tool("die")], call)
