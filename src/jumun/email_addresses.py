"""E-mail addresses that Stripe and mail servers take. No Django."""

import re

from jumun import text
from jumun.errors import OrderRefused

LENGTH_MAX = 254  # RFC 5321, section 4.5.3.1.3: a path has 256 octets, two of them angle brackets

# Stripe's documents ask for "an email address of valid shape" (changelog, 2018-07-27) and do not define it. Stripe is
# known to answer `email_invalid` to "me@localhost", "me@com" and " me@example.com". A dot-atom of RFC 5322 at a host
# name with a dot is the shape that every mail server takes. Paywright has the same pattern: a test compares the two.
PATTERN = (
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9])"
)
_ADDRESS = re.compile(PATTERN)
# Copied along, and never part of an address. The joiners U+200C and U+200D belong to domains in Persian or Hindi.
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class InvalidEmail(OrderRefused, ValueError):
    """An address that Stripe or a mail server would refuse."""


def normalized(address: str) -> str:
    """The address as its owner writes it: full-width letters in ASCII, a domain in Korean as it is; empty if it is.

    Raises `InvalidEmail`.
    """
    written = _INVISIBLE.sub("", text.half_width(text.normalized(address)))
    local, at, domain = written.rpartition("@")
    # The full stops of Chinese and Japanese keyboards, which IDNA takes for dots as well.
    written = local + at + domain.replace("\u3002", ".").replace("\uff61", ".")
    if text.is_damaged(address) or (written and not is_valid(written)):
        raise InvalidEmail("not an e-mail address that Stripe takes; write it like name@example.com", field="email")
    return written


def to_ascii(address: str) -> str:
    """The address as protocols carry it: the domain in punycode. Raises `UnicodeError` for what is not a domain."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    # Its tables are large, and few need them.
    import idna

    # Python's own codec knows IDNA 2003 alone, which sends mail for "faß.de" to "fass.de".
    return local + at + idna.encode(domain, uts46=True).decode()


def is_valid(address: str) -> bool:
    """Whether an address, as its owner writes it, is one that Stripe and mail servers take."""
    if len(address) > LENGTH_MAX:
        return False
    try:
        protocols = to_ascii(address)
    except UnicodeError:
        return False
    return len(protocols) <= LENGTH_MAX and _ADDRESS.fullmatch(protocols) is not None
