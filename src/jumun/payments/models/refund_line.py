from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jumun.orders.models import OrderLine
from jumun.payments.models.refund import Refund


class RefundLine(models.Model):
    """How many of an order's line are refunded, and how many go back into stock."""

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines", verbose_name=_("refund"))
    line = models.ForeignKey(OrderLine, models.PROTECT, related_name="refund_lines", verbose_name=_("order line"))
    quantity = models.PositiveIntegerField(_("quantity"), default=0)
    restock_quantity = models.PositiveIntegerField(_("back into stock"), default=0)

    class Meta:
        verbose_name = _("refunded line")
        verbose_name_plural = _("refunded lines")
        ordering = ["line"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="jumun_refund_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0) | Q(restock_quantity__gt=0), name="jumun_refund_line_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.line.name}"
