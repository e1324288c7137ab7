"""Each column of the books is changed behind Jumun's back, and the audit names it unless nothing else knows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, models, transaction
from django.test import override_settings
from django.utils import timezone, translation

from jumun.audit import Finding, findings
from jumun.db import append_only
from jumun.invoices.models import ArchivedPdf, Cancellation, CreditNote, Invoice, Series
from jumun.orders.models import Order, OrderLine
from jumun.payments.models import BalanceTransaction, Checkout, Dispute, Payment, Payout, Refund
from tests.audit.rich_book import fill

pytestmark = pytest.mark.django_db

FROZEN = (Invoice, CreditNote, Cancellation, ArchivedPdf, Series)

RANDOM = "made at random, and kept nowhere else"
STRIPE = "told by Stripe alone: reconcile asks there"
ANOTHER_SHOP = "another shop's on the same account looks just so"
WORDS = "words for people, from which nothing follows"
UNPAID = "nothing repeats it before there is an invoice"

# What neither the database nor the archive can show, and why.
_CUSTOMER = ("name", "email", "address", "postal_code", "city", "country", "phone", "tax_id", "language")
_UNPAID = ("placed order", "cancelled order", "expired order")
_INTENTIONS = ("succeeded refund", "failed refund", "complete checkout", "open checkout", "expired checkout")
UNKNOWABLE: dict[str, str] = {
    **{f"{name}.form_token": RANDOM for name in ("paid order", *_UNPAID)},
    **{f"{name}.{field}": UNPAID for name in _UNPAID for field in _CUSTOMER},
    **{f"cancelled order.{field}": UNPAID for field in ("number", "reference", "livemode", "currency")},
    **{f"unpaid line.{field}": UNPAID for field in ("sku", "name")},
    "settling payment.charge_id": ANOTHER_SHOP,
    "second payment.charge_id": ANOTHER_SHOP,
    **{f"second payment.{field}": STRIPE for field in ("method", "wallet", "card_brand", "card_last4", "paid_at")},
    **{f"{name}.idempotency_key": RANDOM for name in _INTENTIONS},
    **{f"{name}.refusal": WORDS for name in _INTENTIONS},
    **{f"{name}.by": WORDS for name in ("succeeded refund", "failed refund")},
    **{
        f"{name}.{field}": STRIPE
        for name in ("lost dispute", "won dispute")
        for field in ("reason", "is_charge_refundable", "due_at", "opened_at")
    },
    **{f"{name}.url": STRIPE for name in ("complete checkout", "open checkout", "expired checkout")},
    **{
        f"{name}.{field}": STRIPE
        for name in ("movement of a charge", "movement of a dispute")
        for field in ("transaction_id", "available_at", "created_at")
    },
    **{f"{name}.source_id": ANOTHER_SHOP for name in ("movement of a charge", "movement of a dispute")},
    "movement of a dispute.type": STRIPE,
    "movement of a dispute.currency": "Stripe may have converted it",
    "payout.status": "the movement that gives a returned payout back may not be known yet",
    **{f"payout.{field}": STRIPE for field in ("reconciliation_status", "arrives_at", "created_at")},
    "payout.failure_message": WORDS,
    "series.step": "counts for the UPDATE that writes it alone",
}

ROWS: dict[str, Callable[[], Any]] = {
    "paid order": lambda: Invoice.objects.order_by("pk")[0].order,
    "placed order": lambda: Order.objects.get(state="placed"),
    "cancelled order": lambda: Order.objects.get(state="cancelled"),
    "expired order": lambda: Order.objects.get(state="expired"),
    "paid line": lambda: OrderLine.objects.get(order=ROWS["paid order"](), position=2),
    "unpaid line": lambda: OrderLine.objects.get(order__state="placed"),
    "settling payment": lambda: Payment.objects.get(order=ROWS["paid order"]()),
    "second payment": lambda: Payment.objects.get(settles_order=False),
    "succeeded refund": lambda: Refund.objects.get(payment=ROWS["settling payment"]()),
    "failed refund": lambda: Refund.objects.get(status="failed"),
    "lost dispute": lambda: Dispute.objects.get(status="lost"),
    "won dispute": lambda: Dispute.objects.get(status="won"),
    "complete checkout": lambda: Checkout.objects.get(order=ROWS["paid order"]()),
    "open checkout": lambda: Checkout.objects.get(state="open"),
    "expired checkout": lambda: Checkout.objects.get(state="expired"),
    "movement of a charge": lambda: BalanceTransaction.objects.get(source_id=ROWS["settling payment"]().charge_id),
    "movement of a dispute": lambda: BalanceTransaction.objects.get(transaction_id="txn_lost"),
    "payout": lambda: Payout.objects.order_by("pk")[0],
    "first invoice": lambda: Invoice.objects.order_by("pk")[0],
    "last invoice": lambda: Invoice.objects.order_by("-pk")[0],
    "credit note": lambda: CreditNote.objects.order_by("pk")[0],
    "cancellation": Cancellation.objects.get,
    "archived PDF": lambda: ArchivedPdf.objects.order_by("pk")[0],
    "series": lambda: Series.objects.get(prefix="TEST-INV"),
}
_MODELS: dict[str, type[models.Model]] = {
    **dict.fromkeys(("paid order", "placed order", "cancelled order", "expired order"), Order),
    **dict.fromkeys(("paid line", "unpaid line"), OrderLine),
    **dict.fromkeys(("settling payment", "second payment"), Payment),
    **dict.fromkeys(("succeeded refund", "failed refund"), Refund),
    **dict.fromkeys(("lost dispute", "won dispute"), Dispute),
    **dict.fromkeys(("complete checkout", "open checkout", "expired checkout"), Checkout),
    **dict.fromkeys(("movement of a charge", "movement of a dispute"), BalanceTransaction),
    "payout": Payout,
    **dict.fromkeys(("first invoice", "last invoice"), Invoice),
    "credit note": CreditNote,
    "cancellation": Cancellation,
    "archived PDF": ArchivedPdf,
    "series": Series,
}
# What the column is changed to, where that is to be a value that could be right.
CHANGED: dict[str, Any] = {
    "paid order.state": "placed",
    "lost dispute.status": "won",
    "won dispute.status": "lost",
    "succeeded refund.status": "failed",
    "failed refund.status": "succeeded",
    "complete checkout.state": "expired",
    "open checkout.state": "complete",
    "expired checkout.state": "complete",
    "payout.status": "failed",
    "movement of a charge.type": "refund",
    "movement of a charge.reporting_category": "refund",
    "movement of a dispute.reporting_category": "charge",
    "paid line.tax_rate_ppm": 50_000,
    "unpaid line.tax_rate_ppm": 50_000,
}
# Primary keys mean nothing but that other rows refer to them, which the database itself checks.
KEYS = [
    f"{name}.{field.name}"
    for name, model in _MODELS.items()
    for field in model._meta.concrete_fields
    if not field.primary_key
]


@pytest.fixture(scope="module")
def _book(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One for all: to fill it takes longer than to look at it."""
    folder: Path = tmp_path_factory.mktemp("archive")
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    from django.conf import settings

    with (
        django_db_blocker.unblock(),
        override_settings(STORAGES={**settings.STORAGES, "jumun_documents": kept}),
        transaction.atomic(),
    ):
        fill()
        get_user_model().objects.create_user("clerk")
        with translation.override("en"):
            assert list(findings(files=True)) == []
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("key", [key for key in KEYS if key not in UNKNOWABLE])
@pytest.mark.usefixtures("_book")
def test_a_column_that_was_changed_is_named(key: str) -> None:
    assert found_after_changing(key) is not None


@pytest.mark.parametrize("name", sorted({key.partition(".")[0] for key in UNKNOWABLE}))
@pytest.mark.usefixtures("_book")
def test_what_nothing_else_knows_is_not_named(name: str) -> None:
    """All of a row at once. What is named here is known after all: take it from the list."""
    assert found_after_changing(*(key for key in UNKNOWABLE if key.startswith(f"{name}."))) is None


def test_the_list_names_columns() -> None:
    assert set(UNKNOWABLE) <= set(KEYS)


def found_after_changing(*keys: str) -> Finding | str | None:
    """The first finding, or "refused" where the database does not take the change. The columns are of one row."""
    row = ROWS[keys[0].partition(".")[0]]()
    values = {}
    for key in keys:
        field = row._meta.get_field(key.partition(".")[2])
        values[field.attname] = CHANGED[key] if key in CHANGED else another(field, getattr(row, field.attname))
    with transaction.atomic():
        try:
            with transaction.atomic(), without_triggers(row):
                type(row)._default_manager.filter(pk=row.pk).update(**values)
        except IntegrityError:
            return "refused"
        finding = next(findings(), None)
        transaction.set_rollback(True)
    return finding


def without_triggers(row: models.Model) -> AbstractContextManager[None]:
    return append_only.lifted(connection) if isinstance(row, FROZEN) else nullcontext()


def another(field: Any, value: Any) -> Any:
    """Another value that the column could hold."""
    if isinstance(field, models.ForeignKey):
        return field.related_model._default_manager.exclude(pk=value).order_by("-pk").values_list("pk", flat=True)[0]
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.DateTimeField):
        return (value or timezone.now()) - timedelta(days=400)
    if isinstance(field, models.IntegerField):
        return value + 1
    if isinstance(field, models.JSONField):
        return {**value, "amount": 1, "client_reference_id": "another"}
    if field.choices:
        return next(choice for choice, _label in field.choices if choice != value)
    if field.name == "currency":
        return "USD"
    if field.name == "language":
        return "en"
    if field.name == "phone":
        return "+821099999999"
    return f"{(value or '')[: (field.max_length or 9) - 1]}x" if value != "x" else "y"
