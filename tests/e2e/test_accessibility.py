"""axe finds nothing to complain of on any page, in either language."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from shop.run.configuration import Configuration
from tests.e2e.walk import customers_pages, staff_pages

pytestmark = [pytest.mark.browser, pytest.mark.long]


def options(visitor: Page) -> dict[str, Any]:
    """What passes is not collected, and colours, the same in both languages, are looked at once: either takes long."""
    rules = {
        # Django's own search form labels its field with a picture of a lens, whose text is its label.
        "label-title-only": {"enabled": False},
        "color-contrast": {"enabled": visitor.evaluate("navigator.language").startswith("en")},
    }
    return {"resultTypes": ["violations"], "rules": rules}


def test_every_page_of_customers_and_staff(visitor: Page, store: Configuration, staff_password: str) -> None:
    axe = Axe()
    found: dict[str, str] = {}
    for walk in (customers_pages(visitor, store), staff_pages(visitor, store, staff_password)):
        for name in walk:
            result = axe.run(visitor, options=options(visitor))
            if result.violations_count:
                found[name] = result.generate_report()
    assert not found, "\n\n".join(f"== {name}\n{report}" for name, report in found.items())
