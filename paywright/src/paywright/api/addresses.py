"""Web and e-mail addresses."""

import re
from urllib.parse import urlencode, urlsplit

from paywright.api.errors import invalid_request

EMAIL_LENGTH_MAX = 512

# Stripe documents "an email address of valid shape" (changelog, 2018-07-27) without defining the shape. It is known to
# refuse "me@localhost", "me@com" and " me@example.com". This takes a dot-atom of RFC 5322 at a host name with a dot.
EMAIL_PATTERN = (
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9])"
)
_EMAIL = re.compile(EMAIL_PATTERN)


def is_web_address(url: str) -> bool:
    """Whether a URL is absolute, http or https, with a valid host and port; a placeholder's braces are allowed."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and not any(c.isspace() or not c.isprintable() for c in url)


def with_query(url: str, parameters: dict[str, str]) -> str:
    """Return the URL with ``parameters`` added to its query."""
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, [parts.query, urlencode(parameters)]))).geturl()


def is_email(text: str) -> bool:
    """Whether Stripe accepts the text as an e-mail address."""
    return len(text) <= EMAIL_LENGTH_MAX and _EMAIL.fullmatch(text) is not None


def check_email(email: str | None, param: str) -> None:
    """Raise ApiError unless ``email`` is an e-mail address, empty or None."""
    if email and not is_email(email):
        raise invalid_request(f"Invalid email address: {email[:100]}", code="email_invalid", param=param)
