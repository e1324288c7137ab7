import csv
import io
from collections.abc import Iterator

from django.db.models import CharField, Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jumun.audit import invariant
from jumun.exports.cells import CODE, FILLED_IN, Kind
from jumun.exports.columns import LINE_COLUMNS, ORDER_COLUMNS, Column, rows
from jumun.exports.csv import stream_csv
from jumun.exports.formula import DANGEROUS, GUARD, NUMBER, guard, unguard
from jumun.invoices.models import Invoice
from jumun.orders.models import Order, OrderLine
from jumun.payments.models import Payment

REMEDY = gettext_lazy("Do not open an export in a spreadsheet until the text in that column is fixed.")
# Telephone numbers are written in many ways. More texts than this say nothing new about the guard.
READ_BACK_MAX = 10_000
BATCH = 500

# By the prefix of a column's source: the model of the field, and the path from it to the order.
_MODELS: dict[str, tuple[type[Model], str]] = {
    "lines": (OrderLine, "order_id"),
    "settling": (Payment, "order_id"),
    "invoice": (Invoice, "order_id"),
    "": (Order, "pk"),
}


@invariant("I12", remedy=REMEDY)
def codes_start_no_formula() -> Iterator[tuple[str, str]]:
    """Columns without the guard, such as our codes and Stripe's ids, hold nothing that starts a formula."""
    for model, _to_order, fields in _text_fields(CODE):
        for field in fields:
            wrong = model._default_manager.filter(_could_start_a_formula(field)).order_by()
            number = "number" if model is Order else "order__number"
            for order_number in wrong.values_list(number, flat=True).iterator():
                yield order_number, _("its %(field)s would start a formula in a spreadsheet") % {"field": field}


@invariant("I12", remedy=REMEDY)
def typed_text_is_exported_with_the_guard() -> Iterator[tuple[str, str]]:
    """Export texts that could start a formula, read them back with a CSV reader, and compare them with the database.

    Checks all of them, or the newest `READ_BACK_MAX` of each model.
    """
    suspicious: set[int] = set()
    for model, to_order, fields in _text_fields(FILLED_IN):
        could = Q()
        for field in fields:
            could |= _could_start_a_formula(field)
        found = model._default_manager.filter(could).order_by("-pk").values_list(to_order, flat=True)
        suspicious.update(found[:READ_BACK_MAX])
    pks = sorted(suspicious)
    for start in range(0, len(pks), BATCH):
        yield from _read_back(pks[start : start + BATCH], ORDER_COLUMNS, per_line=False)
        yield from _read_back(pks[start : start + BATCH], LINE_COLUMNS, per_line=True)


def _text_fields(kind: Kind) -> Iterator[tuple[type[Model], str, list[str]]]:
    """Each model with its text fields that columns of that kind show."""
    sources = {str(column.source) for column in (*ORDER_COLUMNS, *LINE_COLUMNS) if column.kind is kind}
    for prefix, (model, to_order) in _MODELS.items():
        names = [source.removeprefix(f"{prefix}__") for source in sources if prefix == source.rpartition("__")[0]]
        fields = sorted(name for name in names if isinstance(model._meta.get_field(name), CharField))
        if fields:
            yield model, to_order, fields


def _could_start_a_formula(field: str) -> Q:
    return Q(**{f"{field}__regex": DANGEROUS}) & ~Q(**{f"{field}__regex": NUMBER})


def _read_back(pks: list[int], columns: tuple[Column, ...], *, per_line: bool) -> Iterator[tuple[str, str]]:
    orders = Order.objects.filter(pk__in=pks)
    written = b"".join(stream_csv(orders, per_line=per_line)).decode()
    table = csv.reader(io.StringIO(written, newline=""))
    next(table)
    stored = rows(orders, [column.source for column in columns], per_line=per_line)
    for cells, values in zip(table, stored, strict=True):
        for column, cell, value in zip(columns, cells, values, strict=True):
            if column.kind is FILLED_IN and (problem := _problem(cell, value or "")):
                yield cells[0], problem % {"field": column.key}


def _problem(cell: str, text: str) -> str:
    if guard(cell) != cell and not cell.startswith(GUARD):
        return _("its %(field)s would start a formula in a spreadsheet")
    return "" if unguard(cell) == text else _("its %(field)s does not come back from the file as it is stored")
