from datetime import date, datetime, timedelta
from typing import Self

from django.db import connections, models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.business_day import day_start
from jumun.conf import jumun
from jumun.errors import NumbersHeld
from jumun.invoices import chain
from jumun.invoices.chain import SEAL_MAX_CHARS
from jumun.invoices.numbers import document_number, is_test, series_prefix

# One statement keeps the lock short; the ORM would need two.
# No number while a restored backup was not compared with Stripe (`Restoration`): a customer may hold it already.
_HELD = "SELECT 1 FROM jumun_invoices_restoration WHERE numbers_known_at IS NULL AND livemode = %s"
_NEXT = f"""
UPDATE jumun_invoices_series SET last_number = last_number + %s, step = %s
WHERE prefix = %s AND year = %s AND NOT EXISTS ({_HELD})
RETURNING last_number, last_seal
"""  # noqa: S608 (constants)
# For the first number of a year. Not for all: the triggers on SQLite refuse an INSERT that meets an existing row,
# because they cannot tell it from a REPLACE.
_FIRST = f"""
INSERT INTO jumun_invoices_series (last_number, step, prefix, year)
SELECT %s, %s, %s, %s WHERE NOT EXISTS ({_HELD})
ON CONFLICT (prefix, year) DO UPDATE
    SET last_number = jumun_invoices_series.last_number + excluded.step, step = excluded.step
RETURNING last_number, last_seal
"""  # noqa: S608 (constants)
# A second statement, because the seal covers the number. The row is locked already.
_SEAL = "UPDATE jumun_invoices_series SET last_seal = %s, head = %s WHERE prefix = %s AND year = %s"


class Series(models.Model):
    """The counter of one prefix and year: numbers are consecutive, without gaps or repeats.

    The database lets it only move forward, by the number of steps that the same UPDATE names.
    """

    prefix = models.CharField(_("prefix"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)
    # How many numbers the last UPDATE took, which the database checks.
    step = models.PositiveIntegerField(db_default=1, editable=False)
    # How many of its numbers another program assigned; their documents are not here.
    begun_after = models.PositiveBigIntegerField(db_default=0, editable=False)
    # The seal of the last document, which the next one includes, and a seal of that: see `jumun.invoices.chain`.
    last_seal = models.CharField(max_length=SEAL_MAX_CHARS, db_default="", editable=False)
    head = models.CharField(max_length=SEAL_MAX_CHARS, db_default="", editable=False)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="jumun_series_prefix_year")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"

    @classmethod
    def go_on_after(cls, prefix: str, year: int, last_number: int) -> Self:
        """Begin a series whose numbers up to ``last_number`` were assigned by another program.

        Raises `IntegrityError` for a series that exists.
        """
        return cls.objects.create(prefix=prefix, year=year, last_number=last_number, begun_after=last_number)

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """The next number of the series; see `next_numbers`."""
        (number,) = cls.next_numbers(prefix, year, count=1)
        return number

    @classmethod
    def next_numbers(cls, prefix: str, year: int, *, count: int) -> list[str]:
        """The next ``count`` numbers of the series; a document of the same transaction must use each of them.

        The counter's row stays locked until the caller's transaction ends, and a rollback returns the numbers: call
        this inside a transaction, as late as possible. Raises `ValueError` for a count below one, and `NumbersHeld`
        while it is not known which numbers were used after a restored backup.
        """
        if count < 1:
            raise ValueError("at least one number is taken")
        last, _seal = cls._take(prefix, year, count)
        return [document_number(prefix, year, number) for number in range(last - count + 1, last + 1)]

    @classmethod
    def next_link(cls, prefix: str, year: int) -> tuple[str, str]:
        """The next number of the series, and the seal of the document before it (empty for the first).

        Seal the document in the same transaction: see `keep_seal`.
        """
        last, seal = cls._take(prefix, year, 1)
        return document_number(prefix, year, last), seal

    @classmethod
    def keep_seal(cls, prefix: str, year: int, seal: str) -> None:
        """Store the seal of the document that took the last number, in the same transaction."""
        with connections[router.db_for_write(cls)].cursor() as cursor:
            cursor.execute(_SEAL, [seal, chain.head(f"{prefix}-{year}", seal), prefix, year])

    @classmethod
    def _take(cls, prefix: str, year: int, count: int) -> tuple[int, str]:
        """The last of the next ``count`` numbers, and the seal of the document before them."""
        connection = connections[router.db_for_write(cls)]
        step: list[str | int] = [count, count, prefix, year, not is_test(prefix)]
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, step)
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_FIRST, step)
                row = cursor.fetchone()
        if row is None:
            raise NumbersHeld(f"{prefix}-{year}")
        last, seal = row
        return int(last), str(seal)


def own_prefixes(*, livemode: bool) -> tuple[str, str]:
    """The prefixes of this seller's invoices and credit notes."""
    settings = jumun()
    invoices, credit_notes = (
        series_prefix(prefix, seller_code=settings.seller.code, livemode=livemode)
        for prefix in (settings.invoice_prefix, settings.credit_note_prefix)
    )
    return invoices, credit_notes


def known_prefixes() -> set[str]:
    """This seller's prefixes in both modes, and those of every series that exists."""
    begun = set(Series.objects.values_list("prefix", flat=True))
    return begun.union(own_prefixes(livemode=True), own_prefixes(livemode=False))


def moment_of_issue(year: int) -> datetime:
    """Now, for a document with a number of ``year``; the last moment of that year if it has ended meanwhile."""
    return min(timezone.now(), day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1))
