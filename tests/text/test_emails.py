import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumun import email_addresses
from jumun.errors import OrderRefused

pytestmark = pytest.mark.no_database

ATEXT = "abcXYZ019!#$%&'*+/=?^_`{|}~-"


@pytest.mark.parametrize(
    "address",
    [
        *(
            "me@localhost",
            "me@com",
            "not-an-email",
            "@example.com",
            "me@",
            "me@.com",
            "me@example..com",
            "me@example.com.",
        ),
        *(
            "a b@example.com",
            '"a b"@example.com',
            '"a"@example.com',
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
        ),
        *("é@example.com", "김@example.com", "me@1.2.3.4", "me@[127.0.0.1]", "me@exa_mple.com", "me@-example.com"),
        *("a@b@example.com", "me@example.c", "me@example.123", "me@xn--", "me,you@example.com", "<me@example.com>"),
        *("a" * 65 + "@example.com", "me@" + "a" * 64 + ".com", "me@" + "a." * 125 + "com", "me@😀.com"),
        *("me@example.com\nBcc: all@example.com", "\u3164@example.com"),
    ],
)
def test_what_stripe_or_a_mail_server_would_refuse_is_refused(address: str) -> None:
    with pytest.raises(OrderRefused) as refused:
        email_addresses.normalized(address)
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "stored", "sent"),
    [
        ("haneul@example.com", "haneul@example.com", "haneul@example.com"),
        (" Haneul.Kim+tea@Example.co.kr ", "Haneul.Kim+tea@Example.co.kr", "Haneul.Kim+tea@Example.co.kr"),
        ("o'brien@example.com", "o'brien@example.com", "o'brien@example.com"),
        ("ｍｅ＠ｅｘａｍｐｌｅ．ｃｏｍ", "me@example.com", "me@example.com"),
        ("me@example。com", "me@example.com", "me@example.com"),
        ("\u202ame@example.com\u202c", "me@example.com", "me@example.com"),
        ("m\u200be@example.com\u200b", "me@example.com", "me@example.com"),
        ("me@하늘.한국", "me@하늘.한국", "me@xn--wh1bz27d.xn--3e0b707e"),
        ("me@faß.de", "me@faß.de", "me@xn--fa-hia.de"),
        ("me@xn--fa-hia.de", "me@xn--fa-hia.de", "me@xn--fa-hia.de"),
        ("", "", ""),
    ],
)
def test_an_address_is_kept_as_typed_and_sent_in_ascii(typed: str, stored: str, sent: str) -> None:
    assert email_addresses.normalized(typed) == stored
    assert email_addresses.to_ascii(stored) == sent


@given(st.text())
def test_any_text_is_an_address_or_refused(typed: str) -> None:
    try:
        stored = email_addresses.normalized(typed)
    except OrderRefused:
        return
    assert email_addresses.normalized(stored) == stored
    assert email_addresses.to_ascii(stored).isascii()


@given(st.emails())
def test_addresses_that_people_have_are_taken(address: str) -> None:
    # Hypothesis makes top-level domains with digits too, which no registry has.
    domain = address.rpartition("@")[2]
    if domain.rpartition(".")[2].isalpha() and len(address) <= email_addresses.LENGTH_MAX and "'" not in domain:
        assert email_addresses.normalized(address) == address
