"""Where Chromium is: ``python tests/chromium.py`` prints its path, or exits 1 where there is none."""

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
HOW_TO_GET = "apt-get install chromium, or name one: CHROMIUM=/path/to/chromium"
# A quiet browser: it asks no other host, and runs as root in a container.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The browser's path: ``CHROMIUM`` if it is set, else the first one found."""
    if named := os.environ.get("CHROMIUM"):
        return shutil.which(named)
    candidates = (shutil.which(name) for name in (*PLACES, *NAMES))
    return next((found for found in candidates if found), None)


if __name__ == "__main__":
    path = find_chromium()
    print(path or "")
    sys.exit(path is None)
