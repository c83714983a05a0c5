"""A server that writes down every call before it works: `ledger.py FILE`.

Each call is one line {tool, name, key, pid, n} in FILE, on disk before anything else happens; `n` counts the calls of
that key. Tools: work{name, ms} takes its time; flaky{name, fails} fails its first calls; once{name, ms}; slow{name, ms}.
"""
import json
import os
import sys
import time

import wire

FILE = sys.argv[1]


def note(tool, name, key):
    descriptor = os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        with open(FILE, encoding="utf-8") as file:
            n = 1 + sum(1 for line in file if line.endswith("}\n") and json.loads(line)["key"] == key)
        line = json.dumps({"tool": tool, "name": name, "key": key, "pid": os.getpid(), "n": n}) + "\n"
        os.write(descriptor, line.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return n


def call(request):
    params = request["params"]
    tool, arguments = params["name"], params.get("arguments", {})
    name, key = arguments.get("name", ""), params.get("_meta", {}).get("oap/idempotencyKey", "")
    n = note(tool, name, key)
    time.sleep(arguments.get("ms", 0) / 1000)
    if tool == "flaky" and n <= arguments.get("fails", 1):
        wire.answer(request, wire.text(f"attempt {n} fails", True))
        return
    result = wire.text(f"{name} done")
    result["structuredContent"] = {"name": name, "n": n}
    wire.answer(request, result)


wire.serve([wire.tool(name) for name in ("work", "flaky", "once", "slow")], call)
