"""Idempotency keys (https://docs.stripe.com/api/idempotent_requests).

The answer is committed in the transaction of its effect. So even a killed server neither repeats the effect nor
forgets the answer.
"""

import hashlib
from dataclasses import dataclass

import orjson

from paywright.api.errors import idempotency_mismatch, invalid_request
from paywright.api.forms import Raw
from paywright.state.store import Transaction

KEY_LENGTH_MAX = 255
REMEMBERED_S = 86_400


@dataclass(frozen=True)
class Remembered:
    """The first answer to a key: HTTP status, body, and the id of the request that got it."""

    status: int
    body: bytes
    request: str


def fingerprint(method: str, path: str, params: dict[str, Raw]) -> str:
    """Identify a request by its parameters, whatever their order and spelling."""
    return hashlib.sha256(orjson.dumps([method, path, params], option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_key(key: str) -> None:
    if len(key) > KEY_LENGTH_MAX:
        raise invalid_request(f"Idempotency keys are at most {KEY_LENGTH_MAX} characters long.")


def recall(tx: Transaction, key: str, asked: str) -> Remembered | None:
    """Return the first answer to ``key``, None for a new key; raise when it was used for something else."""
    row = tx.sql.execute(
        "SELECT fingerprint, status, body, request, created FROM answer WHERE key = ?", (key,)
    ).fetchone()
    if row is None or tx.now - row[4] >= REMEMBERED_S:
        return None
    if row[0] != asked:
        raise idempotency_mismatch(key)
    return Remembered(row[1], row[2], row[3])


def remember(tx: Transaction, key: str, asked: str, answer: Remembered) -> None:
    tx.sql.execute(
        "INSERT OR REPLACE INTO answer (key, fingerprint, status, body, request, created) VALUES (?, ?, ?, ?, ?, ?)",
        (key, asked, answer.status, answer.body, answer.request, tx.now),
    )
