"""Web addresses."""

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """Whether a URL is absolute http(s); the placeholder's braces are allowed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(c.isspace() for c in url)
