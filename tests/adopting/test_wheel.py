"""What `pip install jumun` brings."""

import subprocess
import sys
import zipfile

import pytest

from tests.adopting.documentation import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_it_stays_below_20_mb(wheel):
    assert 12_000_000 < wheel.stat().st_size < 20_000_000


def test_it_holds_no_look_alike_of_stripe_and_no_plugin_of_pytest(wheel):
    with zipfile.ZipFile(wheel) as files:
        names = files.namelist()

    assert {name.partition("/")[0] for name in names} == {"jumun", "jumun-0.1.0.dist-info"}
    assert [name for name in names if name.endswith("entry_points.txt")] == []
