from django.db import connections, models, router
from django.utils.translation import gettext_lazy as _

from jumun.invoices.numbers import document_number

# One statement, so that the row is locked for no longer than it takes to commit; the ORM would need two.
_NEXT = """
INSERT INTO jumun_invoices_series (prefix, year, last_number) VALUES (%s, %s, 1)
ON CONFLICT (prefix, year) DO UPDATE SET last_number = jumun_invoices_series.last_number + 1
RETURNING last_number
"""


class Series(models.Model):
    """The counter behind the numbers of one prefix and year: consecutive, without gap or repeat.

    The database lets it move by one at a time only, and forward.
    """

    prefix = models.CharField(_("prefix"), max_length=32)
    year = models.PositiveSmallIntegerField(_("year"))
    last_number = models.PositiveBigIntegerField(_("last number"), default=0)

    class Meta:
        verbose_name = _("number series")
        verbose_name_plural = _("number series")
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="jumun_series_prefix_year")]

    def __str__(self) -> str:
        return f"{self.prefix}-{self.year}"

    @classmethod
    def next_number(cls, prefix: str, year: int) -> str:
        """The next number of the series.

        The counter's row stays locked until the caller's transaction ends, and a rollback gives the number
        back: call this inside a transaction, as late as possible.
        """
        connection = connections[router.db_for_write(cls)]
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, [prefix, year])
            (number,) = cursor.fetchone()
        return document_number(prefix, year, number)
