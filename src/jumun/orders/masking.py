"""Removes secrets from texts that staff read: order references, addresses of payment pages, and keys.

Whoever knows an order's reference can see that order, and whoever knows the address of a payment page sees who pays
there. Events, errors and the parameters of calls contain both; permission to read them must not grant either.
"""

import re
from collections.abc import Iterator, Sequence

from jumun.orders.models import Order
from jumun.orders.numbers import REFERENCE_CHARS

MASK = "…"
# Older versions of SQLite take 999 parameters.
_QUERY_VALUES_MAX = 500
# A longer run is encoded data, which nobody reads anyway.
_RUN_MAX_CHARS = 128
_RUN = re.compile(rf"[A-Za-z0-9_-]{{{REFERENCE_CHARS},}}")
# A slash, also as JSON and as URL parameters escape it.
_SLASH = r"(?:\\?/|%2[Ff])"
_SECRET = re.compile(
    # Payment pages, on Stripe's domain or the shop's own; receipts; invoices that Stripe hosts.
    rf"(?:{_SLASH}c{_SLASH}pay|{_SLASH}receipts|invoice\.stripe\.com{_SLASH}i){_SLASH}[^\s\"'<>\\]+"
    # Client secrets, webhook secrets and API keys.
    r"|_secret_\w+|whsec_\w+|[sr]k_(?:test|live)_\w+"
)


def masked(text: str) -> str:
    """``text`` with "…" for each order reference, secret key, and address of a payment page or receipt.

    One query for every 500 possible references; none without any.
    """
    return masked_all([text])[0]


def masked_all(texts: Sequence[str]) -> list[str]:
    """`masked` for several texts, with shared queries."""
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
    for start in range(0, len(candidates), _QUERY_VALUES_MAX):
        known = Order.objects.filter(reference__in=candidates[start : start + _QUERY_VALUES_MAX])
        yield from known.values_list("reference", flat=True)


def _candidates(text: str) -> Iterator[str]:
    """Everything as long as a reference, at any position: an escape or a prefix may touch it. And every whole run of
    characters, since a project may give its orders longer references.
    """
    for run in _RUN.findall(text):
        yield run
        for start in range(len(run) - REFERENCE_CHARS + 1):
            yield run[start : start + REFERENCE_CHARS]
