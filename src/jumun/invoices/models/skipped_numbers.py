from typing import Self

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.invoices.models.series import Series
from jumun.invoices.numbers import document_number, parse_number


class SkippedNumbers(models.Model):
    """A recorded gap in a series: numbers without a document here, and the reason.

    After a backup was restored, customers may hold documents with these numbers.
    """

    series = models.ForeignKey(Series, models.PROTECT, related_name="skipped", verbose_name=_("number series"))
    first_number = models.PositiveBigIntegerField(_("first number"))
    last_number = models.PositiveBigIntegerField(_("last number"))
    reason = models.TextField(_("reason"))
    skipped_at = models.DateTimeField(_("skipped at"), default=timezone.now)

    class Meta:
        verbose_name = _("skipped numbers")
        verbose_name_plural = _("skipped numbers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_number__gte=1, last_number__gte=models.F("first_number")),
                name="jumun_skipped_numbers_in_order",
            ),
            models.UniqueConstraint(fields=["series", "first_number"], name="jumun_skipped_numbers_once"),
        ]

    def __str__(self) -> str:
        first, last = (
            document_number(self.series.prefix, self.series.year, number)
            for number in (self.first_number, self.last_number)
        )
        return first if first == last else f"{first} – {last}"

    @classmethod
    def include(cls, number: str) -> bool:
        """Whether ``number`` is a document number in a recorded gap."""
        try:
            series, place = parse_number(number)
        except ValueError:
            return False
        prefix, _dash, year = series.rpartition("-")
        around = cls.objects.filter(first_number__lte=place, last_number__gte=place)
        return (
            document_number(prefix, int(year), place) == number
            and around.filter(series__prefix=prefix, series__year=int(year)).exists()
        )

    @classmethod
    def skip_to(cls, prefix: str, year: int, last_number: int, *, reason: str) -> Self | None:
        """Continue the series after ``last_number``; ``None`` if it is already there."""
        if last_number < 1:
            return None
        with transaction.atomic():
            Series.objects.get_or_create(prefix=prefix, year=year)
            series = Series.objects.select_for_update().get(prefix=prefix, year=year)
            step = last_number - series.last_number
            if step < 1:
                return None
            first_number = series.last_number + 1
            Series.objects.filter(pk=series.pk).update(last_number=last_number, step=step)
            return cls.objects.create(series=series, first_number=first_number, last_number=last_number, reason=reason)
