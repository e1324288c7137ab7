"""Seals: keyed hashes that show whether documents were changed, added or removed, even by the database's owner.

The seal of a document covers its number, its time, its text and the seal of the document before it in its series. The
series keeps the last seal, and a seal of that one: its head. The database's owner can change rows and drop triggers,
but without the key can neither seal another document nor, after removing the last documents, compute the earlier head.
Decision: docs/decisions/0078-documents-are-sealed.md.

A seal is ``<key>:<hash>``: eight hexadecimal digits that identify the key without revealing it, and an HMAC-SHA-256.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache

from django.conf import settings
from django.utils.crypto import salted_hmac

from jumun.conf import jumun

SEAL_MAX_CHARS = 80
NAME_CHARS = 8


class Verdict(Enum):
    GENUINE = "genuine"
    FORGED = "forged"
    # The key is not configured, so the seal proves nothing.
    UNKNOWN_KEY = "unknown key"


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    secret: bytes

    def seal(self, *parts: str) -> str:
        digest = hmac.digest(self.secret, json.dumps(parts).encode(), "sha256")
        return f"{self.name}:{digest.hex()}"


def seal(number: str, issued_at: datetime, document_sha256: str, seal_before: str) -> str:
    """The seal of a document; ``seal_before`` is empty for the first document of a series."""
    return _keys()[0].seal(*_parts(number, issued_at, document_sha256, seal_before))


def check_seal(seal: str, number: str, issued_at: datetime, document_sha256: str, seal_before: str) -> Verdict:
    return _check(seal, *_parts(number, issued_at, document_sha256, seal_before))


def head(series: str, last_seal: str) -> str:
    """The head of a series, such as ``INV-2026``."""
    return _keys()[0].seal("head", series, last_seal)


def check_head(head: str, series: str, last_seal: str) -> Verdict:
    return _check(head, "head", series, last_seal)


def seal_record(*columns: str) -> str:
    """The seal of a row outside the series."""
    return _keys()[0].seal("record", *columns)


def check_record(seal: str, *columns: str) -> Verdict:
    return _check(seal, "record", *columns)


def moment(at: datetime) -> str:
    """A time in the form that seals cover, the same with every database."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def key_name(seal: str) -> str:
    """The name of the key that made the seal."""
    return seal.partition(":")[0]


def _parts(number: str, issued_at: datetime, document_sha256: str, seal_before: str) -> tuple[str, ...]:
    return "document", number, moment(issued_at), document_sha256, seal_before


def _check(seal: str, *parts: str) -> Verdict:
    if not seal:
        return Verdict.FORGED
    key = next((key for key in _keys() if key.name == key_name(seal)), None)
    if key is None:
        return Verdict.UNKNOWN_KEY
    return Verdict.GENUINE if hmac.compare_digest(key.seal(*parts).encode(), seal.encode()) else Verdict.FORGED


def _keys() -> tuple[_Key, ...]:
    """The current key, and the older ones, which only verify."""
    return tuple(map(_key, (*jumun().document_chain_keys, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)))


@cache
def _key(configured: str) -> _Key:
    secret = salted_hmac("jumun.invoices.chain", "key", secret=configured, algorithm="sha256").digest()
    name = salted_hmac("jumun.invoices.chain", "name", secret=configured, algorithm="sha256").hexdigest()
    return _Key(name=name[:NAME_CHARS], secret=secret)
