from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jumun.backoffice import markup
from jumun.backoffice.admin.issued import ISSUED_AT, IssuedDocumentAdmin
from jumun.invoices.models import Cancellation, CreditNote


class CorrectionAdmin(IssuedDocumentAdmin):
    """Documents that correct an invoice."""

    @admin.display(description=_("amount"))
    def amount(self, correction: CreditNote | Cancellation) -> SafeString:
        return markup.amount(correction.amount_minor, correction.for_order.currency)


@admin.register(CreditNote)
class CreditNoteAdmin(CorrectionAdmin):
    file_stem = "credit-note"
    list_display = ("number", "invoice", "order_page", "customer", "amount", ISSUED_AT, "pdf")
    search_fields = ("number", "refund_id", "invoice__number", "invoice__order__number", "invoice__order__name")
    fields = (
        *("number", "invoice", "order_page", "customer", "amount", "refund_id", ISSUED_AT),
        *("pdf", "xml", "kept", "document_sha256"),
    )
    readonly_fields = fields


@admin.register(Cancellation)
class CancellationAdmin(CorrectionAdmin):
    file_stem = "cancellation"
    list_display = ("number", "credit_note", "order_page", "customer", "amount", ISSUED_AT, "pdf")
    search_fields = ("number", "credit_note__number", "credit_note__refund_id", "credit_note__invoice__order__number")
    fields = (
        *("number", "credit_note", "order_page", "customer", "amount", ISSUED_AT),
        *("pdf", "xml", "kept", "document_sha256"),
    )
    readonly_fields = fields
