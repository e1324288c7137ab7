"""What the adopting project does, run in a process of its own: migrate, place, pay, look."""

import django
from django.core.management import call_command


def main() -> None:
    django.setup()
    # Models can be imported only now.
    import httpx
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.checks import run_checks
    from django.test import Client
    from django.urls import reverse

    from jumun.orders.customer_and_items import Customer, Item
    from jumun.orders.models import Order
    from jumun.orders.signals import order_paid

    assert run_checks() == []
    call_command("migrate", verbosity=0)
    paid: list[str] = []
    order_paid.connect(lambda order, **_: paid.append(order.number), weak=False)
    order = Order.place(
        lines=[Item(sku="tea", name="Green tea", unit_price_minor=1_450, quantity=2, tax_rate_ppm=70_000)],
        customer=Customer(name="Ada Lovelace", email="ada@example.com", country="DE"),
    )
    customer = Client(enforce_csrf_checks=False)
    summary = f"{reverse('jumun:payment-process')}?order={order.reference}"
    assert customer.get(summary).status_code == 200
    sent = customer.post(summary)
    assert sent.status_code == 303
    session_id = order.checkouts.get().session_id
    httpx.post(f"{settings.STRIPE_API_BASE}/_paywright/sessions/{session_id}/pay", json={"card": "4242424242424242"})
    assert customer.get(reverse("jumun:payment-canceled"), {"order": order.reference}).status_code == 200
    back = customer.get(reverse("jumun:payment-completed"), {"session_id": session_id}, follow=True)
    assert back.status_code == 200
    order.refresh_from_db()
    assert (order.state, order.total_minor, paid) == ("paid", 2_900, [order.number])
    assert customer.get(order.invoice.get_customer_url()).content.startswith(b"%PDF")
    staff = Client()
    staff.force_login(User.objects.create_superuser("staff"))
    for address in ("/admin/", "/admin/jumun_orders/order/", f"/admin/jumun_orders/order/{order.pk}/change/"):
        assert staff.get(address).status_code == 200
    print("adopted")


if __name__ == "__main__":
    main()
