"""Texts from elsewhere as staff may read them: without what is a right in itself.

Whoever knows an order's reference may see that order, and whoever knows the address of a payment page sees who pays
there. Events, errors and the parameters of calls hold both; the permission to read them does not include either.
"""

import re
from collections.abc import Iterator, Sequence

from jumun.orders.models import Order
from jumun.orders.numbers import REFERENCE_CHARS

MASK = "…"
# In one query: SQLite takes 999 values in its older versions.
_ASKED_AT_ONCE = 500
# A longer one is an encoded something, which nobody can read anyway.
_RUN_MAX_CHARS = 128
_RUN = re.compile(rf"[A-Za-z0-9_-]{{{REFERENCE_CHARS},}}")
# Slashes as JSON may write them, and as they stand inside a parameter of another address.
_SLASH = r"(?:\\?/|%2[Ff])"
_SECRET = re.compile(
    # Payment pages, on Stripe's domain or the shop's own; receipts; invoices that Stripe hosts.
    rf"(?:{_SLASH}c{_SLASH}pay|{_SLASH}receipts|invoice\.stripe\.com{_SLASH}i){_SLASH}[^\s\"'<>\\]+"
    # Client secrets, webhook secrets and API keys.
    r"|_secret_\w+|whsec_\w+|[sr]k_(?:test|live)_\w+"
)


def masked(text: str) -> str:
    """``text`` with "…" for each reference of an order of ours, address of a payment page or receipt, and secret key.

    One query for each 500 places where a reference may stand; none where there is no such place.
    """
    return masked_all([text])[0]


def masked_all(texts: Sequence[str]) -> list[str]:
    """`masked` for several texts, with their queries in common."""
    texts = [_RUN.sub(_without_long_run, _SECRET.sub(MASK, text)) for text in texts]
    references = list(_references_in(texts))
    return [_replaced(text, references) for text in texts]


def _without_long_run(run: re.Match[str]) -> str:
    return MASK if len(run[0]) > _RUN_MAX_CHARS else run[0]


def _replaced(text: str, references: Sequence[str]) -> str:
    for reference in references:
        text = text.replace(reference, MASK)
    return text


def _references_in(texts: Sequence[str]) -> Iterator[str]:
    candidates = list({candidate for text in texts for candidate in _candidates(text)})
    for start in range(0, len(candidates), _ASKED_AT_ONCE):
        known = Order.objects.filter(reference__in=candidates[start : start + _ASKED_AT_ONCE])
        yield from known.values_list("reference", flat=True)


def _candidates(text: str) -> Iterator[str]:
    """Whatever is as long as a reference, wherever it begins: an escape or a prefix may touch it. And what stands alone
    whatever its length, for a project may give its orders longer ones.
    """
    for run in _RUN.findall(text):
        yield run
        for start in range(len(run) - REFERENCE_CHARS + 1):
            yield run[start : start + REFERENCE_CHARS]
