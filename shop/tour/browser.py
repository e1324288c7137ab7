"""A visitor at a browser without JavaScript, who sees each redirect."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Self, TypeVar
from urllib.parse import urljoin

import mechanicalsoup
import requests
from bs4 import BeautifulSoup, Tag

TIMEOUT_S = 30.0

T = TypeVar("T")


class NotOnPage(Exception):
    """The page has no such link, form or field."""


class Page:
    """A server's answer. A form of it is a `bs4.Tag`."""

    def __init__(self, response: requests.Response) -> None:
        self.url = response.url
        self.status = response.status_code
        self.headers = response.headers
        self.body = response.content
        # Where a redirect leads, as a full address.
        self.location = response.next.url if response.next else None
        kind = self.headers.get("content-type", "")
        self.soup = BeautifulSoup(self.body if "html" in kind else b"", "lxml")
        self.text = response.text if kind.startswith("text/plain") else self.soup.get_text()

    @property
    def links(self) -> list[str]:
        return [urljoin(self.url, str(link["href"])) for link in self.soup.select("a[href]")]

    def link(self, pattern: str) -> str:
        """The first link whose address has a match of the regular expression. Raises `NotOnPage`."""
        return _first([link for link in self.links if re.search(pattern, link)], f"no link to {pattern} on {self.url}")

    def forms(self, part: str) -> list[Tag]:
        """The forms that send by POST to an address with the part."""
        forms = self.soup.select("form[method=post i]")
        return [form for form in forms if part in urljoin(self.url, str(form.get("action") or ""))]

    def form(self, part: str) -> Tag:
        """The first of `forms`. Raises `NotOnPage`."""
        return _first(self.forms(part), f"no form to {part!r} on {self.url}")

    def form_with(self, name: str) -> Tag:
        """The first form that has a field of this name. Raises `NotOnPage`."""
        return _first(self.soup.select(f"form:has([name={name}])"), f"no form with {name!r} on {self.url}")

    def attribute(self, name: str) -> str | None:
        """The attribute's value on the first element that has it."""
        found = self.soup.select_one(f"[{name}]")
        return str(found[name]) if found else None


def _first(found: list[T], error: str) -> T:
    if not found:
        raise NotOnPage(error)
    return found[0]


def autofill(form: Tag, known: Mapping[str, str]) -> dict[str, str]:
    """What a browser would fill in by itself: a value for each field whose `autocomplete` it knows."""
    fields = form.select("[name][autocomplete]")
    return {str(field["name"]): known[purpose] for field in fields if (purpose := str(field["autocomplete"])) in known}


def value_of(form: Tag, selector: str) -> str:
    """The value of the first field or choice that a CSS selector finds. Raises `NotOnPage`."""
    return str(_first(form.select(selector), f"no {selector} in the form")["value"])


class Browser:
    def __init__(self, language: str) -> None:
        self.session = requests.Session()
        # The proxies of the environment are for other hosts than this one.
        self.session.trust_env = False
        self.session.headers["Accept-Language"] = language
        self._request: Any = partial(self.session.request, timeout=TIMEOUT_S, allow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.session.close()

    def open(self, url: str) -> Page:
        return Page(self._request("GET", url))

    def follow(self, page: Page) -> Page:
        """Follow redirects until a page is shown. Raises `requests.TooManyRedirects` for a circle of them."""
        return Page(self._request("GET", page.location, allow_redirects=True)) if page.location else page

    def submit(self, page: Page, form: Tag, values: Mapping[str, str] | None = None) -> Page:
        """Send a form, with some values changed or added."""
        mechanicalsoup.Form(form).choose_submit(False)
        filled = mechanicalsoup.Browser.get_request_kwargs(form, page.url)
        changed = values or {}
        filled["data"] = [(name, value) for name, value in filled["data"] if name not in changed] + [*changed.items()]
        origin = urljoin(page.url, "/").rstrip("/")
        return Page(self._request(**filled, headers={"Referer": page.url, "Origin": origin}))
