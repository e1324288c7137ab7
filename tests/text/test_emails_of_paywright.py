"""Which addresses Stripe's sandbox takes: exactly those that the store lets through."""

import httpx
import pytest

from jumun import email_addresses
from paywright.api import addresses
from paywright.testing import Paywright

REFUSED = [
    *("me@localhost", "me@com", " me@example.com", "me@example.com ", "nonsense", "@example.com", "me@"),
    *("a b@example.com", '"a"@example.com', "a..b@example.com", ".a@example.com", "é@example.com", "김@example.com"),
    *("me@하늘.한국", "me@1.2.3.4", "me@exa_mple.com", "me@example.com.", "a@b@example.com", "a" * 65 + "@example.com"),
]  # fmt: skip
TAKEN = ["me@example.com", "o'brien+tea@mail.example.co.kr", "me@xn--wh1bz27d.xn--3e0b707e", "A.B@EXAMPLE.COM"]


def create(paywright: Paywright, email: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {paywright.secret_key}"}
    return httpx.post(f"{paywright.api_base}/v1/customers", data={"email": email}, headers=headers, trust_env=False)


@pytest.mark.parametrize("email", REFUSED)
def test_an_address_that_stripe_refuses_is_refused_with_its_code(paywright: Paywright, email: str) -> None:
    error = create(paywright, email).json()["error"]
    assert (error["code"], error["param"]) == ("email_invalid", "email")
    assert not email_addresses.is_valid(email) or not email.isascii()


@pytest.mark.parametrize("email", TAKEN)
def test_an_address_that_stripe_takes_is_taken(paywright: Paywright, email: str) -> None:
    assert create(paywright, email).json()["email"] == email
    assert email_addresses.is_valid(email)


def test_the_store_and_the_sandbox_have_one_rule() -> None:
    assert email_addresses.PATTERN == addresses.EMAIL_PATTERN
    assert email_addresses.LENGTH_MAX <= addresses.EMAIL_LENGTH_MAX
