"""Checkout Sessions through the real SDK."""

import pytest
import stripe


def now_of(paywright) -> int:
    """The server's time, which other tests may have advanced."""
    return paywright.request("GET", "clock")["now"]


def test_a_new_session_is_open_unpaid_and_has_no_payment_yet(new_session):
    session = new_session(client_reference_id="order 1", metadata={"order": "1"})

    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.amount_subtotal == session.amount_total == 24_000
    assert session.currency == "krw"
    assert session.expires_at == session.created + 86_400
    assert session.id.startswith("cs_test_a1")
    assert f"/c/pay/{session.id}#fid" in session.url
    assert session.success_url.endswith("{CHECKOUT_SESSION_ID}")
    assert (session.client_reference_id, session.metadata["order"]) == ("order 1", "1")


def test_what_was_written_is_read_back(new_session, client):
    session = new_session(metadata={"a": "b"})

    assert client.v1.checkout.sessions.retrieve(session.id).to_dict() == session.to_dict()


def test_line_items_come_by_their_own_route_or_expanded(new_session, client):
    session = new_session()

    (item,) = client.v1.checkout.sessions.line_items.list(session.id).data
    expanded = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["line_items"]})

    assert "line_items" not in session
    assert (item.description, item.quantity, item.amount_total) == ("김치 Kimchi", 2, 24_000)
    assert expanded.line_items.data[0].to_dict() == item.to_dict()


def test_the_products_of_line_items_are_expanded_by_way_of_the_page(new_session, client):
    session = new_session()
    path = "line_items.data.price.product"

    (item,) = client.v1.checkout.sessions.retrieve(session.id, params={"expand": [path]}).line_items.data
    listed = client.v1.checkout.sessions.list(params={"limit": 1, "expand": [f"data.{path}"]}).data[0]

    assert item.price.product.name == "김치 Kimchi"
    assert listed.line_items.data[0].price.product.id == item.price.product.id


def test_a_hundred_line_items_are_paged_through(new_session, client):
    line = {"price_data": {"currency": "usd", "unit_amount": 100, "product_data": {"name": "x"}}, "quantity": 1}
    session = new_session(line_items=[line] * 100)

    items = list(client.v1.checkout.sessions.line_items.list(session.id, params={"limit": 30}).auto_paging_iter())

    assert session.amount_total == 10_000
    assert len({item.id for item in items}) == 100


def test_line_items_in_two_currencies_are_refused(new_session):
    line = {"price_data": {"currency": "usd", "unit_amount": 100, "product_data": {"name": "x"}}, "quantity": 1}
    other = {"price_data": {"currency": "eur", "unit_amount": 100, "product_data": {"name": "y"}}, "quantity": 1}

    with pytest.raises(stripe.InvalidRequestError, match="expected currency: `usd`"):
        new_session(line_items=[line, other])


def test_expiring_ends_a_session_once(new_session, client):
    session = new_session()

    expired = client.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(
        stripe.InvalidRequestError, match='Only Checkout Sessions with a status in \\["open"\\]'
    ) as again:
        client.v1.checkout.sessions.expire(session.id)
    assert "has a status of `expired`." in again.value.user_message


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (60 * 29, "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation."),
        (86_410, "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation."),
    ],
)
def test_expires_at_has_bounds(new_session, paywright, seconds, message):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(expires_at=now_of(paywright) + seconds)

    assert (refused.value.user_message, refused.value.param) == (message, "expires_at")


def test_expires_at_is_kept(new_session, paywright):
    moment = now_of(paywright) + 31 * 60

    assert new_session(expires_at=moment).expires_at == moment


@pytest.mark.parametrize("missing", ["line_items", "success_url", "mode"])
def test_needed_parameters_are_asked_for(new_session, missing):
    with pytest.raises(stripe.InvalidRequestError) as refused:
        new_session(**{missing: None})

    assert (refused.value.code, refused.value.param) == ("parameter_missing", missing)
    assert refused.value.user_message == f"Missing required param: {missing}."


def test_a_session_is_found_by_its_payment(new_session, client, paywright):
    session = new_session()
    paid = paywright.pay(session.id)

    (found,) = client.v1.checkout.sessions.list(params={"payment_intent": paid["payment_intent"]}).data

    assert found.id == session.id


def test_metadata_can_be_changed_and_unset(new_session, client):
    session = new_session(metadata={"a": "1", "b": "2"})

    changed = client.v1.checkout.sessions.update(session.id, params={"metadata": {"a": "", "c": "3"}})

    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}


def test_payment_method_types_is_refused_as_of_endive_and_accepted_before(new_session, raw):
    form = {
        "mode": "payment",
        "success_url": "https://shop.example/",
        "payment_method_types[]": "card",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "100",
        "line_items[0][price_data][product_data][name]": "x",
        "line_items[0][quantity]": "1",
    }

    now = raw.post("/v1/checkout/sessions", data=form, headers={"Stripe-Version": "2026-10-28.endive"})
    before = raw.post("/v1/checkout/sessions", data=form, headers={"Stripe-Version": "2026-08-26.dahlia"})

    assert now.status_code == 400
    assert now.json()["error"]["param"] == "payment_method_types"
    assert (before.status_code, before.json()["payment_method_types"]) == (200, ["card"])
    assert before.headers["stripe-version"] == "2026-08-26.dahlia"


def test_the_breakdown_of_the_total_comes_when_expanded(client):
    coupon = client.v1.coupons.create(params={"amount_off": 1_000, "currency": "usd"})
    rate = client.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 10, "inclusive": False})
    lines = [
        {
            "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "x"}},
            "quantity": 1,
            "tax_rates": [rate.id],
        }
        for amount in (3_000, 2_000)
    ]
    session = client.v1.checkout.sessions.create(
        params={
            "mode": "payment",
            "line_items": lines,
            "discounts": [{"coupon": coupon.id}],
            "success_url": "https://shop.example/",
            "expand": ["total_details.breakdown"],
        }
    )
    breakdown = session.total_details.breakdown
    (discount,), (tax,) = breakdown.discounts, breakdown.taxes

    assert (discount.amount, discount.discount.source.coupon) == (1_000, coupon.id)
    assert (tax.amount, tax.taxable_amount, tax.rate.id) == (400, 4_000, rate.id)
    assert "breakdown" not in client.v1.checkout.sessions.retrieve(session.id).total_details
