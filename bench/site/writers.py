"""``python -m bench.site.writers HOW``: 16 writers who need numbers of one series; prints what they did as JSON.

Each number is kept in a row, in the transaction that gave it, as an invoice keeps its own.
"""

import json
import sys
from collections.abc import Callable

import django

PEOPLE = 16
TIMES = 40
BULK, BULK_TIMES = 50, 4
RETRIES = 10
TABLES = """
DROP TABLE IF EXISTS bench_document, bench_counted;
CREATE TABLE bench_document (number varchar(48) PRIMARY KEY, document text NOT NULL);
CREATE TABLE bench_counted (number bigserial PRIMARY KEY, document text NOT NULL);
"""
DOCUMENT = '{"buyer": "김하늘", "lines": "' + "백자 머그컵 " * 60 + '"}'


def main(how: str) -> None:
    django.setup()
    from django.db import connection

    from bench.site.crowd import crowd

    with connection.cursor() as cursor:
        cursor.execute(TABLES)
    times = BULK_TIMES if how == "bulk" else TIMES
    told = crowd(_ways()[how], people=PEOPLE, times=times)
    print(json.dumps({"per_s": told.per_s, "failed": told.failed}))


def _ways() -> dict[str, Callable[[int], int]]:
    """How one writer takes a number and keeps it; how many numbers that were."""
    from django.db import IntegrityError, connection, transaction
    from django.utils import timezone

    from jumun.invoices.models import Series

    year = timezone.localdate().year

    def ours(_turn: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            number = Series.next_number("BENCH", year)
            cursor.execute("INSERT INTO bench_document VALUES (%s, %s)", [number, DOCUMENT])
        return 1

    def bulk(_turn: int) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            numbers = Series.next_numbers("BENCH", year, count=BULK)
            with cursor.copy("COPY bench_document FROM STDIN") as rows:
                for number in numbers:
                    rows.write_row((number, DOCUMENT))
        return BULK

    def highest(_turn: int) -> int:
        for _ in range(RETRIES):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("SELECT coalesce(max(number), '000000') FROM bench_document")
                    number = f"{int(cursor.fetchone()[0]) + 1:06d}"
                    cursor.execute("INSERT INTO bench_document VALUES (%s, %s)", [number, DOCUMENT])
            except IntegrityError:
                continue
            return 1
        raise RuntimeError("no number")

    def sequence(_turn: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO bench_counted (document) VALUES (%s)", [DOCUMENT])
        return 1

    return {"ours": ours, "bulk": bulk, "highest": highest, "sequence": sequence}


if __name__ == "__main__":
    main(sys.argv[1])
