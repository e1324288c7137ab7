"""A browser as small as a tour needs: cookies, links, forms with their hidden fields, redirects one at a time."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self
from urllib.parse import urljoin

import httpx

TIMEOUT_S = 30.0
REDIRECTS_MAX = 10

Attributes = dict[str, str]


class NotOnPage(Exception):
    """The page has no such link, form or field."""


@dataclass(slots=True)
class Form:
    """A form as the page gave it: what a press of its button would send, and what each field is for."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    # By name: the attributes of each visible field, and the choices of each row of boxes or options.
    fields: dict[str, Attributes] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[Attributes] = field(default_factory=list)

    def autofill(self, known: Mapping[str, str]) -> dict[str, str]:
        """What a browser would fill in by itself: a value for each field whose `autocomplete` it knows."""
        purposes = {name: attributes.get("autocomplete", "") for name, attributes in self.fields.items()}
        return {name: known[purpose] for name, purpose in purposes.items() if purpose in known}

    def choice(self, name: str, wanted: str) -> str:
        """The choice of a field whose value contains the text. Raises `NotOnPage`."""
        for value in self.choices.get(name, []):
            if wanted in value:
                return value
        raise NotOnPage(f"no choice {wanted!r} of {name!r} among {self.choices.get(name, [])}")


@dataclass(slots=True)
class Page:
    """An answer of a server, read as far as it is HTML."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    elements: list[Attributes] = field(default_factory=list)
    text: str = ""

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as a full address."""
        given = self.headers.get("location")
        return urljoin(self.url, given) if given and self.status in {301, 302, 303, 307, 308} else None

    def link(self, pattern: str) -> str:
        """The first link whose address has a match of the regular expression. Raises `NotOnPage`."""
        for address in self.links:
            if re.search(pattern, address):
                return address
        raise NotOnPage(f"no link to {pattern} on {self.url}")

    def form(self, part: str) -> Form:
        """The first form that sends by POST to an address with the part. Raises `NotOnPage`."""
        for form in self.forms:
            if form.method == "post" and part in form.action:
                return form
        raise NotOnPage(f"no form to {part!r} on {self.url}")

    def has_form(self, part: str) -> bool:
        """Whether `form` finds one."""
        return any(form.method == "post" and part in form.action for form in self.forms)

    def form_with(self, name: str) -> Form:
        """The first form that has a field of this name. Raises `NotOnPage`."""
        for form in self.forms:
            if name in form.fields:
                return form
        raise NotOnPage(f"no form with {name!r} on {self.url}")

    def attribute(self, name: str) -> str | None:
        """The attribute's value on the first element that has it."""
        return next((attributes[name] for attributes in self.elements if name in attributes), None)


class Browser:
    """One visitor: keeps cookies, shows where each step leads, follows nothing by itself."""

    def __init__(self, language: str) -> None:
        # The proxies of the environment are for other hosts than this one.
        self._client = httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, headers={"Accept-Language": language, "Accept": "text/html, */*"}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def open(self, url: str) -> Page:
        """Get a page."""
        return _page(self._client.get(url))

    def submit(self, page: Page, form: Form, values: Mapping[str, str] | None = None) -> Page:
        """Send a form as a press of its button would, with some values changed or added."""
        changed = dict(values or {})
        sent: dict[str, list[str]] = {}
        for name, value in form.values:
            if name not in changed:
                sent.setdefault(name, []).append(value)
        headers = {"Referer": page.url, "Origin": str(httpx.URL(page.url).copy_with(raw_path=b"/"))[:-1]}
        return _page(self._client.post(form.action, data={**sent, **changed}, headers=headers))

    def follow(self, page: Page) -> Page:
        """Follow redirects until a page is shown. Raises `NotOnPage` for a circle of them."""
        for _hop in range(REDIRECTS_MAX):
            if page.location is None:
                return page
            page = self.open(page.location)
        raise NotOnPage(f"{page.url} redirects in a circle")


def _page(response: httpx.Response) -> Page:
    page = Page(str(response.url), response.status_code, response.headers, response.content)
    if "html" in response.headers.get("content-type", ""):
        _Reader(page).feed(response.text)
    elif response.headers.get("content-type", "").startswith("text/plain"):
        page.text = response.text
    return page


class _Reader(HTMLParser):
    """Notes what a visitor could press or fill in."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._form: Form | None = None
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._page.elements.append({"tag": tag, **given})
        if tag == "a" and "href" in given:
            self._page.links.append(urljoin(self._page.url, given["href"]))
        elif tag == "form":
            self._open_form(given)
        elif self._form and tag in {"input", "select", "textarea", "button", "option"}:
            self._add(self._form, tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self._page.text += data
        if self._form and self._textarea:
            self._form.values.append((self._textarea, data.removeprefix("\n")))

    def _open_form(self, given: Attributes) -> None:
        action = urljoin(self._page.url, given.get("action") or self._page.url)
        self._form = Form(action, given.get("method", "get").lower())
        self._page.forms.append(self._form)

    def _add(self, form: Form, tag: str, given: Attributes) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select:
            self._add_option(form, self._select, given)
        elif tag == "button":
            form.buttons.append(given)
        elif name and "disabled" not in given:
            form.fields[name] = given
            if tag == "select":
                self._select = name
            elif tag == "textarea":
                self._textarea = name
            else:
                _add_input(form, name, given)

    @staticmethod
    def _add_option(form: Form, name: str, given: Attributes) -> None:
        first = name not in form.choices
        form.choices.setdefault(name, []).append(given.get("value", ""))
        if "selected" in given:
            form.values = [(other, value) for other, value in form.values if other != name]
        if first or "selected" in given:
            form.values.append((name, given.get("value", "")))


def _add_input(form: Form, name: str, given: Attributes) -> None:
    kind = given.get("type", "text")
    if kind in {"checkbox", "radio"}:
        value = given.get("value", "on")
        form.choices.setdefault(name, []).append(value)
        if "checked" in given:
            form.values.append((name, value))
    elif kind not in {"submit", "button", "image", "reset", "file"}:
        form.values.append((name, given.get("value", "")))
