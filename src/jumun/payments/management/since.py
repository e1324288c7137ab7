from datetime import datetime

from django.core.management.base import CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime


def since(text: str) -> datetime:
    """The time in ``--since``, in the shop's time zone unless it names one. Raises `CommandError`."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"--since {text!r} is not a time: write it like 2026-11-23T18:00:00+09:00")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, timezone.get_default_timezone())
