"""The hosted page in a real Chromium: keyboard, brand, filling in, accessibility."""

import pytest
from playwright.sync_api import Page

from paywright.testing import Paywright
from tests.conformance.client import KRW_TWO, client_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server():
    with Paywright() as server:
        yield server


@pytest.fixture
def checkout(server):
    """The address of a fresh session's page; paying leads to the server's own overview."""

    def make(locale="en", **changes):
        back = f"{server.api_base}/_paywright/"
        params = {"mode": "payment", "line_items": KRW_TWO, "success_url": back, "cancel_url": back, "locale": locale}
        return client_of(server).v1.checkout.sessions.create(params={**params, **changes})

    return make


def status(server, session):
    return client_of(server).v1.checkout.sessions.retrieve(session.id).payment_status


def test_paying_with_the_keyboard_alone(server, page, checkout):
    session = checkout()
    page.goto(session.url)
    page.locator("#email").focus()
    for text in ("buyer@example.com", "4242424242424242", "1234", "123", "Hong Gildong"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    assert page.locator("#card_number").input_value() == "4242 4242 4242 4242"
    assert page.locator("#card_expiry").input_value() == "12 / 34"
    assert page.locator("#card_brand").inner_text() == "Visa"
    page.locator("#pay").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/_paywright/")

    assert status(server, session) == "paid"


@pytest.mark.parametrize("locale", ["en", "ko"])
def test_a_decline_and_another_card(server, page, checkout, locale):
    session = checkout(locale)
    page.goto(session.url)
    page.locator(".fill").nth(1).click()
    page.locator("#pay").click()

    alert = page.locator("#problem[role=alert]")
    alert.wait_for()
    assert "declined" in alert.inner_text() or "거절" in alert.inner_text()
    page.locator(".fill").nth(0).click()
    page.locator("#pay").click()
    page.wait_for_url("**/_paywright/")
    assert status(server, session) == "paid"


def test_the_3d_secure_page_is_passed(server, page, checkout):
    session = checkout("ko")
    page.goto(session.url)
    page.locator(".fill").nth(2).click()
    page.locator("#pay").click()
    page.locator("#challenge-complete").click()
    page.wait_for_url("**/_paywright/")

    assert status(server, session) == "paid"


def test_american_express_is_grouped_as_on_the_card(page, checkout):
    page.goto(checkout().url)
    page.locator("#card_number").press_sequentially("378282246310005")

    assert page.locator("#card_number").input_value() == "3782 822463 10005"
    assert page.locator("#card_brand").inner_text() == "American Express"


def test_the_cancel_link_leads_back(page, checkout):
    page.goto(checkout().url)
    page.locator("#cancel").click()

    page.wait_for_url("**/_paywright/")


@pytest.mark.parametrize("locale", ["en", "ko"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_accessible_and_fit(server, page, checkout, locale, width):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 800})
    session = checkout(locale, allow_promotion_codes=True)
    page.goto(session.url)
    seen = [session.url]
    page.locator("#pay").click()
    page.locator("#problem").wait_for()
    page.evaluate("document.querySelectorAll('details').forEach((group) => (group.open = true))")
    for address in (None, f"{server.api_base}/c/pay/nope", f"{server.api_base}/_paywright/"):
        if address:
            page.goto(address)
            seen.append(address)
        violations = [
            (v["id"], v["nodes"][0]["html"][:200])
            for v in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        ]
        assert violations == [], (page.url, violations)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_korean_is_drawn_where_the_machine_has_no_korean_font(server, pages, checkout):
    with pages.visit(locale="ko-KR") as page:
        for address in (checkout("ko").url, f"{server.api_base}/_paywright/"):
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == "ko"
            assert foreign_fonts(page) == set(), address


def foreign_fonts(page: Page) -> set[str]:
    """The fonts of this machine that draw any text of the page, in place of the one that the page carries.

    A machine without Korean fonts draws boxes with them. Monospaced ones are left out: identifiers only are in them.
    """
    page.evaluate("document.fonts.ready.then(() => true)")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    selector = "body :not(script, style, option)"
    nodes = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]
    used = [font for node in nodes for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]]
    session.detach()
    return {font["familyName"] for font in used if not font["isCustomFont"] and "Mono" not in font["familyName"]}
