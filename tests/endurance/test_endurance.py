"""A store stands each trouble for some seconds; ``./test --endurance MINUTES`` takes longer."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection

from tests.endurance.report import MEMORY_MAX_MB, PARTS, WORKER_DOWN_MAX_S, Report
from tests.endurance.run import run
from tests.endurance.sale import Sale
from tests.endurance.troubles import HARD_NAME_EVERY, TROUBLES

pytestmark = [pytest.mark.long, pytest.mark.once]

MINUTES = 0.12


@pytest.mark.parametrize("name", TROUBLES)
def test_a_store_stands_a_trouble(name: str, tmp_path: Path) -> None:
    report = run(name, tmp_path / "store", database=connection.vendor, minutes=MINUTES)
    assert report.wrong == [], str(report)
    assert report.sales


def sold(number: int = 0) -> Sale:
    return Sale(TROUBLES["hard-names"].buyer(number), page_s=1, paid_s=1, shown_s=1, invoice_s=1, mailed_s=1)


def report(*sales: Sale, name: str = "hard-names", **changes: object) -> Report:
    fine = Report(
        name=name,
        database="sqlite",
        minutes=10,
        sales=list(sales),
        memory_mb={role: [100.0] * 40 for role in MEMORY_MAX_MB},
        worker_deaths=0,
        worker_down_s=0,
        readyz_judged=1,
        readyz_wrong=[],
        kills=1,
        is_open=True,
    )
    return replace(fine, **changes)


def test_nothing_is_wrong_with_a_store_that_sells_to_everybody() -> None:
    assert report(sold(0), sold(1)).wrong == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.attribute)
def test_a_customer_who_waits_too_long_or_for_ever_is_noticed(part) -> None:
    slow, never = sold(1), sold(2)
    setattr(slow, part.attribute, part.within_s + 1)
    setattr(never, part.attribute, None)
    [found] = report(sold(0), slow, never).wrong
    assert found.startswith(f"{part.name}: not within {part.within_s:g} s for 2 of 3 customers, for 1 not at all")


def test_what_a_hanging_server_holds_up_may_take_as_much_longer() -> None:
    slow = sold()
    slow.mailed_s = next(part.within_s for part in PARTS if part.attribute == "mailed_s") + 1
    assert report(slow, name="hanging-stripe").wrong
    assert report(slow, name="hanging-mail").wrong == []


@pytest.mark.parametrize(
    ("changes", "noticed"),
    [
        ({"is_open": False}, "the store has stopped"),
        ({"readyz_wrong": ["/readyz answered 500"]}, "/readyz answered 500"),
        ({"readyz_judged": 0}, "/readyz was never judged"),
        ({"worker_down_s": WORKER_DOWN_MAX_S + 1}, "there was no worker for"),
        ({"memory_mb": {"web": [5_000.0] * 40, "worker": [1.0] * 40, "engine": [1.0]}}, "web had 5000 MB"),
        ({"memory_mb": {"web": [1.0] * 40, "worker": [*range(100, 180, 2)], "engine": [1.0]}}, "memory of worker grew"),
        ({"name": "dying-engine", "kills": 0}, "no process that renders PDFs was found"),
    ],
)
def test_what_is_wrong_with_the_store_is_noticed(changes: dict[str, object], noticed: str) -> None:
    found = report(sold(), **changes)
    [problem] = found.wrong
    assert problem.startswith(noticed)
    assert f"WRONG {problem}" in str(found)


def test_one_customer_in_ten_has_a_hard_name_where_that_is_the_trouble() -> None:
    for name, trouble in TROUBLES.items():
        hard = [trouble.is_hard(number) for number in range(10 * HARD_NAME_EVERY)]
        assert sum(hard) == (10 if name == "hard-names" else 0)
        assert (trouble.buyer(HARD_NAME_EVERY // 2).name != trouble.buyer(0).name) is (name == "hard-names")
