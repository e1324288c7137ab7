from collections.abc import Iterator

from django.db.models import F, Q
from django.db.models.functions import Length

from jumun.audit import invariant
from jumun.orders.models import Order

# As `jumun.orders.numbers.new_reference` makes them: 128 random bits or more, in URL-safe base 64.
ALPHABET = r"^[A-Za-z0-9_-]+$"
LENGTH_MIN = 22
REMEDY = (
    "Give the order a new reference (jumun.orders.numbers.new_reference) and send the customer the new address: "
    "whoever guesses this one sees their data."
)


@invariant("I10", remedy=REMEDY)
def references_cannot_be_guessed() -> Iterator[tuple[str, str]]:
    """Every order has a long reference in the right alphabet; that no two share one is the database's promise."""
    measured = Order.objects.alias(length=Length("reference"))
    weak = measured.filter(~Q(reference__regex=ALPHABET) | Q(length__lt=LENGTH_MIN) | Q(reference=F("number")))
    for number in weak.order_by().values_list("number", flat=True).iterator():
        yield number, "has a reference that could be guessed"
