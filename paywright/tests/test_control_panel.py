"""The pages for people, and their buttons."""

import ast
import re
from pathlib import Path

import httpx
import pytest

from paywright.money import fees
from paywright.panel import actions, render
from paywright.panel.actions import STRIPES_WORDS
from paywright.panel.render import korean
from paywright.sandbox import acts, durations, faults, stories
from paywright.sandbox.faults import API, DELIVERY
from paywright.testing import Paywright
from tests.conformance.client import KRW_TWO, SUCCESS_URL, client_of
from tests.conformance.receiver import Receiver


@pytest.fixture(scope="module")
def shop():
    shop = Receiver(Paywright.webhook_secret)
    yield shop
    shop.close()


@pytest.fixture(scope="module")
def server(shop):
    with Paywright(forward_to=shop.url) as server:
        yield server


@pytest.fixture
def panel(server):
    server.reset()
    with httpx.Client(base_url=server.api_base, trust_env=False, timeout=30, follow_redirects=True) as http:
        yield http


@pytest.fixture
def session(panel, server):
    params = {"mode": "payment", "line_items": KRW_TWO, "success_url": SUCCESS_URL}
    return client_of(server).v1.checkout.sessions.create(params=params)


def test_an_empty_sandbox_has_a_page(panel):
    page = panel.get("/_paywright/")

    assert page.status_code == 200
    assert page.text.count("None yet.") == 4
    assert not re.search(r"<script(?! src=)|\son\w+=|\sstyle=", page.text)


def test_paying_a_session_refunding_and_disputing_by_button(panel, server, session):
    page = panel.post("/_paywright/do/pay", data={"id": session.id, "card": "4242424242424242"})
    intent = re.search(r"/_paywright/payments/(pi_\w+)", page.text)[1]
    panel.post("/_paywright/do/refund", data={"id": intent, "payment": intent, "amount": "4000"})
    panel.post("/_paywright/do/dispute", data={"id": intent, "payment": intent, "reason": "fraudulent"})
    server.settle()
    payment = panel.get(f"/_paywright/payments/{intent}").text

    assert "complete, paid" in page.text
    assert "₩24,000" in payment
    assert "₩4,000" in payment
    assert "visa •••• 4242" in payment
    for kind in ("charge.succeeded", "charge.refunded", "charge.dispute.created", "checkout.session.completed"):
        assert kind in payment
    assert '<td class="good">200</td>' in payment


def test_the_clock_is_advanced_by_button(panel, server, session):
    page = panel.post("/_paywright/do/advance", data={"span": "1d"})

    assert "ahead by 86400 s" in page.text
    assert "expired, unpaid" in page.text


def test_an_event_is_sent_again_by_button(panel, server, session, shop):
    client_of(server).v1.checkout.sessions.expire(session.id)
    server.settle()
    (event,) = server.events("checkout.session.expired")
    before = len(shop.bodies)

    panel.post("/_paywright/do/resend", data={"id": event["id"]})
    server.settle()

    assert len(shop.bodies) == before + 1


def test_events_are_triggered_and_faults_set_by_button(panel, server):
    panel.post("/_paywright/do/trigger", data={"event": "customer.created"})
    page = panel.post("/_paywright/do/fault", data={"fault": "drop:match=charge.*,probability=0.5"})
    calm = panel.post("/_paywright/do/calm")

    assert "customer.created" in page.text
    assert "drop:match=charge.*,probability=0.5,seed=0" in page.text
    assert "Faults in force" not in calm.text


def test_fees_are_set_by_button(panel, server):
    page = panel.post("/_paywright/do/fees", data={"percent": "1.5", "fixed_usd": "0.1"})

    assert server.request("GET", "fees") == {"percent": "1.5", "fixed_usd": "0.1"}
    assert 'value="1.5"' in page.text


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(
    ("button", "form", "status"),
    [
        ("pay", {"id": "cs_test_nope", "card": "4242424242424242"}, 404),
        ("refund", {"id": "pi_nope"}, 404),
        ("refund", {"id": "pi_nope", "amount": "x"}, 400),
        ("advance", {"span": "soon"}, 400),
        ("fault", {"fault": "nonsense"}, 400),
        ("trigger", {"event": "nope"}, 400),
        ("resend", {"id": "evt_nope"}, 404),
        ("dispute", {"id": "pi_nope", "reason": "envy"}, 400),
        ("fees", {"percent": "101", "fixed_usd": "0"}, 400),
    ],
)
def test_what_cannot_be_done_says_why_in_both_languages(panel, button, form, status, language):
    page = panel.post(f"/_paywright/do/{button}", data=form, headers={"Accept-Language": language})

    (why,) = re.findall(r'role="alert">([^<]+)<', page.text)
    assert page.status_code == status
    assert bool(re.search("[가-힣]", why)) == (language == "ko")


def test_a_refund_too_many_is_refused_in_the_browsers_language(panel, server, session):
    intent = server.pay(session.id)["payment_intent"]
    server.refund(intent)

    page = panel.post("/_paywright/do/refund", data={"id": intent}, headers={"Accept-Language": "ko"})

    assert "이미 환불된 청구입니다." in page.text
    assert "has already been refunded." in page.text


def test_other_sites_cannot_press_the_buttons(panel, session, server):
    pressed = panel.post(
        "/_paywright/do/pay",
        data={"id": session.id, "card": "4242424242424242"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    posted = panel.post(f"/_paywright/sessions/{session.id}/pay", data={"card": "4242424242424242"})

    assert (pressed.status_code, posted.status_code) == (403, 415)
    assert client_of(server).v1.checkout.sessions.retrieve(session.id).status == "open"


def test_an_unknown_payment_has_a_page(panel):
    assert panel.get("/_paywright/payments/pi_nope").status_code == 404


@pytest.mark.parametrize(
    "body", ["", "[]", "{", '{"card": 5}', '{"card": "4242", "three_d_secure": "maybe"}', "1" * 200_000]
)
def test_the_json_routes_refuse_noise(panel, session, body):
    answer = panel.post(
        f"/_paywright/sessions/{session.id}/pay", content=body, headers={"Content-Type": "application/json"}
    )

    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("timeout_s", ["nan", "soon", None, True, -1, 10**9])
def test_settling_waits_for_a_time_that_can_be(panel, timeout_s):
    answer = panel.post("/_paywright/settle", json={"timeout_s": timeout_s})

    assert (answer.status_code, "timeout_s" in answer.json()["error"]["message"]) == (400, True)


def test_the_panel_speaks_the_browsers_language(panel, session):
    page = panel.get("/_paywright/", headers={"Accept-Language": "ko-KR,ko;q=0.9"}).text

    assert '<html lang="ko">' in page
    assert "이 세션 결제" in page
    assert "Pay this session" not in page


def test_every_word_of_the_panel_has_its_korean():
    pages = Path(render.__file__).with_name("templates").glob("*.html")
    used = {word for page in pages for word in re.findall(r'\bt\("([^"]+)"', page.read_text())}
    said = {*STRIPES_WORDS.values(), *DELIVERY.values(), *API.values(), "The API refuses it.", *refusals()}

    assert used | said == set(korean())


def refusals():
    """What acts, faults, fees and spans are refused with."""
    for module in (acts, actions, durations, faults, fees, stories):
        for call in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in REFUSALS:
                yield next(a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str))


REFUSALS = ("Refused", "FaultUnknown", "FeesImpossible", "NotASpan")
