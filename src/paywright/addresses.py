"""Web and e-mail addresses."""

from urllib.parse import urlencode, urlsplit

from paywright.errors import invalid_request

EMAIL_LENGTH_MAX = 512


def is_web_address(url: str) -> bool:
    """Whether a URL is absolute http(s) with a host and a port that can be; the placeholder's braces are allowed."""
    try:
        parts = urlsplit(url)
        (parts.hostname or "").encode("idna")
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return usable and not any(c.isspace() or not c.isprintable() for c in url)


def with_query(url: str, parameters: dict[str, str]) -> str:
    """Return the URL with ``parameters`` behind those it has."""
    parts = urlsplit(url)
    return parts._replace(query="&".join(filter(None, [parts.query, urlencode(parameters)]))).geturl()


def check_email(email: str | None, param: str) -> None:
    """Raise ApiError for what is no e-mail address; None and an empty text are none at all."""
    if email and ("@" not in email.strip("@") or len(email) > EMAIL_LENGTH_MAX):
        raise invalid_request(f"Invalid email address: {email[:100]}", code="email_invalid", param=param)
