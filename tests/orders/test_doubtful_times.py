"""Which times prove nothing, because the timeline does not go forward around them."""

from datetime import UTC, datetime, timedelta

import pytest

from jumun.orders.doubtful_times import DoubtfulTimes
from jumun.orders.models import TimelineEntry
from jumun.orders.timeline import Kind
from tests.factories import place_order

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
NOON = datetime(2050, 1, 1, 12, tzinfo=UTC)


def written_down(*hours: float) -> None:
    """Entries so many hours after noon by the clock of then, one after the other."""
    order = place_order()
    for hour in hours:
        TimelineEntry.objects.create(order=order, kind=Kind.CORRECTED, actor="system", at=NOON + hour * HOUR)


def in_doubt(*hours: float) -> list[bool]:
    times = DoubtfulTimes()
    return [NOON + hour * HOUR in times for hour in hours]


def test_where_times_go_forward_or_back_by_an_hour_at_most_none_is_in_doubt() -> None:
    written_down(0, 3, 2, 6)
    assert not any(in_doubt(-1, 0, 1, 2, 2.5, 3, 4, 6))


def test_where_one_is_earlier_than_those_before_all_between_are_in_doubt_and_an_hour_around() -> None:
    written_down(0, 48, 1.5, 1, 2, 72, 100, 90, 120)
    second = 1 / 3600
    assert in_doubt(0, 1, 1.5, 2, 24, 48, 49) == [True] * 7
    assert in_doubt(-second, 49 + second, 60, 72, 89 - second, 101 + second, 120) == [False] * 7
    assert in_doubt(89, 90, 100, 101) == [True] * 4
