"""After a backup was restored: what is left at Stripe, at the customers and at the mail server of what is gone."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.chaos.books import Books
from tests.chaos.paper import documents
from tests.chaos.people import Lost
from tests.chaos.truth import Truth

FILE = re.compile(r".*/(?P<series>[A-Z-]+-\d{4})-(?P<number>\d+)\.pdf")


def unnamed(truth: Truth, lost: Lost, differences: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Orders that are gone and whose money Stripe still holds, but that no difference tells of."""
    named = {truth.owners.get(difference["object_id"]) for difference in differences}
    kept = held_minor(truth, lost)
    for reference in sorted(kept.keys() - named):
        yield f"reconcile does not tell of {kept[reference]} at Stripe for the order {reference}, which is gone"


def is_of_gone(truth: Truth, lost: Lost, difference: dict[str, Any]) -> bool:
    """Whether a difference tells of an order that is gone, as it must."""
    return truth.owners.get(difference["object_id"]) in lost.orders


def held_minor(truth: Truth, lost: Lost) -> Counter[str]:
    """By the reference of an order that is gone: what was charged and has not gone back. Stripe's minor units."""
    held: Counter[str] = Counter()
    for reference, amount in truth.payments.values():
        held[reference] += amount
    for intent, amount, status in truth.refunds.values():
        if status not in {"failed", "canceled"} and intent in truth.payments:
            held[truth.payments[intent][0]] -= amount
    return Counter({reference: held[reference] for reference in lost.orders if held[reference] > 0})


def given_twice(books: Books, lost: Lost) -> Iterator[str]:
    """Numbers of documents that customers held already and that another document has now."""
    now = documents(books)
    for number, digest in sorted(lost.held.items()):
        if now.get(number, digest) != digest:
            yield f"{number} was given twice: a customer holds another document with this number"


def is_in_gap(gaps: dict[str, set[int]], subject: str) -> bool:
    """Whether it is a file of the archive that bears a number which is on record as skipped."""
    found = FILE.fullmatch(subject)
    return bool(found) and int(found["number"]) in gaps.get(found["series"], ())
