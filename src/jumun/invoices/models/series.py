from django.db import connections, models, router
from django.utils.translation import gettext_lazy as _

from jumun.invoices.numbers import document_number

# One statement, so that the row is locked for no longer than it takes to commit; the ORM would need two.
_NEXT = """
INSERT INTO jumun_invoices_series (prefix, year, last_number, step) VALUES (%s, %s, %s, %s)
ON CONFLICT (prefix, year) DO UPDATE
    SET last_number = jumun_invoices_series.last_number + excluded.step, step = excluded.step
RETURNING last_number
"""


class Series(models.Model):
    """The counter behind the numbers of one prefix and year: consecutive, without gap or repeat.

    The database lets it move only forward, and only by as many numbers as the same UPDATE says that it takes.
    """

    prefix = models.CharField(_("prefix"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)
    # How many numbers were taken last, so that the database can tell a step from a slip.
    step = models.PositiveIntegerField(db_default=1, editable=False)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="jumun_series_prefix_year")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """The next number of the series; see `next_numbers`."""
        (number,) = cls.next_numbers(prefix, year, count=1)
        return number

    @classmethod
    def next_numbers(cls, prefix: str, year: int, *, count: int) -> list[str]:
        """The next ``count`` numbers of the series, each of which a document of the same transaction must bear.

        The counter's row stays locked until the caller's transaction ends, and a rollback gives the numbers
        back: call this inside a transaction, as late as possible. Raises `ValueError` for less than one.
        """
        if count < 1:
            raise ValueError("at least one number is taken")
        connection = connections[router.db_for_write(cls)]
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [prefix, year, count, count])
            (last,) = cursor.fetchone()
        return [document_number(prefix, year, number) for number in range(last - count + 1, last + 1)]
