"""Pages of Chromium that serve one test after the other: a new page is a new process, and takes a processor seconds."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize

DESKTOP: ViewportSize = {"width": 1280, "height": 720}


class Pages:
    """A page for each kind of visitor, made when first asked for."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._kept: dict[str, Page] = {}

    @contextmanager
    def visit(self, *, locale: str = "en-US", viewport: ViewportSize = DESKTOP) -> Iterator[Page]:
        """A page that shows nothing yet, of a browser with no cookies. Scripts that fail, or break the policy, fail."""
        if locale not in self._kept:
            self._kept[locale] = self._browser.new_context(locale=locale).new_page()
        page = self._kept[locale]
        page.set_viewport_size(viewport)
        complaints: list[str] = []

        def on_error(error: Error) -> None:
            complaints.append(str(error))

        def on_console(message: ConsoleMessage) -> None:
            if "Policy" in message.text:
                complaints.append(message.text)

        page.on("pageerror", on_error)
        page.on("console", on_console)
        try:
            yield page
        finally:
            page.goto("about:blank")
            page.remove_listener("pageerror", on_error)
            page.remove_listener("console", on_console)
            page.context.clear_cookies()
        assert complaints == []
