"""A file fetched over HTTP: how quickly it came and what it cost the server."""

import time
from dataclasses import dataclass

from bench.row import PeerMissing
from bench.serving import Server

PIECE_BYTES = 64 * 1024
OK, NOT_FOUND = 200, 404


@dataclass(frozen=True, slots=True)
class Download:
    rows: int
    seconds: float
    first_byte_ms: float
    # Of the process that answered, over ``idle_mb``.
    memory_mb: float

    @property
    def rows_per_s(self) -> float:
        return self.rows / self.seconds


def download(server: Server, path: str, *, idle_mb: float) -> Download:
    """Read all of it; its first line is a header. Raises `PeerMissing` where the address is not there and
    `RuntimeError` for any other status than 200.
    """
    server.forget_peaks()
    began = time.perf_counter()
    answer = server.get(path)
    lines = answer.read(1).count(b"\n")
    first_byte_s = time.perf_counter() - began
    if answer.status == NOT_FOUND:
        raise PeerMissing("not installed: pip install '.[bench]'")
    if answer.status != OK:
        raise RuntimeError(f"{path}: {answer.status}")
    while piece := answer.read(PIECE_BYTES):
        lines += piece.count(b"\n")
    seconds = time.perf_counter() - began
    grown_mb = server.memory_of_children_mb("VmHWM") - idle_mb
    return Download(lines - 1, seconds, first_byte_s * 1000, grown_mb)
