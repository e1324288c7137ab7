from django.db import models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from jumun.invoices.numbers import document_number


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
        series = cls.objects.filter(prefix=prefix, year=year)
        with transaction.atomic(savepoint=False):
            if not series.update(last_number=F("last_number") + 1):
                Series.objects.bulk_create([Series(prefix=prefix, year=year)], ignore_conflicts=True)
                series.update(last_number=F("last_number") + 1)
            number = series.values_list("last_number", flat=True).get()
        return document_number(prefix, year, number)
