"""The file of a backup: a tar archive with a database, documents, ``SHA256SUMS`` and ``manifest.json``, in this order.

Written and read as a stream: neither documents nor their names are held in memory. ``sha256sum -c`` reads
``SHA256SUMS``.
"""

import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Protocol

from jumun.errors import BackupRefused
from jumun.invoices.backup.manifest import Manifest

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
DOCUMENTS = "documents/"
PIECE_BYTES = 1024 * 1024
MANIFEST_MAX_BYTES = 16 * 1024 * 1024


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Hashed:
    """A stream that hashes its bytes as they are read."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int = PIECE_BYTES, /) -> bytes:
        piece = self._stream.read(size)
        self._hash.update(piece)
        return piece

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class PackageWriter:
    """See `writing`."""

    def __init__(self, tar: tarfile.TarFile, sums: IO[bytes]) -> None:
        self._tar = tar
        self._sums = sums
        self._sha256: dict[str, str] = {}

    def add_database(self, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._sha256[name] = self._add(name, path.stat().st_size, file)

    def add_document(self, name: str, size_bytes: int, file: Readable) -> None:
        sha256 = self._add(DOCUMENTS + name, size_bytes, file)
        self._sums.write(_sum_line(sha256, DOCUMENTS + name))

    def finish(self, manifest: Manifest) -> None:
        size_bytes = self._sums.tell()
        self._sums.seek(0)
        self._sha256[SUMS] = self._add(SUMS, size_bytes, self._sums)
        content = replace(manifest, sha256=self._sha256).dumped()
        self._add(MANIFEST, len(content), io.BytesIO(content))

    def _add(self, name: str, size_bytes: int, file: Readable) -> str:
        part = tarfile.TarInfo(name)
        part.size, part.mode = size_bytes, 0o600
        hashed = _Hashed(file)
        self._tar.addfile(part, hashed)
        # Otherwise it would remember every document.
        self._tar.members.clear()  # type: ignore[attr-defined]
        return hashed.sha256


def _sum_line(sha256: str, name: str) -> bytes:
    return f"{sha256}  {name}\n".encode()


@contextmanager
def writing(path: Path) -> Iterator[PackageWriter]:
    """Write a backup, readable by its owner only, beside ``path``, and rename it to ``path`` once it is complete.

    A file at ``path`` is replaced. If the block raises, no file is left.
    """
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tempfile.TemporaryFile(dir=path.parent) as sums, tarfile.open(fileobj=file, mode="w") as tar:
                yield PackageWriter(tar, sums)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def sync_folder(path: Path) -> None:
    """Make the folder's names survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Package:
    """An existing backup. Reading it raises `BackupRefused` if it is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def verified(self) -> Manifest:
        """Read the whole backup, compare every part with its SHA-256, and return the manifest."""
        found: dict[str, str] = {}
        sums, count = hashlib.sha256(), 0
        content = b""
        with self._readable():
            for name, size_bytes, file in self._parts():
                if name == MANIFEST and size_bytes <= MANIFEST_MAX_BYTES:
                    content = file.read(size_bytes)
                elif name.startswith(DOCUMENTS):
                    sums.update(_sum_line(_sha256(file), name))
                    count += 1
                else:
                    found[name] = _sha256(file)
        if not content:
            raise BackupRefused(f"{self.path} is not a whole backup: it has no {MANIFEST}.")
        manifest = Manifest.loaded(content)
        if found != manifest.sha256 or found.get(SUMS) != sums.hexdigest() or count != manifest.document_count:
            raise BackupRefused(f"{self.path} is damaged: its parts are not those that were written.")
        return manifest

    def extract_database(self, name: str, to: Path) -> None:
        """Write the part ``name`` to a new file, readable by its owner only."""
        for found, _size_bytes, file in self._parts():
            if found == name:
                descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as target:
                    shutil.copyfileobj(file, target, PIECE_BYTES)
                    target.flush()
                    os.fsync(target.fileno())
                return
        raise BackupRefused(f"{self.path} has no {name}.")

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """Name and content of each document, one at a time."""
        for name, size_bytes, file in self._parts():
            if name.startswith(DOCUMENTS):
                yield name.removeprefix(DOCUMENTS), file.read(size_bytes)

    def _parts(self) -> Iterator[tuple[str, int, IO[bytes]]]:
        with tarfile.open(self.path, mode="r:") as tar:
            while part := tar.next():
                # Otherwise it would remember every document.
                tar.members.clear()  # type: ignore[attr-defined]
                file = tar.extractfile(part) if part.isreg() else None
                if file is None:
                    raise BackupRefused(f"{self.path} is damaged: it holds {part.name!r}, which is not a file.")
                yield part.name, part.size, file

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (tarfile.TarError, EOFError) as error:
            raise BackupRefused(f"{self.path} is not a whole backup: {error}") from error
        except OSError as error:
            raise BackupRefused(f"{self.path} cannot be read: {error.strerror or error}") from error


def _sha256(file: IO[bytes]) -> str:
    hashed = _Hashed(file)
    while hashed.read():
        pass
    return hashed.sha256
