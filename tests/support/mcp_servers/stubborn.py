"""Ignores the end of its input and SIGTERM, and has a child that does the same. `pids` tells both."""
import json
import os
import signal
import subprocess
import sys
import time

import wire

signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "child" in sys.argv:
    while True:
        time.sleep(60)

child = subprocess.Popen([sys.executable, __file__, "child"], stdin=subprocess.DEVNULL,
                         stdout=subprocess.DEVNULL)


def call(request):
    wire.answer(request, wire.text(json.dumps([os.getpid(), child.pid])))


wire.serve([wire.tool("pids")], call)
while True:
    time.sleep(60)
