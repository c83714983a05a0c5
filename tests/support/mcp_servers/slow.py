"""Tools that take their time: steps{steps, pause} reports progress after each pause, silent{pause}
does not; calls run side by side. forever{} reports progress and never ends."""
import threading
import time

import wire

lock = threading.Lock()


def send(message):
    with lock:
        wire.send(message)


def progress(token, value, total=None):
    params = {"progressToken": token, "progress": value, "message": "step %d" % value}
    if total is not None:
        params["total"] = total
    send({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})


def work(request):
    params = request["params"]
    arguments = params.get("arguments", {})
    token = params.get("_meta", {}).get("progressToken")
    steps = int(arguments.get("steps", 3))
    value = 0
    while params["name"] == "forever" or value < steps:
        time.sleep(arguments.get("pause", 0.05))
        value += 1
        if token is not None and params["name"] != "silent":
            progress(token, value, steps)
    send({"jsonrpc": "2.0", "id": request["id"], "result": wire.text("done after %d" % value)})


def call(request):
    threading.Thread(target=work, args=(request,), daemon=True).start()


wire.serve([wire.tool("steps"), wire.tool("silent"), wire.tool("forever")], call)
