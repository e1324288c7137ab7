"""Long walks through Stripe's objects stay below Stripe's limits: 25 calls a second in test mode, 100 in live mode."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from jumun.payments.stripe import rate_limit


@pytest.mark.parametrize(("key", "limit_per_s"), [("sk_test_x", 25), ("sk_live_x", 100)])
def test_no_second_holds_more_calls_than_stripe_takes(
    key: str, limit_per_s: int, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STRIPE_SECRET_KEY = key
    now_s, calls_s = 1_000.0, []

    def sleep(seconds: float) -> None:
        nonlocal now_s
        now_s += seconds

    monkeypatch.setattr(rate_limit, "_free_at_s", 0.0)
    monkeypatch.setattr(rate_limit, "time", SimpleNamespace(monotonic=lambda: now_s, sleep=sleep))
    for _ in range(500):
        rate_limit.pace()
        calls_s.append(now_s)
    assert all(calls_s[index + limit_per_s] - at_s > 1 for index, at_s in enumerate(calls_s[:-limit_per_s]))
    assert all(later_s >= earlier_s for earlier_s, later_s in pairwise(calls_s))
