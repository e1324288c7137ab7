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

# One statement, so that the row is locked for no longer than it takes to commit; the ORM would need two.
# None while a restored backup has not been asked about at Stripe (`Restoration`): the number may be a customer's.
_HELD = "SELECT 1 FROM jumun_invoices_restoration WHERE numbers_known_at IS NULL AND livemode = %s"
_NEXT = f"""
UPDATE jumun_invoices_series SET last_number = last_number + %s, step = %s
WHERE prefix = %s AND year = %s AND NOT EXISTS ({_HELD})
RETURNING last_number, last_seal
"""  # noqa: S608 (constants)
# The first of a year, or what comes right behind it. Not for all: an INSERT that meets a row is refused on SQLite,
# which cannot tell it from a REPLACE.
_FIRST = f"""
INSERT INTO jumun_invoices_series (last_number, step, prefix, year)
SELECT %s, %s, %s, %s WHERE NOT EXISTS ({_HELD})
ON CONFLICT (prefix, year) DO UPDATE
    SET last_number = jumun_invoices_series.last_number + excluded.step, step = excluded.step
RETURNING last_number, last_seal
"""  # noqa: S608 (constants)
# The row is locked already. A second statement, because the seal covers the number that the first one gave.
_SEAL = "UPDATE jumun_invoices_series SET last_seal = %s, head = %s WHERE prefix = %s AND year = %s"


class Series(models.Model):
    """The counter behind the numbers of one prefix and year: consecutive, without gap or repeat.

    The database lets it move only forward, and only by as many numbers as the same UPDATE says that it takes.
    """

    prefix = models.CharField(_("prefix"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)
    # How many numbers were taken last, so that the database can tell a step from a slip.
    step = models.PositiveIntegerField(db_default=1, editable=False)
    # How many of its numbers another program gave, whose documents are not here.
    begun_after = models.PositiveBigIntegerField(db_default=0, editable=False)
    # The seal of the last document, which the next one includes, and a seal over that, which stands nowhere else: see
    # `jumun.invoices.chain`.
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
        """Begin a series whose first numbers, up to ``last_number``, another program has given.

        Raises `IntegrityError` for a series that has begun already.
        """
        return cls.objects.create(prefix=prefix, year=year, last_number=last_number, begun_after=last_number)

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """The next number of the series; see `next_numbers`."""
        (number,) = cls.next_numbers(prefix, year, count=1)
        return number

    @classmethod
    def next_numbers(cls, prefix: str, year: int, *, count: int) -> list[str]:
        """The next ``count`` numbers of the series, each of which a document of the same transaction must bear.

        The counter's row stays locked until the caller's transaction ends, and a rollback gives the numbers
        back: call this inside a transaction, as late as possible. Raises `ValueError` for less than one, and
        `NumbersHeld` while it is not known which numbers were given after a backup that has been restored.
        """
        if count < 1:
            raise ValueError("at least one number is taken")
        last, _seal = cls._take(prefix, year, count)
        return [document_number(prefix, year, number) for number in range(last - count + 1, last + 1)]

    @classmethod
    def next_link(cls, prefix: str, year: int) -> tuple[str, str]:
        """The next number of the series, as `next_number`, and the seal of the document before it, empty for the first.

        The document that bears the number must be sealed in the same transaction: see `keep_seal`.
        """
        last, seal = cls._take(prefix, year, 1)
        return document_number(prefix, year, last), seal

    @classmethod
    def keep_seal(cls, prefix: str, year: int, seal: str) -> None:
        """Remember the seal of the document that took the last number, in the same transaction."""
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
    """The prefixes of the series that this seller's invoices and credit notes are numbered in."""
    settings = jumun()
    invoices, credit_notes = (
        series_prefix(prefix, seller_code=settings.seller.code, livemode=livemode)
        for prefix in (settings.invoice_prefix, settings.credit_note_prefix)
    )
    return invoices, credit_notes


def known_prefixes() -> set[str]:
    """This seller's prefixes of both modes, and those of every series that has begun."""
    begun = set(Series.objects.values_list("prefix", flat=True))
    return begun.union(own_prefixes(livemode=True), own_prefixes(livemode=False))


def moment_of_issue(year: int) -> datetime:
    """Now, for a document with a number of ``year``; the last moment of that year if it has ended meanwhile."""
    return min(timezone.now(), day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1))
