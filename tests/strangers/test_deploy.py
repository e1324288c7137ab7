"""The store with the settings of the guide, as Django's own check of deployments sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.strangers.guide import blocks, variables

SELLER = {
    "NAME": "Example GmbH",
    "ADDRESS": ["Hauptstr. 1"],
    "POSTAL_CODE": "10115",
    "CITY": "Berlin",
    "COUNTRY": "DE",
    "EMAIL": "billing@example.com",
    "TAX_ID": "DE136695976",
}


def check(folder: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    [block] = [block for block in blocks("Behind a proxy", "sh") if "JUMUN_SITE_URL" in block]
    [of_the_guide] = variables(block)
    environment = {
        "PATH": os.environ["PATH"],
        "JUMUN_ENV_FILE": os.devnull,
        "JUMUN_DATA_DIR": str(folder),
        "JUMUN_SECRET_KEY": "aB3-xY7_" * 8,
        "JUMUN_SELLER": json.dumps(SELLER),
        "STRIPE_SECRET_KEY": "sk_live_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        **of_the_guide,
        **changes,
    }
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    root = Path(__file__).parents[2]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)


def test_the_store_of_the_guide_is_clean(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"JUMUN_SITE_URL": "http://shop.example.com"}, "security.W004"),
        ({"JUMUN_TRUSTED_PROXY_COUNT": "0"}, "jumun.W037"),
        ({"JUMUN_SELLER": ""}, "jumun.E024"),
    ],
)
def test_what_is_left_out_is_named(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    done = check(tmp_path, **changes)
    assert done.returncode == 1
    assert told in done.stderr
