"""Whose address a request has, with and without proxies in front."""

import logging

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from jumun import client_address as subject
from jumun.client_address import client_address, client_network


def address(sender: str, forwarded: str | None = None) -> str:
    headers = {"REMOTE_ADDR": sender} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    return client_address(RequestFactory().get("/", **headers))


@pytest.mark.parametrize(
    ("count", "sender", "forwarded", "found"),
    [
        # Without proxies the header is a stranger's invention.
        (0, "203.0.113.7", None, "203.0.113.7"),
        (0, "8.8.8.8", "1.2.3.4", "8.8.8.8"),
        (0, "127.0.0.1", None, "127.0.0.1"),
        (0, "", None, ""),
        # Only the last entries are the proxies' own.
        (1, "127.0.0.1", "203.0.113.7", "203.0.113.7"),
        (1, "127.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7"),
        (1, "", "203.0.113.7", "203.0.113.7"),
        (2, "10.0.0.1", "1.2.3.4, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (2, "10.0.0.1", "203.0.113.7", "203.0.113.7"),
        # As some proxies write them.
        (1, "127.0.0.1", "203.0.113.7:52011", "203.0.113.7"),
        (1, "127.0.0.1", "[2001:DB8::7]:443", "2001:db8::7"),
        (1, "127.0.0.1", "fe80::1%eth0", "fe80::1"),
        (1, "127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
        # What is no address is not known, whatever it is.
        (1, "127.0.0.1", None, ""),
        (1, "127.0.0.1", "", ""),
        (1, "127.0.0.1", "unknown", ""),
        (1, "127.0.0.1", "1.2.3.4, ' OR 1=1 --", ""),
        (1, "127.0.0.1", "0x7f000001", ""),
    ],
)
def test_the_last_entries_are_the_proxies(
    settings: Settings, count: int, sender: str, forwarded: str | None, found: str
) -> None:
    settings.JUMUN = settings.JUMUN | {"TRUSTED_PROXY_COUNT": count}

    assert address(sender, forwarded) == found


@pytest.mark.parametrize("sender", ["127.0.0.1", "10.0.0.5", "::1", ""])
def test_a_proxy_that_no_setting_mentions_is_not_taken_for_the_client(
    settings: Settings, caplog: pytest.LogCaptureFixture, sender: str
) -> None:
    settings.JUMUN = settings.JUMUN | {"TRUSTED_PROXY_COUNT": 0}
    subject._warn_of_proxy.cache_clear()

    with caplog.at_level(logging.WARNING):
        assert address(sender, "203.0.113.7") == ""
        assert address(sender, "203.0.113.8") == ""

    (record,) = caplog.records
    assert "TRUSTED_PROXY_COUNT" in record.getMessage()
    assert "203.0.113" not in record.getMessage()


def test_all_of_an_ipv6_customers_addresses_count_as_one() -> None:
    def network(sender: str) -> str:
        return client_network(RequestFactory().get("/", REMOTE_ADDR=sender))

    assert network("2001:db8:1:2::7") == network("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert network("2001:db8:1:3::7") != network("2001:db8:1:2::7")
    assert network("203.0.113.7") == "203.0.113.7"
    assert network("::ffff:203.0.113.7") == "203.0.113.7"
    assert network("") == ""
