import threading

import pytest
from django.db import connection, transaction

from jumun.payments.merge.matching import locked_order
from jumun.payments.models import QuarantinedSnapshot
from tests.factories import pay, place_order


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time")
def test_who_has_locked_a_row_and_adds_to_the_timeline_does_not_wait_for_the_order() -> None:
    """Else a merge, which holds the order and wants that row, and a member of staff would wait for each other."""
    order = pay(place_order(), amount_total=1)
    row = QuarantinedSnapshot.objects.get()
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert locked_order(order.reference)
            held.set()
            done.wait(60)
        connection.close()

    merge = threading.Thread(target=hold)
    merge.start()
    try:
        assert held.wait(60)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            assert row.resolve(by=None)
            # The order is looked at when the transaction ends.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    finally:
        done.set()
        merge.join()
    assert order.timeline.latest("pk").kind == "quarantine_resolved"
