"""Files as one ZIP archive that leaves while it is made.

Not by `zipfile`, which remembers every entry until the end: here the directory waits on disk, so that memory does not
grow with the number of files. The layout is that of PKWARE's APPNOTE.TXT 6.3.10.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import IO

from jumun.exports.documents import CHUNK_BYTES, File

STORED, DEFLATED = 0, 8
# Bit 3: CRC and sizes follow the content, which nobody has measured yet. Bit 11: the name is UTF-8.
FLAGS = 1 << 3 | 1 << 11
VERSION, VERSION_ZIP64 = 20, 45
MADE_ON_UNIX = 3 << 8 | VERSION_ZIP64
READABLE_BY_ITS_OWNER = 0o100600 << 16
UINT16_MAX, UINT32_MAX = 0xFFFF, 0xFFFFFFFF

LOCAL_HEADER = struct.Struct("<4s5H3L2H")
DESCRIPTOR = struct.Struct("<4s3L")
DIRECTORY_ENTRY = struct.Struct("<4s6H3L5H2L")
OFFSET_ZIP64 = struct.Struct("<2HQ")
END_ZIP64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_ZIP64 = struct.Struct("<4sLQL")
END = struct.Struct("<4s4H2LH")


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """The archive, a piece at a time."""
    with tempfile.TemporaryFile() as directory:
        offset = count = 0
        for file in files:
            start, count = offset, count + 1
            for piece in _entry(file, start, directory):
                offset += len(piece)
                yield piece
        size = directory.tell()
        directory.seek(0)
        while piece := directory.read(CHUNK_BYTES):
            yield piece
        yield _end(count, size, offset)


def _entry(file: File, start: int, directory: IO[bytes]) -> Iterator[bytes]:
    """A file with what stands before and behind it; what the directory says of it is written there."""
    name = file.name.encode()
    # A PDF is compressed within.
    method = STORED if file.name.endswith(".pdf") else DEFLATED
    described = (FLAGS, method, 0, _day(file.dated))
    yield LOCAL_HEADER.pack(b"PK\3\4", VERSION, *described, 0, 0, 0, len(name), 0) + name
    crc = size = packed_size = 0
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS) if method == DEFLATED else None
    for chunk in file.chunks:
        crc, size = zlib.crc32(chunk, crc), size + len(chunk)
        packed = deflate.compress(chunk) if deflate else chunk
        packed_size += len(packed)
        if packed:  # not each piece brings the compressor to say something
            yield packed
    rest = deflate.flush() if deflate else b""
    packed_size += len(rest)
    yield rest + DESCRIPTOR.pack(b"PK\7\x08", crc, packed_size, size)
    extra, version = b"", VERSION
    if start >= UINT32_MAX:
        extra, version = OFFSET_ZIP64.pack(1, 8, start), VERSION_ZIP64
    measured = (crc, packed_size, size, len(name), len(extra), 0, 0, 0, READABLE_BY_ITS_OWNER, min(start, UINT32_MAX))
    directory.write(DIRECTORY_ENTRY.pack(b"PK\1\2", MADE_ON_UNIX, version, *described, *measured) + name + extra)


def _end(count: int, size: int, offset: int) -> bytes:
    """What closes an archive whose directory of ``count`` entries has ``size`` bytes and begins at ``offset``."""
    zip64 = b""
    if count >= UINT16_MAX or size >= UINT32_MAX or offset >= UINT32_MAX:
        versions = (VERSION_ZIP64, VERSION_ZIP64)
        # 44: the bytes that follow in the record.
        zip64 = END_ZIP64.pack(b"PK\6\6", 44, *versions, 0, 0, count, count, size, offset)
        zip64 += LOCATOR_ZIP64.pack(b"PK\6\7", 0, offset + size, 1)
    counts = (min(count, UINT16_MAX),) * 2
    return zip64 + END.pack(b"PK\5\6", 0, 0, *counts, min(size, UINT32_MAX), min(offset, UINT32_MAX), 0)


def _day(day: date) -> int:
    return (day.year - 1980) << 9 | day.month << 5 | day.day
