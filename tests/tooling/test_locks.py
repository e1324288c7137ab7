import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.lock", "requirements-dev.lock"]


def pinned(lock):
    """Each requirement's name, version and marker, as they stand at the beginning of its line."""
    return set(re.findall(r"^([a-z0-9._-]+==[^\\\n]+?) *\\$", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host(lock):
    assert re.findall(r"https?:|file:|--(?:extra-)?index|--find-links|@ ", (ROOT / lock).read_text()) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_to_hashes(lock):
    requirements = re.split(r"\n(?=[a-zA-Z])", (ROOT / lock).read_text())

    assert len(requirements) > 20
    assert [each for each in requirements if "--hash=sha256:" not in each] == []


def test_the_tests_run_on_the_versions_that_the_store_runs_on():
    assert pinned("requirements.lock") <= pinned("requirements-dev.lock")
