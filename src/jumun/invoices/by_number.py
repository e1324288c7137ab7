"""Issued documents of any kind by their number, which is unique across the kinds."""

from jumun.invoices.models import Cancellation, CreditNote, Invoice, IssuedDocument

# The path from a document to its order, for `select_related`.
TO_ORDER: dict[type[IssuedDocument], str] = {
    Invoice: "order",
    CreditNote: "invoice__order",
    Cancellation: "credit_note__invoice__order",
}


def by_number(number: str, **of: str) -> IssuedDocument:
    """The document with that number; ``of`` filters by columns of its order. Raises `LookupError` if there is none."""
    for model, to_order in TO_ORDER.items():
        narrowed = {f"{to_order}__{column}": value for column, value in of.items()}
        issued = model._default_manager.select_related(to_order).filter(number=number, **narrowed).first()
        if issued is not None:
            return issued
    raise LookupError(f"no document has the number {number!r}")
