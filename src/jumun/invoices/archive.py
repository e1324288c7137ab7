"""Where the PDFs of issued documents are kept: the storage that ``STORAGES["jumun_documents"]`` names.

There is no default: a project's own default storage is often one whose files anybody may fetch.
"""

import hashlib
import os
import uuid
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages

ALIAS = "jumun_documents"


def storage() -> Storage:
    """Raises `django.core.files.storage.InvalidStorageError` where the project has not named one."""
    return storages[ALIAS]


def store(name: str, content: bytes) -> str:
    """Keep ``content`` and return its name there, which is another than ``name`` if that is taken by something else."""
    if fetch(name) == content:
        return name
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        return _rename(kept, _write_aside(kept, name, content), kept.get_available_name(name))
    return kept.save(name, ContentFile(content))


def replace(name: str, content: bytes) -> None:
    """Keep ``content`` under ``name``, whatever was there."""
    kept = storage()
    if isinstance(kept, FileSystemStorage):
        _rename(kept, _write_aside(kept, name, content), name)
    else:
        kept.delete(name)
        kept.save(name, ContentFile(content))


def _write_aside(kept: FileSystemStorage, name: str, content: bytes) -> str:
    """Write ``content`` to a file of its own beside ``name`` and return that file's name.

    Without this a full disk, or a process that is killed, leaves an empty or partial file under the invoice's name.
    Other storages (S3) show an object only when all of it is there.
    """
    aside = f"{name}.{uuid.uuid4().hex}.part"
    try:
        kept.save(aside, ContentFile(content))
        _sync(Path(kept.path(aside)))
    except BaseException:
        kept.delete(aside)
        raise
    return aside


def _rename(kept: FileSystemStorage, aside: str, name: str) -> str:
    path = Path(kept.path(name))
    Path(kept.path(aside)).replace(path)
    _sync(path.parent)
    return name


def _sync(path: Path) -> None:
    """Have the disk keep the file or folder over a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fetch(name: str) -> bytes | None:
    """What is kept under ``name``, or ``None``."""
    try:
        with storage().open(name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    return content


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()
