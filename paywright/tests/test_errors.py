"""Every kind of error that the API answers with, and the keys it accepts."""

import httpx
import pytest

from tests.conformance.client import one_item


def error_of(answer: httpx.Response) -> dict[str, str]:
    error = answer.json()["error"]
    return {name: error.get(name) for name in ("type", "code", "param", "message")}


def refusal(code: str | None, param: str | None, message: str) -> dict[str, str | None]:
    return {"type": "invalid_request_error", "code": code, "param": param, "message": message}


def test_an_unknown_parameter_is_named(raw):
    answer = raw.post("/v1/checkout/sessions", data={"nope": "1"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal("parameter_unknown", "nope", "Received unknown parameter: nope")
    assert answer.json()["error"]["doc_url"] == "https://stripe.com/docs/error-codes/parameter-unknown"


@pytest.mark.parametrize(
    "name",
    [
        "line_items[0][nope]",
        "line_items[0][price_data][product_data][nope]",
        "payment_intent_data[shipping][address][nope]",
        "custom_fields[0][dropdown][options][0][nope]",
        "after_expiration[recovery][nope]",
    ],
)
def test_an_unknown_parameter_is_refused_at_every_level(raw, name):
    answer = raw.post("/v1/checkout/sessions", data={name: "1"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal("parameter_unknown", name, f"Received unknown parameter: {name}")


def test_a_missing_parameter_within_an_object_is_named_with_its_path(raw):
    answer = raw.post(
        "/v1/checkout/sessions",
        data={"mode": "payment", "success_url": "http://x/", "line_items[0][price_data][unit_amount]": "5"},
    )

    name = "line_items[0][price_data][currency]"
    assert error_of(answer) == refusal("parameter_missing", name, f"Missing required param: {name}.")


def test_not_an_integer(raw):
    answer = raw.get("/v1/events", params={"limit": "abc"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal("parameter_invalid_integer", "limit", "Invalid integer: abc")


@pytest.mark.parametrize(
    ("path", "noun", "param"),
    [
        ("/v1/checkout/sessions/cs_x", "checkout.session", "session"),
        ("/v1/payment_intents/pi_x", "payment_intent", "intent"),
        ("/v1/charges/ch_x", "charge", "charge"),
        ("/v1/events/evt_x", "event", "id"),
    ],
)
def test_an_unknown_id_in_the_path_is_404(raw, path, noun, param):
    answer = raw.get(path)

    assert answer.status_code == 404
    assert error_of(answer) == refusal("resource_missing", param, f"No such {noun}: '{path.rsplit('/', 1)[1]}'")


def test_an_unknown_cursor_is_400(raw):
    answer = raw.get("/v1/events", params={"starting_after": "evt_x"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal("resource_missing", "starting_after", "No such event: 'evt_x'")


def test_both_cursors(raw):
    answer = raw.get("/v1/events", params={"starting_after": "a", "ending_before": "b"})

    message = "Received both starting_after and ending_before parameters. Please pass in only one."
    assert error_of(answer) == refusal(None, None, message)


def test_what_cannot_be_expanded_is_an_error(raw):
    answer = raw.get("/v1/charges/ch_x", params={"expand[]": "amount"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal(None, None, "This property cannot be expanded (amount).")


def test_expanding_a_list_hints_at_data(raw):
    answer = raw.get("/v1/charges", params={"expand[]": "balance_transaction"})

    message = (
        "This property cannot be expanded (balance_transaction)."
        " You may want to try expanding 'data.balance_transaction' instead."
    )
    assert error_of(answer) == refusal(None, None, message)


def test_expanding_goes_four_levels_deep(raw):
    deep = "payment_intent.latest_charge.payment_intent.latest_charge.payment_intent"
    answer = raw.get("/v1/checkout/sessions/cs_x", params={"expand[]": deep})

    assert answer.status_code == 400
    assert "more than 4 levels" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/v1/checkout/sessions", "payment_link"),
        ("POST", "/v1/webhook_endpoints", "connect"),
        ("POST", "/v1/customers", "invoice_settings[footer]"),
    ],
)
def test_what_stripe_knows_and_paywright_does_not_is_refused_by_name(raw, method, path, name):
    needed = {"url": "https://shop.example/", "enabled_events[]": "*"} if name == "connect" else {}

    answer = raw.request(method, path, **{"params" if method == "GET" else "data": {**needed, name: "true"}})

    assert answer.status_code == 400
    name = name.partition("[")[0]
    assert error_of(answer) == refusal(None, name, f"Paywright does not support the parameter {name}.")


def test_a_wrong_state_carries_the_payment_intent_as_clients_see_it(raw):
    paid = {"amount": "500", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}
    intent = raw.post("/v1/payment_intents", data=paid).json()

    error = raw.post(f"/v1/payment_intents/{intent['id']}/cancel").json()["error"]

    assert error["code"] == "payment_intent_unexpected_state"
    assert error["payment_intent"] == intent


def test_a_choice_within_a_list_is_named_with_its_place(raw):
    form = {"url": "https://shop.example/", "enabled_events[0]": "nope"}

    error = error_of(raw.post("/v1/webhook_endpoints", data=form))

    assert error["param"] == "enabled_events[0]"
    assert error["message"].startswith("Invalid enabled_events[0]: must be one of *, ")


def test_method_types_of_a_payment_intent_are_refused_by_a_code_of_their_own(raw):
    form = {"amount": "500", "currency": "usd", "payment_method_types[]": "card"}

    now = raw.post("/v1/payment_intents", data=form, headers={"Stripe-Version": "2026-09-30.endive"})
    before = raw.post("/v1/payment_intents", data=form, headers={"Stripe-Version": "2026-08-26.dahlia"})

    error = error_of(now)
    assert (now.status_code, error["code"]) == (400, "payment_method_types_no_longer_supported")
    assert error["param"] == "payment_method_types"
    assert (before.status_code, before.json()["payment_method_types"]) == (200, ["card"])


@pytest.mark.parametrize("path", ["/v1/nope", "/v1/checkout", "/nope", "/v1/checkout/sessions//expire"])
def test_an_unknown_route(raw, path):
    answer = raw.post(path)

    assert answer.status_code == 404
    assert answer.headers["request-id"].startswith("req_")
    assert error_of(answer) == refusal(None, None, f"Unrecognized request URL (POST: {path}).")


def test_no_key(paywright):
    answer = httpx.get(f"{paywright.api_base}/v1/events")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Stripe"'
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("prefix", ["sk_live_", "rk_live_", "pk_test_", "nonsense"])
def test_keys_that_are_not_test_keys_are_refused_and_not_repeated(paywright, prefix):
    key = prefix + "verysecretpart1234"

    answer = httpx.get(f"{paywright.api_base}/v1/events", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 401
    assert "verysecret" not in answer.text


def test_basic_authentication_with_the_key_as_user(paywright):
    answer = httpx.get(f"{paywright.api_base}/v1/events", auth=("rk_test_x", ""))

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "type_"),
    [
        (b"a=" + b"x" * 1_100_000, "invalid_request_error"),
        (b"\xff\xfe", "invalid_request_error"),
        (b"client_reference_id=%ff", "invalid_request_error"),
        (b"a[b=1", "invalid_request_error"),
        (b"[]=1", "invalid_request_error"),
        (b"a=1&a[b]=2", "invalid_request_error"),
        (b"a[b]=1&a=2", "invalid_request_error"),
        (b"a" + b"[b]" * 20 + b"=1", "invalid_request_error"),
        (b"&".join(b"a%d=1" % n for n in range(6000)), "invalid_request_error"),
        (b"line_items=notalist", "invalid_request_error"),
        (b"line_items[0]=notanobject", "invalid_request_error"),
        (b"metadata[a][b]=c", "invalid_request_error"),
        (b"mode[x]=payment", "invalid_request_error"),
        (b"mode=subscriptio", "invalid_request_error"),
        (b"allow_promotion_codes=yes", "invalid_request_error"),
        (b"expires_at=1e9", "invalid_request_error"),
        (b"expires_at=%EF%BC%91", "invalid_request_error"),
        (b"line_items[999999999999]=x", "invalid_request_error"),
    ],
)
def test_malformed_bodies_get_a_400(raw, body, type_):
    answer = raw.post(
        "/v1/checkout/sessions", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == type_


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=b", "text/plain"])
def test_a_body_that_is_no_form_is_told_what_is_wanted(raw, kind):
    answer = raw.post("/v1/customers", content=b'{"name": "x"}', headers={"Content-Type": kind})

    message = "Invalid request (check that your POST content type is application/x-www-form-urlencoded)."
    assert (answer.status_code, error_of(answer)) == (400, refusal(None, None, message))


@pytest.mark.parametrize("version", ["nonsense", "2026-10-28", "2026-10-28.dahlia", "2031-01-01.zeta"])
def test_a_version_that_stripe_never_had_is_refused(raw, version):
    answer = raw.get("/v1/events", headers={"Stripe-Version": version})

    message = f"Invalid Stripe API version: {version} (the newest known here is 2026-10-28.endive)"
    assert (answer.status_code, error_of(answer)) == (400, refusal(None, None, message))
    assert answer.headers["stripe-version"] == "2026-08-26.dahlia"


def test_a_version_is_refused_before_anything_is_made(raw):
    key = {"Idempotency-Key": "with a wrong version first"}

    refused = raw.post("/v1/customers", headers={**key, "Stripe-Version": "nonsense"})

    assert refused.status_code == 400
    assert raw.post("/v1/customers", headers=key).status_code == 200


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/customers", "email"),
        ("/v1/checkout/sessions", "customer_email"),
        ("/v1/checkout/sessions", "payment_intent_data[receipt_email]"),
        ("/v1/payment_intents", "receipt_email"),
    ],
)
def test_what_is_no_email_address_is_refused(raw, path, name):
    needed = {
        "/v1/checkout/sessions": one_item("usd", 500),
        "/v1/payment_intents": {"amount": "500", "currency": "usd"},
    }

    answer = raw.post(path, data={**needed.get(path, {}), name: "nonsense"})

    assert answer.status_code == 400
    assert error_of(answer) == refusal("email_invalid", name, "Invalid email address: nonsense")


@pytest.mark.parametrize(
    "form",
    [
        b"line_items[][price_data][currency]=usd&line_items[][price_data][unit_amount]=500"
        b"&line_items[][price_data][product_data][name]=x&line_items[][quantity]=2"
        b"&line_items[][price_data][currency]=usd&line_items[][price_data][unit_amount]=700"
        b"&line_items[][price_data][product_data][name]=y&line_items[][quantity]=1",
        b"line_items[5][quantity]=1&line_items[5][price_data][unit_amount]=700&line_items[2][quantity]=2"
        b"&line_items[5][price_data][product_data][name]=y&line_items[5][price_data][currency]=usd"
        b"&line_items[2][price_data][currency]=usd&line_items[2][price_data][product_data][name]=x"
        b"&line_items[2][price_data][unit_amount]=500",
    ],
)
def test_arrays_come_without_places_or_with_any(raw, form):
    start = b"mode=payment&success_url=https://shop.example/&expand[]=line_items&"

    answer = raw.post("/v1/checkout/sessions", content=start + form)

    items = answer.json()["line_items"]["data"]
    assert [(i["description"], i["quantity"], i["amount_total"]) for i in items] == [("x", 2, 1000), ("y", 1, 700)]


def test_of_a_name_given_twice_the_last_counts(raw):
    assert raw.post("/v1/customers", content=b"name=a&name=b").json()["name"] == "b"


@pytest.mark.parametrize(
    ("currency", "amount", "message"),
    [
        ("usd", 49, "The Checkout Session's total amount due must add up to at least $0.50 usd"),
        ("eur", 10, "The Checkout Session's total amount due must add up to at least €0.50 eur"),
        ("krw", 100, "Amount must convert to at least 50 cents. ₩100 converts to approximately $0.07."),
        ("ars", 40_000, "Amount must convert to at least 50 cents. ARS400.00 converts to approximately $0.40."),
        ("jpy", 49, "The Checkout Session's total amount due must add up to at least ¥50 jpy"),
    ],
)
def test_a_total_below_the_minimum(raw, currency, amount, message):
    answer = raw.post("/v1/checkout/sessions", data=one_item(currency, amount))

    assert answer.status_code == 400
    assert (answer.json()["error"]["code"], answer.json()["error"]["message"]) == ("amount_too_small", message)


@pytest.mark.parametrize(
    ("currency", "amount"), [("usd", 100_000_000), ("kwd", 5_124), ("isk", 550), ("xxx", 500), ("us", 500)]
)
def test_amounts_and_currencies_that_cannot_be(raw, currency, amount):
    assert raw.post("/v1/checkout/sessions", data=one_item(currency, amount)).status_code == 400


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 5_120), ("isk", 50_000), ("JPY", 50), ("usd", 99_999_999)])
def test_amounts_at_the_border_of_the_rules(raw, currency, amount):
    answer = raw.post("/v1/checkout/sessions", data=one_item(currency, amount))

    assert (answer.status_code, answer.json()["amount_total"]) == (200, amount)


@pytest.mark.parametrize(
    "metadata",
    [
        {f"metadata[k{n}]": "v" for n in range(51)},
        {f"metadata[{'k' * 41}]": "v"},
        {"metadata[k]": "v" * 501},
    ],
)
def test_metadata_has_bounds(raw, metadata):
    answer = raw.post("/v1/checkout/sessions", data={**one_item("usd", 100), **metadata})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("metadata")


@pytest.mark.parametrize(
    ("path", "form", "param"),
    [
        ("/v1/coupons", {"percent_off": "inf"}, "percent_off"),
        ("/v1/coupons", {"percent_off": "1_0"}, "percent_off"),
        ("/v1/products", {"name": "x", "package_dimensions[height]": "1e999"}, "package_dimensions[height]"),
        (
            "/v1/prices",
            {"currency": "usd", "unit_amount_decimal": "9" * 4_500, "product_data[name]": "x"},
            "unit_amount_decimal",
        ),
        ("/v1/prices", {"currency": "usd", "unit_amount": "9" * 13, "product_data[name]": "x"}, "unit_amount"),
    ],
)
def test_numbers_beyond_all_bounds(raw, path, form, param):
    answer = raw.post(path, data=form)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_a_line_beyond_all_bounds_that_costs_nothing(raw):
    coupon = raw.post("/v1/coupons", data={"percent_off": "100"}).json()["id"]
    form = {**one_item("usd", 10**11), "line_items[0][quantity]": "9" * 15, "discounts[0][coupon]": coupon}

    answer = raw.post("/v1/checkout/sessions", data=form)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "line_items[0][quantity]")
