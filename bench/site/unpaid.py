"""``python -m bench.site.unpaid COUNT``: so many orders that wait for payment, each with an open checkout.

Prints what Stripe would tell of each session once it is paid, a line of JSON each: in full, as it answers us.
"""

import json
import sys
from datetime import timedelta

import django


def main(count: int) -> None:
    django.setup()
    from django.utils import timezone

    from bench.events import unique
    from jumun import money
    from jumun.invoices.models import Invoice, Series
    from jumun.orders.models import Order
    from jumun.orders.place import Customer, Item
    from jumun.payments.models import Checkout
    from jumun.storefront.models import Category, Product
    from jumun.storefront.stock import reserve

    # The filled database has invoices, and no counter that gave them their numbers.
    counted = {"last_number": Invoice.objects.count()}
    Series.objects.get_or_create(prefix="TEST-INV", year=timezone.localdate().year, defaults=counted)
    shelf, _ = Category.objects.get_or_create(slug="bench")
    article = {"category": shelf, "name_ko": "백자 머그컵", "price_minor": 5500, "currency": "KRW"}
    goods = [
        Product.objects.get_or_create(sku=sku, defaults={**article, "slug": sku.lower(), "stock_quantity": 10**8})[0]
        for sku in ("CUP-1", "CUP-2", "CUP-3")
    ]
    who = Customer(name="김하늘", email="haneul@example.com", address="세종대로 110", city="서울", country="KR")
    lines = [
        Item(sku=one.sku, name=one.name_ko, unit_price_minor=5500, quantity=2, tax_rate_ppm=100_000) for one in goods
    ]
    for _ in range(count):
        order = Order.place(lines=lines, customer=who, currency="KRW", language="ko")
        reserve(order, [(one, 2) for one in goods])
        ends = timezone.now() + timedelta(hours=1)
        checkout = Checkout.objects.create(
            order=order, state="open", session_id=unique("cs_test"), url="https://x", expires_at=ends
        )
        charge = {
            "id": unique("ch"),
            "object": "charge",
            "status": "succeeded",
            "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        }
        session = {
            "id": checkout.session_id,
            "object": "checkout.session",
            "status": "complete",
            "payment_status": "paid",
            "livemode": False,
            "amount_total": money.to_stripe(order.total_minor, order.currency),
            "currency": "krw",
            "client_reference_id": order.reference,
            "metadata": {"order_reference": order.reference, "checkout": str(checkout.pk)},
            "payment_intent": {"id": unique("pi"), "object": "payment_intent", "latest_charge": charge},
            "url": None,
            "expires_at": int(ends.timestamp()),
        }
        print(json.dumps(session))


if __name__ == "__main__":
    main(int(sys.argv[1]))
