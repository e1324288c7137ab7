"""Links between the pages lead somewhere, named modules exist, and the index of decisions has every decision."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md"), *ROOT.glob("paywright/**/*.md")]
LINK = re.compile(r"\]\((?!https?:)([^()\s#]*)(?:#([^()\s]+))?\)")
DECISIONS = ROOT / "docs" / "decisions"
# Where the modules are.
TOPS = ("src", "shop", "tests", "bench", "tools", "paywright/src", "paywright/tests")


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", _without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for path, anchor in LINK.findall(_without_code(page.read_text(encoding="utf-8"))):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_index_of_decisions_is_complete() -> None:
    decisions = []
    for file in sorted(DECISIONS.glob("0*.md")):
        title, _blank, dated, *_text = file.read_text(encoding="utf-8").splitlines()
        date, status = dated.split(" · ")
        decisions.append((file.name[:4], file.name, title.removeprefix(f"# {file.name[:4]} "), date, status))
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| \[(\d+)\]\((.+?)\) \| (.+) \| (.+) \| (.+) \|$", index, re.MULTILINE) == decisions


def test_every_module_that_a_page_names_exists() -> None:
    modules = [str(path) for top in TOPS for path in (ROOT / top).rglob("*.py")]
    missing = {
        f"{page.name}: {name}"
        for page in PAGES
        for name in re.findall(r"`([\w/]+/\w+\.py)`", _without_code(page.read_text(encoding="utf-8")))
        if not any(module.endswith(f"/{name}") for module in modules)
    }
    assert missing == set()
