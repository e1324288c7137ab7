"""The file as an accountant's program reads it."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.connection import ConnectionDoesNotExist

from jumun.exports.csv import stream_csv
from jumun.exports.formula import unguard
from jumun.orders.models import Order
from jumun.payments.merge import apply
from jumun.payments.refunds.lost_dispute import credit_lost
from tests.factories import item, paid_order, pay, place_order, refund_snapshot, stored_order
from tests.payments.disputing import dispute_of

pytestmark = pytest.mark.django_db


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def exported(**options) -> list[dict[str, str]]:
    return read(b"".join(stream_csv(Order.objects.all(), **options)))


def test_a_row_tells_all_of_a_paid_order():
    order = paid_order(name="김하늘", lines=[item(unit_price_minor=5500, quantity=2)])
    (row,) = exported()
    payment = order.payments.get()
    assert row["order_number"] == order.number
    assert row["state"] == "paid"
    assert row["customer_name"] == "김하늘"
    assert row["customer_phone"] == "+821012345678"
    assert (row["net"], row["tax"], row["total"], row["currency"]) == ("10000", "1000", "11000", "KRW")
    assert (row["card_brand"], row["card_last4"]) == ("visa", "4242")
    assert row["stripe_payment_id"] == payment.payment_intent_id
    assert row["invoice_number"] == order.invoice.number


def test_what_an_accountant_needs_for_the_tax_return_is_there():
    lines = [item(unit_price_minor=6000, quantity=2, discount_minor=1000), item(tax_rate_ppm=0, tax_category="E")]
    place_order(lines=lines, tax_id="123-45-67891")
    taxed, exempt = exported(per_line=True)

    assert taxed["tax_id"] == "123-45-67891"
    assert (taxed["tax_category"], taxed["tax_rate_percent"]) == ("S", "10")
    assert (taxed["line_discount"], taxed["prices_include_tax"], taxed["line_total"]) == ("1000", "true", "11000")
    assert (exempt["tax_category"], exempt["tax_rate_percent"], exempt["line_tax"]) == ("E", "0", "0")
    assert exported(per_line=True, language="ko")[1]["과세 구분"] == "면세"


def test_a_phone_number_stays_one_and_a_plus_alone_does_not():
    for phone in ("+821012345678", "+", "+82 10", "010-1234"):
        stored_order(phone=phone)

    assert [row["customer_phone"] for row in exported()] == ["+821012345678", "'+", "'+82 10", "010-1234"]


def test_an_unpaid_order_has_empty_cells_for_what_is_not_there_yet():
    place_order()
    (row,) = exported()
    assert row["state"] == "placed"
    assert {row[key] for key in ("paid_at", "card_brand", "card_last4", "stripe_payment_id", "invoice_number")} == {""}


@pytest.mark.parametrize(
    ("currency", "unit_price_minor", "total"),
    [("KRW", 1234567, "1234567"), ("USD", 57, "0.57"), ("USD", 1234567, "12345.67"), ("KWD", 1230, "1.230")],
)
def test_amounts_are_plain_decimals_with_the_currencys_digits(currency, unit_price_minor, total):
    place_order(currency=currency, lines=[item(unit_price_minor=unit_price_minor, quantity=1)])
    (row,) = exported()
    assert row["total"] == total


def test_times_are_iso_8601_in_the_shops_time_zone():
    order = place_order()
    Order.objects.filter(pk=order.pk).update(placed_at=datetime(2026, 11, 23, 15, 30, 9, tzinfo=UTC))
    (row,) = exported()
    assert row["placed_at"] == "2026-11-24T00:30:09+09:00"


@pytest.mark.parametrize(
    ("zone", "january", "july"),
    [
        ("Asia/Seoul", "2026-01-01T09:00:09+09:00", "2026-07-01T09:00:09+09:00"),
        ("Europe/Berlin", "2026-01-01T01:00:09+01:00", "2026-07-01T02:00:09+02:00"),
        ("America/New_York", "2025-12-31T19:00:09-05:00", "2026-06-30T20:00:09-04:00"),
        ("Asia/Kathmandu", "2026-01-01T05:45:09+05:45", "2026-07-01T05:45:09+05:45"),
        ("UTC", "2026-01-01T00:00:09+00:00", "2026-07-01T00:00:09+00:00"),
    ],
)
def test_times_have_the_offset_of_their_own_day_and_no_fraction(settings, zone, january, july):
    settings.TIME_ZONE = zone
    for month in (1, 7):
        order = place_order()
        at = datetime(2026, month, 1, 0, 0, 9, 999_999, tzinfo=UTC)
        Order.objects.filter(pk=order.pk).update(placed_at=at)
    assert [row["placed_at"] for row in exported()] == [january, july]


@pytest.mark.parametrize(
    ("zone", "changes", "before", "after"),
    [
        ("Europe/Berlin", "2026-03-29T01:00:00", "2026-03-29T01:59:59+01:00", "2026-03-29T03:00:00+02:00"),
        ("Europe/Berlin", "2026-10-25T01:00:00", "2026-10-25T02:59:59+02:00", "2026-10-25T02:00:00+01:00"),
        # A minute after midnight, as the law of Labrador had it.
        ("America/Goose_Bay", "2010-11-07T03:01:00", "2010-11-07T00:00:59-03:00", "2010-11-06T23:01:00-04:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00", "2026-04-05T01:59:59+11:00", "2026-04-05T01:30:00+10:30"),
    ],
)
def test_clocks_go_forward_and_back_at_the_right_second(settings, zone, changes, before, after):
    settings.TIME_ZONE = zone
    for early in (timedelta(seconds=1), timedelta()):
        at = datetime.fromisoformat(changes).replace(tzinfo=UTC) - early
        Order.objects.filter(pk=place_order().pk).update(placed_at=at)
    assert [row["placed_at"] for row in exported()] == [before, after]


def test_what_refunds_brought_back_is_in_the_orders_row_once():
    order = paid_order()
    payment = order.payments.get()
    for amount, status in [(1000, "succeeded"), (500, "succeeded"), (250, "pending")]:
        payment.refunds.create(amount_minor=amount, currency="KRW", status=status, refund_id=f"re_{amount}")
    paid_order()
    assert [row["refunded"] for row in exported()] == ["1500", "0"]


def test_what_was_paid_twice_and_went_back_is_no_refund_of_the_order():
    second = pay(paid_order()).payments.get(settles_order=False)
    second.refunds.create(amount_minor=second.amount_minor, currency="KRW", status="succeeded", refund_id="re_second")
    assert [(row["total"], row["refunded"]) for row in exported()] == [("11000", "0")]


def test_takings_are_net_of_refunds_and_of_lost_disputes_and_credit_notes_are_a_column_of_their_own():
    lost, refunded, _unpaid = paid_order(), paid_order(), place_order()
    apply(dispute_of(lost.payments.get(), status="lost"))
    credit_lost(lost.payments.get().disputes.get())
    apply(refund_snapshot(refunded.payments.get(), 3_000))
    names = ("total", "refunded", "lost_in_disputes", "credited", "net_takings")
    assert [tuple(row[name] for name in names) for row in exported()] == [
        ("11000", "0", "11000", "11000", "0"),
        ("11000", "3000", "0", "3000", "8000"),
        ("11000", "0", "0", "0", "0"),
    ]


def test_a_dispute_that_is_open_or_won_and_a_note_that_was_cancelled_take_nothing_off():
    payment = paid_order().payments.get()
    refund = refund_snapshot(payment, 1_000)
    apply(refund)
    apply(refund | {"status": "failed"})
    apply(dispute_of(payment))
    assert [(row["lost_in_disputes"], row["credited"], row["net_takings"]) for row in exported()] == [
        ("0", "0", "11000")
    ]


def test_a_file_of_no_orders_is_a_header():
    assert exported() == []
    assert read(b"".join(stream_csv(Order.objects.none()))) == []


def test_a_search_with_a_percent_sign_or_a_quote_is_taken_as_it_is():
    order = place_order(name="100% '김'")
    place_order()
    found = stream_csv(Order.objects.filter(name__icontains="0% '"))
    assert [row["order_number"] for row in read(b"".join(found))] == [order.number]


def test_a_search_over_several_tables_gives_whole_rows_and_each_order_once():
    order = paid_order()
    pay(order)
    found = Order.objects.filter(payments__currency="KRW").order_by("-placed_at").distinct()
    header, *rows = csv.reader(io.StringIO(b"".join(stream_csv(found)).decode(), newline=""))
    assert [len(row) for row in rows] == [len(header)]


def test_a_file_can_be_left_in_the_middle(settings):
    many_orders(2000)
    stream = stream_csv(Order.objects.all())
    next(stream), next(stream)
    stream.close()
    assert len(exported()) == 2000


def test_exports_read_the_database_that_the_settings_name(settings):
    settings.JUMUN = settings.JUMUN | {"EXPORTS_DATABASE": "elsewhere"}
    stream = stream_csv(Order.objects.all())
    with pytest.raises(ConnectionDoesNotExist):
        list(stream)


def test_one_row_a_line_repeats_the_order_and_leaves_its_totals_out():
    order = place_order(
        lines=[item(sku="A", quantity=3, unit_price_minor=1000, tax_rate_ppm=75_000), item(sku="B", tax_rate_ppm=0)]
    )
    first, second = exported(per_line=True)
    assert first["order_number"] == second["order_number"] == order.number
    assert (first["sku"], first["line_position"], first["quantity"]) == ("A", "1", "3")
    assert (first["unit_price"], first["line_total"], first["tax_rate_percent"]) == ("1000", "3000", "7.5")
    assert (second["sku"], second["line_tax"], second["tax_rate_percent"]) == ("B", "0", "0")
    assert "total" not in first


def test_the_lines_of_an_order_add_up_to_its_row():
    place_order(lines=[item(quantity=3), item(sku="B", unit_price_minor=333)])
    (order,) = exported()
    lines = exported(per_line=True)
    for whole, part in [("net", "line_net"), ("tax", "line_tax"), ("total", "line_total")]:
        assert sum(int(line[part]) for line in lines) == int(order[whole])


def test_a_second_payment_does_not_repeat_the_order():
    order = paid_order()
    first = order.payments.get()
    pay(order)
    assert order.payments.count() == 2
    (row,) = exported()
    assert row["stripe_payment_id"] == first.payment_intent_id


@pytest.mark.parametrize(
    ("language", "header", "state"),
    [(None, "order_number", "placed"), ("en", "Order number", "awaiting payment"), ("ko", "주문 번호", "결제 대기")],
)
def test_header_and_words_are_in_the_chosen_language(language, header, state):
    place_order()
    (row,) = exported(language=language)
    assert next(iter(row)) == header
    assert state in row.values()


def test_a_word_with_a_comma_is_one_cell():
    place_order()
    assert exported(language="ko")[0]["실제 결제"] == "아니요, 테스트"


@pytest.mark.parametrize("per_line", [False, True])
def test_every_header_is_translated(per_line):
    english, korean = (
        next(stream_csv(Order.objects.none(), per_line=per_line, language=language)).decode().strip().split(",")
        for language in ("en", "ko")
    )
    assert [name for name in korean if name in english] == []


def test_the_bom_is_there_only_if_asked_for():
    assert next(stream_csv(Order.objects.none(), bom=True)).startswith(b"\xef\xbb\xbforder_number,")
    assert next(stream_csv(Order.objects.none())).startswith(b"order_number,")


def test_what_a_customer_typed_cannot_become_a_formula():
    stored_order(name='=HYPERLINK("http://evil.example","x")', city="-1+1", address="  @SUM(A1)", phone="+1 (2)")
    (row,) = exported()
    assert row["customer_name"] == '\'=HYPERLINK("http://evil.example","x")'
    assert unguard(row["city"]) == "-1+1"
    assert row["address"] == "'  @SUM(A1)"
    assert row["customer_phone"] == "'+1 (2)"


def test_quotes_commas_and_line_breaks_survive():
    text = 'Kim, "Haneul"\r\n서울\n'
    stored_order(name=text)
    (row,) = exported()
    assert row["customer_name"] == text


def test_the_oldest_order_comes_first_whatever_the_lists_order():
    numbers = [place_order().number for _ in range(3)]
    rows = read(b"".join(stream_csv(Order.objects.order_by("-total_minor", "-pk"))))
    assert [row["order_number"] for row in rows] == numbers


def test_the_header_is_sent_before_the_database_is_asked():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        next(stream_csv(Order.objects.all()))
    assert len(queries) == 0


@pytest.mark.parametrize("per_line", [False, True])
def test_any_number_of_orders_is_one_query(per_line):
    for _ in range(5):
        paid_order()
    with CaptureQueriesContext(connection) as queries:
        assert len(exported(per_line=per_line)) == 5
    assert sum("jumun_orders_order" in query["sql"] for query in queries) == 1


def many_orders(count: int) -> None:
    pattern = place_order()
    copies = []
    for index in range(count - 1):
        copy = Order.objects.get(pk=pattern.pk)
        copy.pk, copy.number, copy.reference = None, f"N{index}", f"R{index}"
        copies.append(copy)
    Order.objects.bulk_create(copies)


def test_a_large_file_comes_in_chunks_of_some_64_kilobytes():
    many_orders(1000)
    header, *chunks = stream_csv(Order.objects.all())
    assert header.count(b"\r\n") == 1
    assert [64_000 < len(chunk) < 130_000 for chunk in chunks[:-1]] == [True] * (len(chunks) - 1)
    assert len(chunks) > 1
    assert len(read(header + b"".join(chunks))) == 1000


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's export has no settings of its own")
@pytest.mark.django_db(transaction=True)
def test_the_exports_settings_do_not_stay_with_another_transaction():
    place_order()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        list(stream_csv(Order.objects.all()))
