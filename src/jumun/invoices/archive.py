"""The archive of PDFs: the storage that ``STORAGES["jumun_documents"]`` names.

There is no default, because the files of a project's default storage are often public.
"""

import hashlib
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

logger = logging.getLogger("jumun.invoices")

ALIAS = "jumun_documents"
# A file has such a name while it is being written; a killed process leaves one behind.
BEING_WRITTEN = re.compile(r"\.[0-9a-f]{32}\.part$")


def storage() -> Storage:
    """Raises `django.core.files.storage.InvalidStorageError` if the project has not configured it."""
    return storages[ALIAS]


def put(name: str, content: bytes) -> bytes:
    """Store ``content`` as ``name`` unless that name is taken, and return what is stored under it now.

    Returns ``b""`` if another process removed its file in the meantime.
    """
    found = fetch(name)
    if found is None:
        found = content if _create(name, content) else fetch(name)
    return found or b""


def store(name: str, content: bytes, *, keep_apart: bool = False) -> str:
    """Store ``content`` and return its name, without overwriting anything.

    Another name than ``name`` is used if that one is taken by other content or, with ``keep_apart``, by any.
    """
    found = fetch(name)
    if found == content and not keep_apart:
        return name
    if found is not None and not keep_apart:
        # A document of that number was issued before: after a restored backup, for instance.
        logger.error("the archive has another document as %s already: this one gets another name", name)
    kept = storage()
    if not isinstance(kept, FileSystemStorage):
        return kept.save(name, ContentFile(content))
    while True:
        free_name = kept.get_available_name(name)
        if _create(free_name, content):
            return free_name


def _create(name: str, content: bytes) -> bool:
    """Store ``content`` as ``name``; ``False`` if another process took that name first."""
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        try:
            _write(kept, name, content, put=_link)
        except FileExistsError:
            return False
        return True
    saved = kept.save(name, ContentFile(content))
    if saved != name:
        kept.delete(saved)
    return saved == name


def replace(name: str, content: bytes) -> None:
    """Store ``content`` as ``name``, overwriting what is there."""
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        _write(kept, name, content, put=Path.replace)
    else:
        kept.delete(name)
        kept.save(name, ContentFile(content))


def _link(aside: Path, path: Path) -> None:
    """Rename the file; raises `FileExistsError` if the name is taken."""
    try:
        os.link(aside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        aside.replace(path)
    else:
        aside.unlink()


def _write(kept: FileSystemStorage, name: str, content: bytes, *, put: Callable[[Path, Path], object]) -> None:
    """Write ``content`` to a temporary file beside ``name``, then ``put`` it there.

    Otherwise a full disk or a killed process would leave an empty or partial file under the invoice's name. Other
    storages (S3) show only complete objects.
    """
    aside = f"{name}.{uuid.uuid4().hex}.part"
    path = Path(kept.path(name))
    try:
        kept.save(aside, ContentFile(content))
        _sync(Path(kept.path(aside)))
        put(Path(kept.path(aside)), path)
    except BaseException:
        kept.delete(aside)
        raise
    _sync(path.parent)


def _sync(path: Path) -> None:
    """Make the file or folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fetch(name: str) -> bytes | None:
    try:
        with storage().open(name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    return content


def names(folder: str = "") -> Iterator[str]:
    """Every file of the archive that is complete. Raises `NotImplementedError` if the storage cannot list its files."""
    try:
        folders, files = storage().listdir(folder)
    except FileNotFoundError:
        return
    for file in sorted(files):
        if not BEING_WRITTEN.search(file):
            yield f"{folder}/{file}" if folder else file
    for inner in sorted(folders):
        yield from names(f"{folder}/{inner}" if folder else inner)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
