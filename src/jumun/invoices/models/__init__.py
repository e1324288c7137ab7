from jumun.invoices.models.archived_pdf import ArchivedPdf
from jumun.invoices.models.cancellation import Cancellation
from jumun.invoices.models.credit_note import CreditNote
from jumun.invoices.models.invoice import Invoice
from jumun.invoices.models.issued import DocumentIsFrozen, IssuedDocument
from jumun.invoices.models.restoration import Restoration
from jumun.invoices.models.series import Series
from jumun.invoices.models.skipped_numbers import SkippedNumbers

__all__ = [
    "ArchivedPdf",
    "Cancellation",
    "CreditNote",
    "DocumentIsFrozen",
    "Invoice",
    "IssuedDocument",
    "Restoration",
    "Series",
    "SkippedNumbers",
]
