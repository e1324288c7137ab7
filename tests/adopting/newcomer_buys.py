"""What the project of ``docs/adopting.md`` does, in its own environment: sell a ticket, and show it to staff."""

import json
import os
import urllib.request

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from jumun.orders.models import Order

    customer = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
    to_pay = customer.get("/buy/")
    assert to_pay.status_code == 302
    summary = customer.get(to_pay.headers["Location"]).content.decode()
    assert "Example GmbH" in summary, "the project's own base template"
    order = Order.objects.get()
    assert customer.post(to_pay.headers["Location"]).status_code == 303
    session_id = order.checkouts.get().session_id
    pay = urllib.request.Request(  # noqa: S310 (Paywright on this machine)
        f"{settings.STRIPE_API_BASE}/_paywright/sessions/{session_id}/pay",
        data=json.dumps({"card": "4242424242424242"}).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(pay, timeout=30).read()
    back = customer.get(reverse("jumun:payment-completed"), {"session_id": session_id}, follow=True)
    page = back.content.decode()
    assert 'data-order-state="paid"' in page
    assert "Delivery address" not in page, "a ticket is not sent"
    assert back.headers["Referrer-Policy"] == "same-origin"
    assert customer.get(order.get_customer_url() + "invoice.pdf").status_code == 200
    assert Client(SERVER_NAME="10.0.0.7").get("/healthz").status_code == 200
    staff = Client(SERVER_NAME="localhost", headers={"accept-language": "en"})
    staff.force_login(User.objects.create_superuser("staff"))
    first = staff.get("/admin/").content.decode()
    assert "Orders today" in first
    assert "Django administration" in first, "the admin keeps its name"
    for address in ("/admin/jumun_orders/order/", f"/admin/jumun_orders/order/{order.pk}/change/"):
        shown = staff.get(address).content.decode()
        assert order.number in shown
        assert "jumun/backoffice/pages.css" in shown
    assert Client(SERVER_NAME="localhost").get("/nowhere/").status_code == 404
    print("sold")


if __name__ == "__main__":
    main()
