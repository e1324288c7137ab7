"""Web and e-mail addresses."""

from urllib.parse import urlsplit

from paywright.errors import invalid_request

EMAIL_LENGTH_MAX = 512


def is_web_address(url: str) -> bool:
    """Whether a URL is absolute http(s); the placeholder's braces are allowed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(c.isspace() for c in url)


def check_email(email: str | None, param: str) -> None:
    """Raise ApiError for what is no e-mail address; None and an empty text are none at all."""
    if email and ("@" not in email.strip("@") or len(email) > EMAIL_LENGTH_MAX):
        raise invalid_request(f"Invalid email address: {email[:100]}", code="email_invalid", param=param)
