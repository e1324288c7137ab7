"""The address of a client, by which requests of strangers are limited."""

import logging
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network

from django.http import HttpRequest

from jumun.conf import jumun

logger = logging.getLogger("jumun")

# A provider gives each customer at least a /64 of IPv6, and every device in it changes its address at will.
IPV6_CUSTOMER_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """The client's IP address in its canonical form, or an empty string where it is not known.

    ``JUMUN["TRUSTED_PROXY_COUNT"]`` says how many proxies of the shop's own a request passes. Each adds the address
    that called it to the end of ``X-Forwarded-For``, so the client is that many entries from the end. A client can
    make up the entries before.

    With 0 the header is not read. If an inner address sends it all the same, a proxy is in front that the setting does
    not count. Its ``REMOTE_ADDR`` would be the same for all clients, so the address counts as unknown, and the log
    says once what to set.
    """
    sender = _canonical(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if count := jumun().trusted_proxy_count:
        entries = [part.strip() for part in forwarded.split(",")]
        # A request that skipped the outer proxies has fewer.
        return _canonical(entries[-count] if len(entries) >= count else entries[0])
    if forwarded and not (sender and ip_address(sender).is_global):
        _warn_of_proxy()
        return ""
    return sender


def client_network(request: HttpRequest) -> str:
    """What one client has to itself: an IPv4 address, or a /64 of IPv6. Empty where `client_address` is."""
    address = client_address(request)
    if address and isinstance(ip_address(address), IPv6Address):
        return str(ip_network((address, IPV6_CUSTOMER_PREFIX), strict=False))
    return address


def _canonical(text: str) -> str:
    """One spelling for each address; a port, which some proxies add, and a zone are left out. Empty for no address."""
    host = text.partition("]")[0].removeprefix("[") if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)


@cache
def _warn_of_proxy() -> None:
    logger.warning(
        'requests come through a proxy, but JUMUN["TRUSTED_PROXY_COUNT"] is 0: limits for each client address do not '
        "work. Set it to the number of your proxies"
    )
