"""Dies in the middle of a call, with last words on stderr and exit code 7. With the argument `start`
it dies before the handshake."""
import os
import sys

import wire


def call(_request):
    sys.stderr.write("first words\nTraceback: the disk is on fire\n")
    sys.stderr.flush()
    os._exit(7)


if "start" in sys.argv:
    sys.stderr.write("no licence found\n")
    sys.exit(3)
wire.serve([wire.tool("echo")], call)
