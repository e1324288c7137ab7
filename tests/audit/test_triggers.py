"""The audit notices that somebody has taken away what keeps the database from changing what is final."""

import pytest
from django.db import connection

from jumun.audit import findings
from jumun.db import append_only

pytestmark = pytest.mark.django_db

TABLE = "jumun_invoices_invoice"
SERIES = "jumun_invoices_series"
POSTGRESQL = connection.vendor == "postgresql"


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def drop(trigger: str, table: str) -> None:
    sql(f"DROP TRIGGER {trigger}" + (f" ON {table}" if POSTGRESQL else ""))


def named() -> set[str]:
    return {row.subject for row in findings()}


def test_triggers_in_place_are_no_finding_and_nothing_is_left_behind() -> None:
    tables = connection.introspection.table_names()
    assert append_only.missing(connection) == []
    assert connection.introspection.table_names() == tables
    assert named() == set()


@pytest.mark.parametrize(
    ("trigger", "table"),
    [
        ("jumun_invoice_no_update", TABLE),
        ("jumun_creditnote_no_delete", "jumun_invoices_creditnote"),
        ("jumun_archivedpdf_no_update", "jumun_invoices_archivedpdf"),
        ("jumun_series_only_forward", SERIES),
        ("jumun_timeline_no_delete", "jumun_orders_timelineentry"),
        (f"{TABLE}_no_truncate" if POSTGRESQL else f"{TABLE}_no_replace", TABLE),
    ],
)
def test_a_trigger_that_was_dropped_is_named(trigger: str, table: str) -> None:
    drop(trigger, table)
    assert named() == {trigger}
    append_only.install(connection, "jumun_invoices")
    append_only.install(connection, "jumun_orders")
    assert named() == set()


def test_a_trigger_that_was_weakened_is_named() -> None:
    drop("jumun_series_only_forward", SERIES)
    does = "EXECUTE FUNCTION jumun_refuse()" if POSTGRESQL else "BEGIN SELECT RAISE(ABORT, 'no'); END"
    head = f"CREATE TRIGGER jumun_series_only_forward BEFORE UPDATE ON {SERIES} FOR EACH ROW"
    sql(f"{head} WHEN (NEW.step < 1) {does}")
    assert named() == {"jumun_series_only_forward"}


def test_a_trigger_that_does_nothing_is_named() -> None:
    drop("jumun_invoice_no_delete", TABLE)
    if POSTGRESQL:
        sql("CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'")
        does = "EXECUTE FUNCTION nothing()"
    else:
        does = "BEGIN SELECT 1; END"
    sql(f"CREATE TRIGGER jumun_invoice_no_delete BEFORE DELETE ON {TABLE} FOR EACH ROW {does}")
    assert named() == {"jumun_invoice_no_delete"}


def test_triggers_that_were_switched_off_are_named() -> None:
    if POSTGRESQL:
        sql(f"ALTER TABLE {TABLE} DISABLE TRIGGER jumun_invoice_no_update")
    else:  # which cannot switch one off: it is dropped, or made for an event that never happens
        drop("jumun_invoice_no_update", TABLE)
        body = "BEGIN SELECT RAISE(ABORT, 'no'); END"
        sql(f"CREATE TRIGGER jumun_invoice_no_update BEFORE UPDATE ON {TABLE} FOR EACH ROW WHEN (FALSE) {body}")
    assert named() == {"jumun_invoice_no_update"}


def test_a_function_that_refuses_nothing_is_named() -> None:
    if not POSTGRESQL:  # where each trigger has its own body
        sql("DROP TRIGGER jumun_invoice_no_update")
    else:
        sql(
            append_only.POSTGRESQL_FUNCTION.replace("RAISE EXCEPTION", "RAISE NOTICE").replace(
                "END $$", "RETURN NEW; END $$"
            )
        )
    assert "jumun_invoice_no_update" in named()
