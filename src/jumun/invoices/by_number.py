"""Issued documents of any kind by their number, which no two of them share."""

from jumun.invoices.models import Cancellation, CreditNote, Invoice, IssuedDocument

# The way from a document to its order, to be gone in the same query.
TO_ORDER: dict[type[IssuedDocument], str] = {
    Invoice: "order",
    CreditNote: "invoice__order",
    Cancellation: "credit_note__invoice__order",
}


def by_number(number: str, **of: str) -> IssuedDocument:
    """The document with that number; ``of`` narrows by its order's columns. Raises `LookupError` without one."""
    for model, to_order in TO_ORDER.items():
        narrowed = {f"{to_order}__{column}": value for column, value in of.items()}
        issued = model._default_manager.select_related(to_order).filter(number=number, **narrowed).first()
        if issued is not None:
            return issued
    raise LookupError(f"no document has the number {number!r}")
