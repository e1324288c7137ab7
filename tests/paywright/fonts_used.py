"""Which fonts a page is really drawn with."""

from playwright.sync_api import Page


def foreign_fonts(page: Page) -> set[str]:
    """The fonts of this machine that draw any text of the page, in place of the one that the page carries.

    A machine without Korean fonts draws boxes with them. Monospaced ones are left out: identifiers only are in them.
    """
    page.evaluate("document.fonts.ready.then(() => true)")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    selector = "body :not(script, style, option)"
    nodes = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]
    used = [font for node in nodes for font in session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]]
    session.detach()
    return {font["familyName"] for font in used if not font["isCustomFont"] and "Mono" not in font["familyName"]}
