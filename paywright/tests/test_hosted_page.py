"""The hosted page over plain HTTP: it works without JavaScript."""

import re
import socket

import httpx
import pytest

from paywright.hosted.texts import LANGUAGES, choose, texts
from paywright.payments.cards import CARDS, MISTYPED
from paywright.payments.delayed import IBANS
from tests.conformance.client import CANCEL_URL

GOOD = {
    "email": "buyer@example.com",
    "card_number": "4242 4242 4242 4242",
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "name": "홍길동",
    "country": "KR",
}


@pytest.fixture
def browser_like(paywright):
    with httpx.Client(base_url=paywright.api_base, trust_env=False, timeout=30) as http:
        yield http


def address(session):
    return session.url.split("#")[0]


def test_the_page_shows_what_is_bought_and_that_it_is_a_test(new_session, browser_like):
    page = browser_like.get(address(new_session(locale="en")))

    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert "김치 Kimchi" in page.text
    assert "Qty 2" in page.text
    assert "₩24,000" in page.text
    assert "₩12,000 each" in page.text
    assert "Test payment: no money moves" in page.text
    assert f'href="{CANCEL_URL}"' in page.text


@pytest.mark.parametrize(
    ("locale", "accept", "language"),
    [
        ("ko", "en", "ko"),
        ("en", "ko", "en"),
        ("auto", "ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        (None, "fr;q=0.9, ko;q=0.3, en;q=0.2", "ko"),
        (None, "", "en"),
        ("ja", "ko", "en"),
    ],
)
def test_the_language_is_the_sessions_or_the_browsers(new_session, browser_like, locale, accept, language):
    page = browser_like.get(address(new_session(locale=locale)), headers={"Accept-Language": accept})

    assert f'<html lang="{language}">' in page.text
    assert texts(language)["band"] in page.text


def test_every_test_card_is_offered_once(new_session, browser_like):
    euro = {"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "x"}}, "quantity": 1}
    page = browser_like.get(address(new_session(line_items=[euro])))

    offered = re.findall(r'name="fill" value="(\w+)"', page.text)
    assert sorted(offered) == sorted([*CARDS, MISTYPED, *IBANS])


@pytest.mark.parametrize("offer", ["371449635398431", "AT321904300235473204"])
def test_a_click_fills_the_form_in_without_javascript(new_session, browser_like, offer):
    euro = {"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "x"}}, "quantity": 1}
    session = new_session(line_items=[euro])

    page = browser_like.get(address(session), params={"fill": offer})
    typed = dict(re.findall(r'<input id="(\w+)"[^>]* value="([^"]+)"', page.text))
    method = re.search(r'name="method" value="(\w+)"[^>]* checked', page.text)[1]
    answer = browser_like.post(address(session), data={**typed, "method": method, "country": "AT"})

    assert answer.status_code == 303, typed


def test_only_offers_are_filled_in(new_session, browser_like):
    page = browser_like.get(address(new_session()), params={"fill": '"><script>'})

    assert page.status_code == 200
    assert "Test Buyer" not in page.text
    assert "<script>" not in page.text


def test_both_languages_have_every_sentence_with_the_same_gaps():
    korean, english = texts("ko"), texts("en")

    assert korean.keys() == english.keys()
    for key, sentence in english.items():
        assert sorted(re.findall(r"{\w+}", sentence)) == sorted(re.findall(r"{\w+}", korean[key])), key
        assert korean[key].strip()
    assert choose("ko", "") in LANGUAGES


def test_a_strict_policy_that_lets_the_form_lead_back_to_the_shop(new_session, browser_like):
    page = browser_like.get(address(new_session()))

    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "form-action 'self' http://shop.example" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", page.text)


def test_paying_leads_to_the_success_page(new_session, browser_like, client):
    session = new_session()

    answer = browser_like.post(address(session), data=GOOD)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"http://shop.example/completed?session={session.id}"
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_pressing_twice_leads_to_the_same_place_and_pays_once(new_session, browser_like, client):
    session = new_session()
    first, second = (browser_like.post(address(session), data=GOOD) for _ in range(2))

    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent

    assert first.headers["location"] == second.headers["location"]
    assert len(client.v1.charges.list(params={"payment_intent": intent}).data) == 1


@pytest.mark.parametrize(("locale", "message"), [("en", "Your card was declined."), ("ko", "카드가 거절되었습니다.")])
@pytest.mark.parametrize("number", ["4000000000000002", "4000000000009987", "4000000000009979"])
def test_a_decline_is_told_without_its_reason_and_can_be_tried_again(
    new_session, browser_like, locale, message, number
):
    session = new_session(locale=locale)

    declined = browser_like.post(address(session), data={**GOOD, "card_number": number})
    paid = browser_like.post(address(session), data=GOOD)

    assert declined.status_code == 402
    assert 'role="alert"' in declined.text
    assert message in declined.text
    assert not re.search(r"decline-message[^<]*(lost|stolen|분실|도난)", declined.text)
    assert 'value="buyer@example.com"' in declined.text
    assert paid.status_code == 303


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"card_number": "4242424242424241"}, "Your card number is incorrect."),
        ({"card_number": "4111111111111111"}, "only the test cards listed below work"),
        ({"card_number": ""}, "Enter a card number."),
        ({"card_expiry": "01/20"}, "expiration date is in the past"),
        ({"card_expiry": "13/34"}, "Enter the date as month and year"),
        ({"card_cvc": "12"}, "Enter the 3 digits"),
        ({"card_number": "378282246310005"}, "Enter the 4 digits"),
        ({"email": "nobody"}, "Enter an email address"),
        ({"name": " "}, "Enter your name."),
        ({"country": "ZZ"}, "Choose a country."),
    ],
)
def test_wrong_entries_are_marked_and_nothing_typed_is_lost(new_session, browser_like, client, changes, message):
    session = new_session(locale="en")
    (field,) = changes

    answer = browser_like.post(address(session), data={**GOOD, **changes})

    assert answer.status_code == 400
    assert message in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert f'id="{field}-error"' in answer.text or field == "card_number"
    assert GOOD["name"] in answer.text or field == "name"
    assert "4242" not in re.findall(r'id="card_cvc"[^>]*', answer.text)[0]
    assert client.v1.checkout.sessions.retrieve(session.id).payment_intent is None


def test_american_express_has_four_digits(new_session, browser_like):
    answer = browser_like.post(
        address(new_session()), data={**GOOD, "card_number": "3782 822463 10005", "card_cvc": "1234"}
    )

    assert answer.status_code == 303


@pytest.mark.parametrize(("result", "status", "location"), [("complete", 303, "shop.example"), ("fail", 402, None)])
def test_the_3d_secure_page(new_session, browser_like, result, status, location):
    session = new_session(locale="ko")
    challenged = browser_like.post(address(session), data={**GOOD, "card_number": "4000002500003155"})
    page = browser_like.get(challenged.headers["location"])

    answer = browser_like.post(challenged.headers["location"], data={"result": result})

    assert "인증 완료" in page.text
    assert "₩24,000" in page.text
    assert answer.status_code == status
    if location:
        assert location in answer.headers["location"]
    else:
        assert "결제 수단을 인증하지 못했습니다" in answer.text


def begun(server, path, body):
    """A form of which the server has seen all but its last byte."""
    connection = socket.create_connection(("127.0.0.1", server.port))
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    connection.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body[:-1])
    return connection


def test_a_challenge_ended_twice_at_once_pays_once(new_session, browser_like, client, paywright):
    session = new_session()
    challenge = browser_like.post(address(session), data={**GOOD, "card_number": "4000002500003155"})
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    body = b"result=complete"

    presses = [begun(paywright, challenge.headers["location"], body) for _ in range(2)]
    browser_like.get("/_paywright/health").raise_for_status()
    answers = []
    for press in presses:
        press.sendall(body[-1:])
        answers.append(press.recv(10_000))
        press.close()

    assert [b"303" in answer.splitlines()[0] for answer in answers] == [True, True]
    assert all(b"location: http://shop.example/completed" in answer.lower() for answer in answers)
    assert len(client.v1.charges.list(params={"payment_intent": intent}).data) == 1


@pytest.mark.parametrize(
    ("result", "outcome", "status"),
    [("complete", "succeeded", "succeeded"), ("fail", "failed", "requires_payment_method")],
)
def test_a_payment_without_checkout_is_challenged_too(client, browser_like, result, outcome, status):
    intent = client.v1.payment_intents.create(
        params={
            "amount": 900,
            "currency": "usd",
            "payment_method": "pm_card_threeDSecure2Required",
            "confirm": True,
            "return_url": "https://shop.example/back?order=7",
        }
    )
    page = browser_like.get(intent.next_action.redirect_to_url.url)

    answers = [browser_like.post(f"/c/3ds/{intent.id}", data={"result": result}) for _ in range(2)]

    assert "form-action 'self' https://shop.example" in page.headers["content-security-policy"]
    back = f"https://shop.example/back?order=7&payment_intent={intent.id}&payment_intent_client_secret="
    for answer in answers:
        assert (answer.status_code, answer.headers["location"].startswith(back)) == (303, True)
        assert answer.headers["location"].endswith(f"&redirect_status={outcome}")
    assert client.v1.payment_intents.retrieve(intent.id).status == status
    made = client.v1.charges.list(params={"payment_intent": intent.id}).data
    assert len(made) == (result == "complete")


def test_sessions_that_are_over_say_so(new_session, browser_like, client):
    paid, expired = new_session(locale="en"), new_session(locale="en")
    browser_like.post(address(paid), data=GOOD)
    client.v1.checkout.sessions.expire(expired.id)

    done, gone = browser_like.get(address(paid)), browser_like.get(address(expired))
    late = browser_like.post(address(expired), data=GOOD)
    unknown = browser_like.get("/c/pay/cs_test_nope")

    assert "This payment is complete" in done.text
    assert "This payment page has expired" in gone.text
    assert "This payment page has expired" in late.text
    assert (unknown.status_code, "does not exist" in unknown.text) == (404, True)


def test_a_known_email_is_filled_in_and_fixed(new_session, browser_like):
    page = browser_like.get(address(new_session(customer_email="known@example.com")))

    assert re.search(r'id="email"[^>]*value="known@example.com"[^>]* readonly', page.text)


def test_a_known_email_stays_whatever_is_posted(new_session, browser_like, client):
    session = new_session(customer_email="known@example.com")

    browser_like.post(address(session), data={**GOOD, "email": "other@example.com"})

    assert client.v1.checkout.sessions.retrieve(session.id).customer_details.email == "known@example.com"


def test_only_countries_shipped_to_are_offered_and_taken(new_session, browser_like):
    session = new_session(shipping_address_collection={"allowed_countries": ["KR", "JP"]})
    address_given = {"address_line1": "1", "address_city": "x", "address_postal_code": "1"}

    page = browser_like.get(address(session))
    wrong = browser_like.post(address(session), data={**GOOD, **address_given, "country": "US"})
    right = browser_like.post(address(session), data={**GOOD, **address_given, "country": "JP"})

    assert sorted(re.findall(r'<option value="([A-Z]{2})"', page.text)) == ["JP", "KR"]
    assert (wrong.status_code, 'id="country-error"' in wrong.text) == (400, True)
    assert right.status_code == 303


def test_text_of_others_is_escaped(new_session, browser_like):
    line = {
        "price_data": {"currency": "usd", "unit_amount": 500, "product_data": {"name": "<script>alert(1)</script>"}},
        "quantity": 1,
    }
    session = new_session(line_items=[line])

    page = browser_like.post(address(session), data={**GOOD, "card_number": '"><script>x</script>'})

    assert "<script>alert" not in page.text
    assert "<script>x" not in page.text


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a" * 50_000, b"email=%FF", b"&".join(b"a=1" for _ in range(500))])
def test_noise_gets_the_form_back(new_session, browser_like, body):
    answer = browser_like.post(
        address(new_session()), content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 400


def test_a_promotion_code_changes_the_total(new_session, browser_like, client):
    coupon = client.v1.coupons.create(params={"percent_off": 25})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = new_session(allow_promotion_codes=True, locale="en")

    wrong = browser_like.post(f"{address(session)}/promotion", data={"promotion_code": "NOPE"})
    browser_like.post(f"{address(session)}/promotion", data={"promotion_code": code.code.lower()})
    page = browser_like.get(address(session))
    browser_like.post(address(session), data=GOOD)
    paid = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})

    assert "This promotion code is invalid." in wrong.text
    assert "₩18,000" in page.text
    assert "-₩6,000" in page.text
    assert paid.amount_total == paid.payment_intent.amount_received == 18_000
    assert paid.discounts[0].promotion_code == code.id


def test_a_promotion_code_that_leaves_too_little_to_pay_is_not_taken(new_session, browser_like, client):
    coupon = client.v1.coupons.create(params={"amount_off": 23_900, "currency": "krw"})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = new_session(allow_promotion_codes=True, locale="en")

    answer = browser_like.post(f"{address(session)}/promotion", data={"promotion_code": code.code})
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert (answer.status_code, "This promotion code is invalid." in answer.text) == (400, True)
    assert (after.amount_total, after.discounts, after.total_details.amount_discount) == (24_000, [], 0)


def test_a_code_that_leaves_nothing_to_pay_cancels_what_was_tried(new_session, browser_like, client):
    coupon = client.v1.coupons.create(params={"percent_off": 100})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = new_session(allow_promotion_codes=True)
    browser_like.post(address(session), data={**GOOD, "card_number": "4000000000000002"})
    browser_like.post(f"{address(session)}/promotion", data={"promotion_code": code.code})

    browser_like.post(address(session), data={n: GOOD[n] for n in ("email", "name", "country")})
    after = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})

    assert (after.status, after.payment_status) == ("complete", "no_payment_required")
    assert after.payment_intent.status == "canceled"


def test_a_promotion_code_can_be_removed(new_session, browser_like, client):
    coupon = client.v1.coupons.create(params={"percent_off": 25})
    code = client.v1.promotion_codes.create(params={"promotion": {"type": "coupon", "coupon": coupon.id}})
    session = new_session(allow_promotion_codes=True)
    browser_like.post(f"{address(session)}/promotion", data={"promotion_code": code.code})
    browser_like.post(f"{address(session)}/promotion", data={"remove": "1"})

    assert client.v1.checkout.sessions.retrieve(session.id).amount_total == 24_000


def test_shipping_is_chosen_on_the_page(new_session, browser_like, client):
    def option(name, amount):
        fixed = {"amount": amount, "currency": "krw"}
        return {"shipping_rate_data": {"display_name": name, "type": "fixed_amount", "fixed_amount": fixed}}

    session = new_session(shipping_options=[option("Post", 3_000), option("Express", 6_000)])
    express = session.shipping_options[1].shipping_rate
    browser_like.post(f"{address(session)}/shipping", data={"shipping_rate": express})
    browser_like.post(address(session), data=GOOD)

    paid = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["shipping_cost.shipping_rate"]})
    assert paid.amount_total == 30_000
    assert paid.shipping_cost.shipping_rate.display_name == "Express"


def test_tax_is_shown_by_rate(new_session, browser_like, client):
    rate = client.v1.tax_rates.create(params={"display_name": "VAT", "percentage": 10, "inclusive": True})
    line = {
        "price_data": {"currency": "krw", "unit_amount": 11_000, "product_data": {"name": "x"}},
        "quantity": 1,
        "tax_rates": [rate.id],
    }

    page = browser_like.get(address(new_session(line_items=[line], locale="en")))

    assert "VAT (10%, included)" in page.text
    assert "₩1,000" in page.text


def test_questions_of_the_shop_are_asked_and_answered(new_session, browser_like, client):
    session = new_session(
        locale="en",
        phone_number_collection={"enabled": True},
        shipping_address_collection={"allowed_countries": ["KR"]},
        custom_fields=[
            {"key": "gift", "type": "text", "label": {"type": "custom", "custom": "Gift note"}, "optional": True},
            {
                "key": "size",
                "type": "dropdown",
                "label": {"type": "custom", "custom": "Size"},
                "dropdown": {"options": [{"label": "Large", "value": "l"}, {"label": "Small", "value": "s"}]},
            },
        ],
    )
    missing = browser_like.post(address(session), data=GOOD)
    answers = {
        "phone": "+82 10-1234-5678",
        "address_line1": "세종대로 110",
        "address_city": "서울",
        "address_postal_code": "04524",
        "custom_size": "l",
        "custom_gift": "축하합니다",
    }
    paid = browser_like.post(address(session), data={**GOOD, **answers})
    after = client.v1.checkout.sessions.retrieve(session.id)

    assert missing.text.count("This field is needed.") == 4
    assert paid.status_code == 303
    assert after.customer_details.phone == "+82 10-1234-5678"
    assert after.collected_information.shipping_details.address.city == "서울"
    assert [f[f.type].value for f in after.custom_fields] == ["축하합니다", "l"]


def test_a_debit_is_answered_later(new_session, browser_like, client, paywright):
    line = {"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "x"}}, "quantity": 1}
    session = new_session(line_items=[line], locale="en")
    page = browser_like.get(address(session))
    form = {**GOOD, "method": "sepa_debit", "iban": "AT32 1904 3002 3547 3204"}

    answer = browser_like.post(address(session), data=form)
    waiting = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent.latest_charge"]})
    paywright.advance(200)
    paid = client.v1.checkout.sessions.retrieve(session.id)

    assert "SEPA debit" in page.text
    assert answer.status_code == 303
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert (waiting.payment_intent.status, waiting.payment_intent.latest_charge.status) == ("processing", "pending")
    assert paid.payment_status == "paid"


def test_only_offered_methods_are_taken(new_session, browser_like, client):
    line = {"price_data": {"currency": "eur", "unit_amount": 900, "product_data": {"name": "x"}}, "quantity": 1}
    session = new_session(line_items=[line], excluded_payment_method_types=["sepa_debit"])

    answer = browser_like.post(address(session), data={"method": "sepa_debit", "iban": "AT611904300234573201"})

    assert session.payment_method_types == ["card"]
    assert answer.status_code == 400


def test_a_free_order_asks_for_no_card(new_session, browser_like, client):
    coupon = client.v1.coupons.create(params={"percent_off": 100})
    session = new_session(discounts=[{"coupon": coupon.id}], locale="en")

    page = browser_like.get(address(session))
    answer = browser_like.post(address(session), data={n: GOOD[n] for n in ("email", "name", "country")})

    assert "card_number" not in page.text
    assert answer.status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "no_payment_required"
