"""Files as one ZIP archive that is sent while it is made."""

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from jumun.exports.csv import CHUNK_BYTES
from jumun.exports.documents import File, pieces

READABLE_BY_ITS_OWNER = 0o100600 << 16


def zipped(files: Iterable[File]) -> Iterator[bytes]:
    """The archive, a piece at a time. Memory does not grow with the number of files."""
    with tempfile.SpooledTemporaryFile(CHUNK_BYTES * 4) as unsent, tempfile.TemporaryFile() as directory:
        with ZipFile(_WriteOnly(unsent), "w") as archive:
            archive.filelist = _OnDisk(directory)
            for file in files:
                with archive.open(_entry(file), "w") as entry:
                    for chunk in file.chunks:
                        entry.write(chunk)
                        yield from _sent(unsent)
                archive.NameToInfo.clear()
        yield from _sent(unsent)


class _WriteOnly:
    """Without `seek`, so that `zipfile` never goes back to what was sent already."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush, self.close = file.write, file.flush, file.close


class _OnDisk(list[ZipInfo]):
    """What `zipfile` remembers of each file, for the directory at the archive's end: too much for memory."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__()
        self._file = file
        self._count = 0

    def append(self, info: ZipInfo) -> None:
        pickle.dump(info, self._file)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ZipInfo]:
        self._file.seek(0)
        return (pickle.load(self._file) for _ in range(self._count))  # noqa: S301 (our own)


def _entry(file: File) -> ZipInfo:
    entry = ZipInfo(file.name, (file.dated.year, file.dated.month, file.dated.day, 0, 0, 0))
    # A PDF is compressed within.
    entry.compress_type = ZIP_STORED if file.name.endswith(".pdf") else ZIP_DEFLATED
    entry.external_attr = READABLE_BY_ITS_OWNER
    return entry


def _sent(unsent: IO[bytes]) -> Iterator[bytes]:
    unsent.seek(0)
    yield from pieces(unsent)
    unsent.seek(0)
    unsent.truncate()
