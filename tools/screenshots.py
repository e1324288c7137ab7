"""Pictures of every page: ``python tools/screenshots.py FOLDER``, in Korean and English, on a desktop and a telephone.

Starts the store as ``./run`` does, on free ports with its own database. The pictures in `docs/images` come from here.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from shop.run.configuration import configure, free_ports
from shop.run.database import prepare
from shop.run.store import Store
from tests.chromium import ARGUMENTS, find_chromium
from tests.e2e.walk import customers_pages, staff_pages

WIDTHS = {"desktop": (1280, 900), "phone": (390, 844)}
LANGUAGES = {"ko": "ko-KR", "en": "en-US"}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, sync_playwright() as playwright:
        port, paywright_port = free_ports(2)
        given = {"PATH": os.environ["PATH"], "HOME": data, "JUMUN_ENV_FILE": os.devnull}
        configuration = configure(data=Path(data), port=port, paywright_port=paywright_port, given=given)
        password = prepare(configuration) or ""
        with Store(configuration, echo=print):
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
            for language, locale in LANGUAGES.items():
                for device, (width, height) in WIDTHS.items():
                    context = browser.new_context(locale=locale, viewport={"width": width, "height": height})
                    page = context.new_page()
                    page.set_default_timeout(10_000)
                    for walk in (customers_pages(page, configuration), staff_pages(page, configuration, password)):
                        for name in walk:
                            page.wait_for_load_state("networkidle")
                            page.screenshot(path=folder / f"{name}-{device}-{language}.png", full_page=True)
                    context.close()
            browser.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
