"""Customers, products, prices, coupons, promotion codes, tax rates, account: and sessions that use them."""

import pytest
import stripe


def test_a_customer_is_made_changed_and_deleted(client):
    customer = client.v1.customers.create(
        params={"email": "a@example.com", "name": "홍길동", "address": {"country": "KR"}, "metadata": {"a": "1"}}
    )
    changed = client.v1.customers.update(customer.id, params={"name": "김철수", "email": ""})
    gone = client.v1.customers.delete(customer.id)
    after = client.v1.customers.retrieve(customer.id)

    assert customer.address.country == "KR"
    assert (changed.name, changed.email, changed.metadata.to_dict()) == ("김철수", None, {"a": "1"})
    assert gone.deleted is True
    assert after.deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(customer.id, params={"name": "x"})


def test_a_session_of_a_customer_is_prefilled(client, new_session, paywright):
    customer = client.v1.customers.create(params={"email": "known@example.com", "name": "Known"})
    session = new_session(customer=customer.id)
    paid = paywright.pay(session.id)

    assert session.customer == customer.id
    assert session.customer_details.email == "known@example.com"
    intent = client.v1.payment_intents.retrieve(paid["payment_intent"], params={"expand": ["customer"]})
    assert intent.customer.id == customer.id


def test_customer_and_email_exclude_each_other(client, new_session):
    customer = client.v1.customers.create(params={})

    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        new_session(customer=customer.id, customer_email="a@example.com")


def test_checkout_makes_a_customer_when_asked(client, new_session, paywright):
    session = new_session(customer_creation="always")

    paywright.pay(session.id, email="new@example.com")
    after = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["customer"]})

    assert after.customer.email == "new@example.com"


def test_prices_of_products_are_sold(client, new_session):
    product = client.v1.products.create(
        params={"name": "Tea", "default_price_data": {"currency": "usd", "unit_amount": 500}}
    )
    price = client.v1.prices.create(
        params={"product": product.id, "currency": "usd", "unit_amount": 700, "lookup_key": f"k{product.id}"}
    )

    session = new_session(
        line_items=[{"price": price.id, "quantity": 3}, {"price": product.default_price, "quantity": 1}]
    )
    (found,) = client.v1.prices.list(params={"lookup_keys": [f"k{product.id}"]}).data

    assert session.amount_total == 2_600
    assert found.id == price.id
    assert {p.id for p in client.v1.prices.list(params={"product": product.id}).data} == {
        price.id,
        product.default_price,
    }


def test_a_percentage_off(client, new_session):
    coupon = client.v1.coupons.create(params={"percent_off": 10, "duration": "once"})

    session = new_session(discounts=[{"coupon": coupon.id}])

    assert (session.amount_subtotal, session.amount_total) == (24_000, 21_600)
    assert session.total_details.amount_discount == 2_400
    assert session.discounts[0].coupon == coupon.id


def test_a_fixed_amount_off_is_split_and_the_last_item_takes_the_rest(client, new_session):
    coupon = client.v1.coupons.create(params={"amount_off": 1_000, "currency": "usd"})
    line = {"price_data": {"currency": "usd", "unit_amount": 3_333, "product_data": {"name": "x"}}, "quantity": 1}

    session = new_session(line_items=[line] * 3, discounts=[{"coupon": coupon.id}])
    items = client.v1.checkout.sessions.line_items.list(session.id, params={"expand": ["data.discounts"]}).data

    assert [item.amount_discount for item in items] == [333, 333, 334]
    assert sum(item.amount_total for item in items) == session.amount_total == 8_999
    assert items[0].discounts[0].discount.source.coupon == coupon.id


def test_a_promotion_code_counts_its_uses(client, new_session, paywright):
    coupon = client.v1.coupons.create(params={"percent_off": 50, "max_redemptions": 1})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = new_session(discounts=[{"promotion_code": code.id}])
    paywright.pay(session.id)

    (used,) = client.v1.promotion_codes.list(params={"code": code.code}).data
    assert used.times_redeemed == 1
    with pytest.raises(stripe.InvalidRequestError, match="expired and cannot be applied"):
        new_session(discounts=[{"coupon": coupon.id}])


def test_no_share_of_a_discount_is_more_than_its_item(client, new_session):
    coupon = client.v1.coupons.create(params={"amount_off": 5, "currency": "usd"})
    lines = [
        {"price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": "x"}}, "quantity": 1}
        for amount in (100, 2, 2, 2, 2, 2, 2, 1)
    ]

    session = new_session(line_items=lines, discounts=[{"coupon": coupon.id}])
    items = client.v1.checkout.sessions.line_items.list(session.id).data

    assert sum(item.amount_discount for item in items) == session.total_details.amount_discount == 5
    assert min(item.amount_total for item in items) >= 0


def test_a_discount_leaves_what_the_currency_can_be_charged(client, new_session):
    coupon = client.v1.coupons.create(params={"percent_off": 33})
    line = {"price_data": {"currency": "isk", "unit_amount": 100_000, "product_data": {"name": "x"}}, "quantity": 1}

    odd = new_session(line_items=[{**line, "quantity": 3}], discounts=[{"coupon": coupon.id}])
    third = client.v1.coupons.create(params={"percent_off": 33.33})

    assert (odd.total_details.amount_discount, odd.amount_total) == (99_000, 201_000)
    assert new_session(line_items=[line], discounts=[{"coupon": third.id}]).amount_total == 66_700
    with pytest.raises(stripe.InvalidRequestError, match="multiple of 100"):
        client.v1.coupons.create(params={"amount_off": 1_050, "currency": "isk"})


def test_a_fixed_amount_off_is_in_the_sessions_currency(client, new_session):
    coupon = client.v1.coupons.create(params={"amount_off": 1_000, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError, match="in `usd`, the session in `krw`") as refused:
        new_session(discounts=[{"coupon": coupon.id}])

    assert refused.value.param == "discounts[0][coupon]"


@pytest.mark.parametrize(
    "limits",
    [
        {"active": False},
        {"restrictions": {"minimum_amount": 24_001, "minimum_amount_currency": "krw"}},
        {"restrictions": {"minimum_amount": 1, "minimum_amount_currency": "usd"}},
        {"customer": "another"},
        {"expires_at": "soon"},
    ],
)
def test_a_promotion_code_keeps_its_restrictions_when_the_shop_applies_it(client, new_session, paywright, limits):
    now = paywright.request("GET", "clock")["now"]
    given = {
        **limits,
        **({"customer": client.v1.customers.create(params={}).id} if "customer" in limits else {}),
        **({"expires_at": now + 60} if "expires_at" in limits else {}),
    }
    coupon = client.v1.coupons.create(params={"percent_off": 10})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}, **given})
    if "expires_at" in limits:
        paywright.advance(61)

    with pytest.raises(stripe.InvalidRequestError, match="cannot be redeemed") as refused:
        new_session(discounts=[{"promotion_code": code.id}])

    assert refused.value.param == "discounts[0][promotion_code]"


@pytest.mark.parametrize(("inclusive", "tax", "total"), [(False, 2_400, 26_400), (True, 2_182, 24_000)])
def test_tax_rates(client, new_session, inclusive, tax, total):
    rate = client.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 10, "inclusive": inclusive})
    line = {
        "price_data": {"currency": "krw", "unit_amount": 12_000, "product_data": {"name": "x"}},
        "quantity": 2,
        "tax_rates": [rate.id],
    }

    session = new_session(line_items=[line])
    (item,) = client.v1.checkout.sessions.line_items.list(session.id, params={"expand": ["data.taxes"]}).data

    assert (session.total_details.amount_tax, session.amount_total) == (tax, total)
    assert (item.taxes[0].amount, item.taxes[0].rate.id) == (tax, rate.id)


def test_shipping_options(new_session):
    def option(name, amount):
        fixed = {"amount": amount, "currency": "krw"}
        return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}

    session = new_session(shipping_options=[option("Post", 3_000), option("Express", 6_000)])

    assert session.amount_total == 27_000
    assert session.shipping_cost.amount_total == 3_000
    assert [o.shipping_amount for o in session.shipping_options] == [3_000, 6_000]


def test_what_paywright_cannot_do_is_refused_and_not_ignored(new_session):
    with pytest.raises(stripe.InvalidRequestError, match="does not support the parameter automatic_tax"):
        new_session(automatic_tax={"enabled": True})


def test_what_asks_for_nothing_is_let_through(new_session):
    nothing = {"enabled": False}

    assert new_session(automatic_tax=nothing, invoice_creation=nothing, tax_id_collection=nothing).status == "open"


def test_the_account(client):
    account = client.v1.accounts.retrieve_current()

    assert account.charges_enabled is True


def test_lists_are_paged_by_cursor_in_both_directions(client):
    made = [client.v1.customers.create(params={"email": "page@example.com"}).id for _ in range(7)]
    newest_first = made[::-1]

    first = client.v1.customers.list(params={"email": "page@example.com", "limit": 3})
    second = client.v1.customers.list(
        params={"email": "page@example.com", "limit": 3, "starting_after": first.data[-1].id}
    )
    back = client.v1.customers.list(
        params={"email": "page@example.com", "limit": 3, "ending_before": second.data[0].id}
    )
    everything = [c.id for c in first.auto_paging_iter()]

    assert [c.id for c in first.data] == newest_first[:3]
    assert [c.id for c in second.data] == newest_first[3:6]
    assert [c.id for c in back.data] == newest_first[:3]
    assert (first.has_more, everything) == (True, newest_first)


def test_created_filters(client):
    customer = client.v1.customers.create(params={"email": "created@example.com"})

    def count(**created):
        found = client.v1.customers.list(params={"email": "created@example.com", "created": created}).data
        return len([c for c in found if c.id == customer.id])

    assert count(gte=customer.created, lte=customer.created) == 1
    assert count(gt=customer.created) == count(lt=customer.created) == 0
