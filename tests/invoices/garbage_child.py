"""A child that starts as it should and answers the first request as its first argument says."""

import os
import socket
import sys

from jumun.invoices.documents.render_child import LENGTH, READY, receive, send

ANSWERS = {
    "another kind": LENGTH.pack(5) + b"?okay",
    "nothing": LENGTH.pack(0),
    "no end": LENGTH.pack(2**62),
    "half": LENGTH.pack(1_000) + b"p%PDF-",
}

if __name__ == "__main__":
    parent = socket.socket(fileno=0)
    send(parent, READY, timeout_s=10)
    receive(parent, timeout_s=10)
    parent.sendall(ANSWERS[os.environ["TZ"]])
    sys.exit(3)
