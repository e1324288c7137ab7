"""Files as one ZIP archive that leaves while it is made."""

import io
from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from jumun.exports.documents import File


class _Outgoing(io.RawIOBase):
    """What `ZipFile` writes into, and we take away. It cannot be sought in, so sizes follow each file's content."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # anything with the buffer protocol
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """The archive, a piece at a time."""
    outgoing = _Outgoing()
    with ZipFile(outgoing, "w") as archive:
        for file in files:
            entry = ZipInfo(file.name, date_time=(*file.dated.timetuple()[:3], 0, 0, 0))
            # A PDF is compressed within.
            entry.compress_type = ZIP_STORED if file.name.endswith(".pdf") else ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            with archive.open(entry, "w") as target:
                for chunk in file.chunks:
                    target.write(chunk)
            yield outgoing.taken()
    yield outgoing.taken()
