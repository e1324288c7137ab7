import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from typing import Any, TypeVar

from jumun.errors import MalformedSnapshot
from jumun.outbox.lease import storable

ID_MAX_CHARS = 255
STATUS_MAX_CHARS = 40
# What Stripe's API reference gives as the longest text of almost every field.
REPORTED_MAX_CHARS = 5000
# ISO codes have three letters; Stripe's codes of stablecoins have four.
CURRENCY_MAX_CHARS = 8
_CURRENCY = re.compile(rf"[A-Za-z]{{3,{CURRENCY_MAX_CHARS}}}")


class Reader:
    """Reads typed fields of an untrusted JSON object.

    It is strict about what decides anything: ids, amounts, currencies, flags, times. It takes text that is only stored
    and shown as reported.
    """

    def __init__(self, raw: object) -> None:
        if not isinstance(raw, dict):
            raise MalformedSnapshot("expected an object")
        self.raw: dict[str, Any] = raw

    def text(self, name: str, *, default: str | None = None) -> str:
        """An id, or another short text that decides something."""
        value = self.raw.get(name)
        if value is None and default is not None:
            return default
        # PostgreSQL cannot store lone surrogates and NUL, and no id of Stripe's has them.
        if not isinstance(value, str) or len(value) > ID_MAX_CHARS or not value.isprintable():
            raise MalformedSnapshot(f"{name} is not a short text")
        return value

    def reported(self, name: str, *, max_chars: int = REPORTED_MAX_CHARS) -> str:
        """Any text, cut after ``max_chars``, in a form that every database can store; empty where there is none."""
        value = self.raw.get(name)
        return storable(value)[:max_chars] if isinstance(value, str) else ""

    def status(self, name: str, *, default: str | None = None) -> str:
        """A status, which may be unknown to us: Stripe adds some."""
        value = self.raw.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise MalformedSnapshot(f"{name} is not a status")
        return storable(value)[:STATUS_MAX_CHARS]

    def currency(self, name: str = "currency") -> str:
        """A currency code in upper case, which may be unknown to us."""
        value = self.raw.get(name)
        if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
            raise MalformedSnapshot(f"{name} is not a currency code")
        return value.upper()

    def integer(self, name: str) -> int:
        value = self.raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
            raise MalformedSnapshot(f"{name} is not a whole number")
        return value

    def signed(self, name: str) -> int:
        """A whole number that may be negative."""
        value = self.raw.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**53) < value < 2**53:
            raise MalformedSnapshot(f"{name} is not a whole number")
        return value

    def flag(self, name: str) -> bool:
        value = self.raw.get(name)
        if not isinstance(value, bool):
            raise MalformedSnapshot(f"{name} is neither true nor false")
        return value

    def moment(self, name: str) -> datetime:
        try:
            return _shown_everywhere(datetime.fromtimestamp(self.integer(name), UTC))
        except (OverflowError, ValueError, OSError) as error:
            raise MalformedSnapshot(f"{name} is not a time") from error

    def optional_moment(self, name: str) -> datetime | None:
        return None if self.raw.get(name) is None else self.moment(name)

    def shown_moment(self, name: str) -> datetime | None:
        """A time that is only shown and decides nothing; ``None`` where there is none. Never raises."""
        try:
            return self.optional_moment(name)
        except MalformedSnapshot:
            return None

    def iso_moment(self, name: str) -> datetime:
        """A time as version 2 of Stripe's API writes it: ``2026-11-23T19:41:17.000Z``."""
        try:
            return _shown_everywhere(datetime.fromisoformat(self.text(name)).astimezone(UTC))
        except (OverflowError, ValueError, OSError) as error:
            raise MalformedSnapshot(f"{name} is not a time") from error

    def link(self, name: str) -> str:
        """A URL, or empty; hosted pages have long ones."""
        value = self.raw.get(name)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > 5000 or not value.isprintable():
            raise MalformedSnapshot(f"{name} is not a URL")
        return value

    def reference(self, name: str) -> str:
        """The id of another object, which may be expanded; empty where there is none."""
        value = self.raw.get(name)
        if isinstance(value, dict):
            return Reader(value).text("id")
        return self.text(name, default="")

    def child(self, name: str) -> "Reader | None":
        """A nested object, or ``None`` where Stripe did not expand it."""
        value = self.raw.get(name)
        return Reader(value) if isinstance(value, dict) else None


def _shown_everywhere(moment: datetime) -> datetime:
    """Raises `ValueError` for a time that some time zone could not show."""
    if not 1 < moment.year < MAXYEAR:
        raise ValueError("out of range")
    return moment


Snapshot = TypeVar("Snapshot")
Parse = Callable[[dict[str, Any]], Snapshot]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A nested object that cannot be read. It alone is held for staff; the object around it is merged."""

    raw: dict[str, Any]
    error: MalformedSnapshot

    @property
    def id(self) -> str:
        return str(self.raw.get("id") or "")


def read(parse: Parse[Snapshot], raw: dict[str, Any]) -> Snapshot | Unreadable:
    try:
        return parse(raw)
    except MalformedSnapshot as error:
        return Unreadable(raw, error)


def read_child(parse: Parse[Snapshot], outer: Reader, name: str) -> Snapshot | Unreadable | None:
    """A nested object, or ``None`` where Stripe did not expand it."""
    child = outer.child(name)
    return read(parse, child.raw) if child else None


def read_each(parse: Parse[Snapshot], raws: Iterable[object]) -> tuple[Snapshot | Unreadable, ...]:
    return tuple(read(parse, raw) for raw in raws if isinstance(raw, dict))


def items_of(listed: object) -> list[Any]:
    """The items of a list, or of Stripe's list object; none where Stripe did not expand it."""
    items = listed.get("data") if isinstance(listed, dict) else listed
    return items if isinstance(items, list) else []
