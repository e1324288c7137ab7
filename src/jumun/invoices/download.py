"""A small file as an answer over HTTP: with an ETag, in parts where the reader asks for one (RFC 9110, section 14)."""

import hashlib
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

# One range only: nobody needs several of a file of some 40 KB, and ignoring a Range is always allowed.
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def file_response(
    request: HttpRequest, content: bytes, *, name: str, content_type: str, attachment: bool = False
) -> HttpResponse:
    """All of ``content``, the part that was asked for (206, or 416 for none), or 304 for who has it already."""
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    response = HttpResponse(content, content_type=content_type)
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = content_disposition_header(attachment, name) or "inline"
    # An address that is the right to see a document must not end up in a search engine.
    response["X-Robots-Tag"] = "noindex"
    conditional = get_conditional_response(request, etag=etag, response=response)
    if conditional is not response:
        return conditional or response
    # Of HEAD a range is ignored (section 14.2).
    asked = request.method == "GET" and RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and request.headers.get("If-Range", etag) == etag and any(asked.groups()):
        _cut(response, asked[1], asked[2])
    return response


def _cut(response: HttpResponse, first: str, last: str) -> None:
    size = len(response.content)
    if first:
        start, end = int(first), min(int(last or size), size - 1)
    else:  # "-500": the last 500 bytes
        start, end = max(size - int(last), 0), size - 1
    if start > end:
        if last and first and int(last) < int(first):
            return  # no valid range at all: as if it had not been asked for
        response.status_code = 416
        response["Content-Range"] = f"bytes */{size}"
        response.content = b""
        return
    response.status_code = 206
    response["Content-Range"] = f"bytes {start}-{end}/{size}"
    response.content = response.content[start : end + 1]
