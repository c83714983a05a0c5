"""Stops talking during a call but lives on: closes its stdout (tool `output`) or its stdin."""
import os
import sys
import time

import wire


def call(request):
    if request["params"]["name"] == "output":
        os.close(1)
    else:
        os.close(0)
    sys.stderr.write("closed\n")
    sys.stderr.flush()
    while True:
        time.sleep(60)


wire.serve([wire.tool("output"), wire.tool("input")], call)
