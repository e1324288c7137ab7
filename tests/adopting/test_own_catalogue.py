import os
import subprocess
import sys
from pathlib import Path

from paywright.testing import Paywright


def test_a_project_with_its_own_catalogue_needs_no_storefront(paywright: Paywright, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
        "DJANGO_SETTINGS_MODULE": "tests.adopting.settings",
        "ADOPTING_DATABASE": str(tmp_path / "adopting.sqlite3"),
        "STRIPE_API_BASE": paywright.api_base,
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.adopting.project"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("adopted"), done.stderr
