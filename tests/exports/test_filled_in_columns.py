"""No column that people, or strangers at Stripe, can fill in begins a formula (invariant I12)."""

import csv
import io

import pytest

from jumun.exports.csv import stream_csv
from jumun.orders.models import Order
from jumun.payments.models import Payment
from tests.factories import paid_order

pytestmark = pytest.mark.django_db

FORMULA = "=1+1"
CUSTOMER = {
    "customer_name": "name",
    "customer_email": "email",
    "customer_phone": "phone",
    "address": "address",
    "postal_code": "postal_code",
    "city": "city",
    "tax_id": "tax_id",
}
LINE = {"sku": "sku", "article": "name"}
PAYMENT = {"card_brand": "card_brand", "card_last4": "card_last4"}


@pytest.mark.parametrize("per_line", [False, True])
def test_a_formula_is_text_in_every_column_that_people_fill_in(per_line: bool) -> None:
    order = paid_order()
    # Past all checks of an order, as another program may write.
    Order.objects.update(**dict.fromkeys(CUSTOMER.values(), FORMULA))
    order.lines.update(**dict.fromkeys(LINE.values(), FORMULA))
    Payment.objects.update(**dict.fromkeys(PAYMENT.values(), FORMULA))
    written = b"".join(stream_csv(Order.objects.all(), per_line=per_line)).decode()
    [row] = csv.DictReader(io.StringIO(written.lstrip("\ufeff"), newline=""))
    filled_in = CUSTOMER | PAYMENT | (LINE if per_line else {})
    assert {name: row[name] for name in filled_in} == dict.fromkeys(filled_in, f"'{FORMULA}")
    assert [name for name, cell in row.items() if cell.startswith("=")] == []
