"""A database that refuses to write a row: a full disk or a missing partition, for as long as a test wants it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

FUNCTION = (
    "CREATE OR REPLACE FUNCTION test_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$"
)


@contextmanager
def refusing(act: str, table: str, *, when: str = "") -> Iterator[None]:
    """``INSERT`` into, or ``UPDATE`` of, ``table`` fails until the block ends, for rows of which ``when`` is true."""
    head = f"CREATE TRIGGER test_refuses BEFORE {act} ON {table} FOR EACH ROW {f'WHEN ({when})' if when else ''}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
            cursor.execute(f"{head} EXECUTE FUNCTION test_refuse()")
        else:
            cursor.execute(f"{head} BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER test_refuses" + (f" ON {table}" if connection.vendor == "postgresql" else ""))
