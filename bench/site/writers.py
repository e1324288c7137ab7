"""16 writers who need numbers of one series. Each number is kept in a row, in the transaction that gave it, as an
invoice keeps its own.
"""

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from bench.site.crowd import crowd
from bench.site.orders import DOCUMENT
from jumun.invoices.models import Series

PEOPLE = 16
TIMES = 40
BULK, BULK_TIMES = 50, 4
RETRIES = 10
TABLES = """
DROP TABLE IF EXISTS bench_document, bench_counted;
CREATE TABLE bench_document (number varchar(48) PRIMARY KEY, document text NOT NULL);
CREATE TABLE bench_counted (number bigserial PRIMARY KEY, document text NOT NULL);
"""
INSERT = "INSERT INTO bench_document VALUES (%s, %s)"
YEAR = timezone.localdate().year


def main(how: str) -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    return crowd(WAYS[how], people=PEOPLE, times=BULK_TIMES if how == "bulk" else TIMES)


def ours(_turn: int) -> int:
    """Take a number and keep it, as the other ways do; how many numbers that were."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT, [Series.next_number("BENCH", YEAR), DOCUMENT])
    return 1


def bulk(_turn: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        numbers = Series.next_numbers("BENCH", YEAR, count=BULK)
        with cursor.copy("COPY bench_document FROM STDIN") as rows:
            for number in numbers:
                rows.write_row((number, DOCUMENT))
    return BULK


def highest(_turn: int) -> int:
    for _ in range(RETRIES):
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT coalesce(max(number), '000000') FROM bench_document")
                cursor.execute(INSERT, [f"{int(cursor.fetchone()[0]) + 1:06d}", DOCUMENT])
        except IntegrityError:
            continue
        return 1
    raise RuntimeError("no number")


def sequence(_turn: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_counted (document) VALUES (%s)", [DOCUMENT])
    return 1


WAYS = {way.__name__: way for way in (ours, bulk, highest, sequence)}
