from dataclasses import replace
from typing import Any, Self

from django.db import models
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jumun.conf import jumun
from jumun.invoices import archive
from jumun.invoices.compose_credit_note import compose_credit_note
from jumun.invoices.document import Document, PaymentReference, canonical_json, from_json
from jumun.invoices.models import DocumentIsFrozen, Invoice, Series
from jumun.invoices.numbers import series_prefix
from jumun.orders.timeline import Kind
from jumun.outbox.models import Job


class CreditNote(models.Model):
    """What takes back an invoice or a part of it, for one refund: a number in a series of its own, a frozen document.

    The database refuses to change or delete it (see `jumun.invoices.frozen`).
    """

    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="credit_notes", verbose_name=_("invoice"))
    number = models.CharField(_("credit note number"), max_length=40, unique=True)
    # Stripe's id: this app knows nothing of payments.
    refund_id = models.CharField(_("Stripe refund"), max_length=255, unique=True)
    # What is credited, tax included: the document's total without its sign.
    amount_minor = models.BigIntegerField(_("amount"))
    issued_at = models.DateTimeField(_("issued at"))
    document_json = models.TextField(_("document"))
    document_sha256 = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="jumun_credit_note_amount_positive"),
        ]

    def __str__(self) -> str:
        return self.number

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise DocumentIsFrozen(self.number)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("jumun:credit-note", args=[self.invoice.order.reference, self.number])

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise DocumentIsFrozen(self.number)

    @classmethod
    def credited_minor(cls, invoice: Invoice) -> int:
        """What all credit notes of ``invoice`` take back."""
        return cls.objects.filter(invoice=invoice).aggregate(sum=Sum("amount_minor", default=0))["sum"] or 0

    @classmethod
    def issue(cls, invoice: Invoice, *, amount_minor: int, refunded_to: PaymentReference) -> Self:
        """Number and freeze the credit note of a refund and enqueue its mail, in the caller's transaction.

        The caller holds the lock on the order. Raises `DocumentError` for more than what is left of the invoice.
        """
        from jumun.invoices.pdf import printable

        now = timezone.now()
        draft = printable(
            compose_credit_note(
                invoice.document,
                amount_minor=amount_minor,
                credited_minor=list(
                    cls.objects.filter(invoice=invoice).order_by("pk").values_list("amount_minor", flat=True)
                ),
                issued_on=timezone.localdate(now),
                refunded_to=refunded_to,
            )
        )
        # Last of all: everybody else who issues a credit note waits for this row until we commit.
        prefix = series_prefix(jumun().credit_note_prefix, livemode=draft.livemode)
        number = Series.next_number(prefix, draft.issued_on.year)
        text = canonical_json(replace(draft, number=number))
        note = cls(
            invoice=invoice,
            number=number,
            refund_id=refunded_to.stripe_id,
            amount_minor=amount_minor,
            issued_at=now,
            document_json=text,
            document_sha256=archive.digest(text.encode()),
        )
        note.save(force_insert=True)
        invoice.order.record(Kind.CREDIT_NOTE_ISSUED, number=number, amount_minor=amount_minor)
        Job.enqueue("invoices.mail_credit_note", key=number, credit_note_pk=note.pk)
        return note

    @property
    def document(self) -> Document:
        return from_json(self.document_json)

    def pdf(self) -> bytes:
        """The credit note on paper; the same bytes every time."""
        from jumun.invoices.pdf import render

        return render(self.document)
