"""Where webhooks may be sent: to this machine, and to the hosts that the command line names.

Otherwise a client of the API could make Paywright send requests to addresses that only this machine reaches, such as a
cloud's metadata at 169.254.169.254. The check looks at the address of the connection itself, so neither a name nor
another spelling of an address gets around it.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

EVERYWHERE = "*"


class TargetRefused(Exception):
    """The host is not one that webhooks may be sent to; the message says how to allow it."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"{host} is not this machine, to which alone Paywright sends webhooks: start it with --allow-target {host}"
        )


class Targets:
    """The hosts that were named, and every loopback address."""

    def __init__(self, hosts: Iterable[str] = ()) -> None:
        self._hosts = frozenset(host.lower() for host in hosts)

    def check(self, host: str) -> None:
        """Raise TargetRefused for an address, however it is spelt, that no webhook will ever be sent to.

        A name is looked up at each connection instead, see ``addresses``.
        """
        address = _address(host)
        if address is not None and not (address.is_loopback or self._is_named(host)):
            raise TargetRefused(host)

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to for ``host``. Raise TargetRefused, or OSError if the lookup fails."""
        self.check(host)
        if self._is_named(host) or _address(host):
            return [host]
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        looked_up = (str(sockaddr[0]) for *_, sockaddr in found)
        allowed = [text for text in looked_up if (address := _address(text)) is not None and address.is_loopback]
        if not allowed:
            raise TargetRefused(host)
        return allowed

    def _is_named(self, host: str) -> bool:
        return EVERYWHERE in self._hosts or host.lower() in self._hosts


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that ``host`` spells, also in old notations that the system accepts (2130706433, 0x7f.1)."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except (OSError, ValueError):
            return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
