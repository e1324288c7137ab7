"""Whoever owns the database can change what was issued, but cannot seal it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.utils import translation

from jumun.audit import findings
from jumun.db import append_only
from jumun.invoices import archive, chain
from jumun.invoices.chain import Verdict
from jumun.invoices.models import Invoice, Series
from jumun.orders.models import Order
from tests.factories import paid_order, place_order
from tests.invoices.crediting import credit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


KEY, OLDER_KEY = "a" * 50, "b" * 50


def problems() -> list[tuple[str, str]]:
    return [(row.subject, row.problem) for row in findings() if row.invariant == "I4"]


def sql(statement: str, *params: Any) -> None:
    with append_only.lifted(connection), connection.cursor() as cursor:
        cursor.execute(statement, params)


def forge(invoice: Invoice, **values: Any) -> None:
    """Change columns of an invoice as the owner of the database can, its hash with its text."""
    if "document_json" in values:
        values["document_sha256"] = archive.digest(values["document_json"].encode())
    with append_only.lifted(connection):
        Invoice.objects.filter(pk=invoice.pk).update(**values)


def test_each_document_includes_the_seal_of_the_one_before() -> None:
    first, second = (paid_order().invoice for _ in range(2))
    assert chain.check_seal(first.seal, first.number, first.issued_at, first.document_sha256, "") is Verdict.GENUINE
    sealed = (second.number, second.issued_at, second.document_sha256)
    assert chain.check_seal(second.seal, *sealed, first.seal) is Verdict.GENUINE
    assert chain.check_seal(second.seal, *sealed, "") is Verdict.FORGED
    series = Series.objects.get()
    assert series.last_seal == second.seal
    assert chain.check_head(series.head, str(series), second.seal) is Verdict.GENUINE
    assert series.head != second.seal


def test_a_seal_is_the_same_from_every_database_and_version() -> None:
    """Were it another for the same document, all that were issued before would seem to be forged."""
    at = datetime(2026, 11, 30, 9, 0, 0, 120, tzinfo=UTC)
    key = chain._key("a key for the tests")
    seal = key.seal(*chain._parts("INV-2026-000001", at, "0" * 64, ""))
    assert seal == "765990a3:4a686c24d527cd3bbf16fff78e464001505ff6bee561c5a74dca4e873cb0457a"


def test_a_forged_text_is_named_although_hash_and_total_are_right() -> None:
    order = paid_order()
    paid_order()
    forge(order.invoice, document_json=order.invoice.document_json.replace("Jumun Demo Store", "Another Store"))
    [(number, problem)] = problems()
    assert number == order.invoice.number
    assert "seal" in problem


def test_a_date_of_issue_that_was_changed_is_named() -> None:
    invoice = paid_order().invoice
    forge(invoice, issued_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert invoice.number in dict(problems())


def take_from_the_middle(invoices: list[Invoice]) -> str:
    sql("DELETE FROM jumun_invoices_invoice WHERE id = %s", invoices[1].pk)
    return invoices[2].number


def take_the_last(invoices: list[Invoice]) -> str:
    """With the counter set back to what its row must have been, as far as the documents tell."""
    sql("DELETE FROM jumun_invoices_invoice WHERE id = %s", invoices[2].pk)
    sql("UPDATE jumun_invoices_series SET last_number = 2, last_seal = %s", invoices[1].seal)
    return "TEST-INV-"


def take_all(invoices: list[Invoice]) -> str:
    sql("DELETE FROM jumun_invoices_invoice")
    sql("UPDATE jumun_invoices_series SET last_number = 0, last_seal = ''")
    return "TEST-INV-"


def swap_two(invoices: list[Invoice]) -> str:
    """Each with the number, the text and the seal of the other."""
    first, second = invoices[0], invoices[1]
    columns = ("number", "issued_at", "document_json", "document_sha256", "seal")
    values = [{name: getattr(invoice, name) for name in columns} for invoice in (first, second)]
    forge(first, number="X")
    with append_only.lifted(connection):
        Invoice.objects.filter(pk=second.pk).update(**values[0])
        Invoice.objects.filter(pk=first.pk).update(**values[1])
    return first.number


@pytest.mark.parametrize("sin", [take_from_the_middle, take_the_last, take_all, swap_two])
def test_a_document_that_was_taken_away_is_missed(sin: Callable[[list[Invoice]], str]) -> None:
    invoices = [paid_order().invoice for _ in range(3)]
    assert problems() == []
    named = sin(invoices)
    assert any(subject.startswith(named) for subject, _problem in problems())


def test_credit_notes_and_cancellations_share_a_chain() -> None:
    order = paid_order()
    credit(order.invoice, 1, "re_1").cancel()
    credit(order.invoice, 2, "re_2")
    credit(order.invoice, 3, "re_3").cancel()
    assert problems() == []
    sql("DELETE FROM jumun_invoices_cancellation WHERE number LIKE '%%-000002'")
    assert [number[-6:] for number, _problem in problems()] == ["000003"]


def test_numbers_that_were_passed_over_do_not_break_the_chain() -> None:
    """As after a backup was restored: what was issued since then keeps its numbers."""
    paid_order()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jumun_invoices_series SET last_number = last_number + 5, step = 5")
    assert [paid_order().invoice.number[-2:] for _ in range(2)] == ["07", "08"]
    assert problems() == []


def test_a_forged_seal_of_a_key_that_nobody_has_is_named() -> None:
    invoice = paid_order().invoice
    forge(invoice, seal="00000000:" + "0" * 64)
    assert {subject for subject, _problem in problems()} == {invoice.number, str(Series.objects.get())}


def test_a_rolled_back_document_leaves_no_trace_in_the_chain() -> None:
    paid_order()
    order = place_order()
    with transaction.atomic():
        paid_order()
        transaction.set_rollback(True)
    paid_order()
    assert problems() == []
    assert order.state == Order.State.PLACED


def test_another_key_proves_nothing_and_an_older_one_still_verifies(settings: Any) -> None:
    before = paid_order().invoice
    settings.JUMUN = {**settings.JUMUN, "DOCUMENT_CHAIN_KEYS": [KEY]}
    # SECRET_KEY, which sealed the first, still verifies.
    after = paid_order().invoice
    assert chain.key_name(before.seal) != chain.key_name(after.seal)
    assert problems() == []
    settings.JUMUN = {**settings.JUMUN, "DOCUMENT_CHAIN_KEYS": [OLDER_KEY, KEY]}
    paid_order()
    assert problems() == []
    settings.JUMUN = {**settings.JUMUN, "DOCUMENT_CHAIN_KEYS": [OLDER_KEY]}
    [(subject, problem)] = problems()
    assert subject == after.number
    assert "is not configured" in problem
    assert KEY not in problem


def test_a_key_that_is_not_known_is_told_once(settings: Any) -> None:
    invoices = [paid_order().invoice for _ in range(3)]
    settings.SECRET_KEY = "another secret key than the one that sealed these documents"
    told = problems()
    assert [subject for subject, _problem in told] == [f"{invoices[0].number} ... {invoices[2].number}"]
    settings.SECRET_KEY_FALLBACKS = ["for the tests only"]
    assert problems() == []


def test_documents_of_an_older_database_are_sealed_by_migrate(transactional_db: None) -> None:
    order = paid_order()
    credit(order.invoice, 1, "re_1").cancel()
    order.invoice.keep_pdf()
    for table in ("invoice", "creditnote", "cancellation", "archivedpdf"):
        sql(f"UPDATE jumun_invoices_{table} SET seal = ''")  # noqa: S608
    sql("UPDATE jumun_invoices_series SET last_seal = '', head = ''")
    assert problems() != []
    migration = import_module("jumun.invoices.migrations.0002_document_chain")
    with connection.schema_editor() as editor:
        migration.seal_what_there_is(apps, editor)
    assert problems() == []
    assert paid_order().invoice.number.endswith("-000002")
    assert problems() == []


def test_the_archived_paper_is_sealed_too() -> None:
    invoice = paid_order().invoice
    invoice.keep_pdf()
    forged = b"%PDF-forged"
    archive.replace(invoice.archived.name, forged)
    sql("UPDATE jumun_invoices_archivedpdf SET sha256 = %s, size_bytes = %s", archive.digest(forged), len(forged))
    assert [subject for subject, _problem in problems()] == [invoice.archived.name]


def test_keys_are_secrets(settings: Any) -> None:
    from jumun.conf import InvalidSetting, build

    assert KEY not in repr(build({"DOCUMENT_CHAIN_KEYS": [KEY]}))
    for wrong in (KEY, [KEY, ""], {KEY: KEY}):
        with pytest.raises(InvalidSetting) as refused:
            build({"DOCUMENT_CHAIN_KEYS": wrong})
        assert KEY not in str(refused.value)
        assert "DOCUMENT_CHAIN_KEYS" in str(refused.value)


def test_a_key_that_could_be_guessed_is_refused(settings: Any) -> None:
    from jumun.invoices.checks import check_settings

    settings.JUMUN = {**settings.JUMUN, "DOCUMENT_CHAIN_KEYS": [KEY, "guess"]}
    [error] = check_settings()
    assert error.id == "jumun.E036"
    assert "guess" not in json.dumps([error.msg, error.hint])
    settings.JUMUN = {**settings.JUMUN, "DOCUMENT_CHAIN_KEYS": [KEY]}
    assert check_settings() == []
