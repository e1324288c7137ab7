"""A clock that is wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from django.utils import timezone


@contextmanager
def clock_ahead(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> Iterator[None]:
    """Put Django's clock ahead, also for the defaults of fields, which keep a reference to `timezone.now`."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + by

    with monkeypatch.context() as patch:
        patch.setattr(timezone, "datetime", Ahead)
        yield
