"""Where the PDFs of issued documents are kept: the storage that ``STORAGES["jumun_documents"]`` names.

There is no default: a project's own default storage is often one whose files anybody may fetch.
"""

import hashlib

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

ALIAS = "jumun_documents"


def storage() -> Storage:
    """Raises `django.core.files.storage.InvalidStorageError` where the project has not named one."""
    return storages[ALIAS]


def store(name: str, content: bytes) -> str:
    """Keep ``content`` and return its name there, which is another than ``name`` if that is taken by something else."""
    if fetch(name) == content:
        return name
    return storage().save(name, ContentFile(content))


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
