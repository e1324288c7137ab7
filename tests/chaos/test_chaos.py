"""A short run of the simulator on the database that is tested; ``./test --chaos MINUTES`` makes longer ones."""

from pathlib import Path

from django.db import connection

from tests.chaos import plan
from tests.chaos.run import run

ORDERS = 12


def test_the_books_agree_with_stripe_after_a_storm(tmp_path: Path) -> None:
    report = run(plan.make(7, ORDERS), tmp_path, database=connection.vendor)
    assert not report.wrong, str(report)


def test_a_seed_makes_the_same_plan_again() -> None:
    assert plan.make(7, 200) == plan.make(7, 200)
    assert plan.make(7, 200) != plan.make(8, 200)
