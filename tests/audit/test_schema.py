import pytest
from django.db import connection

from shop.management.commands.prepare import differences

pytestmark = pytest.mark.django_db


def test_what_the_migrations_make_is_what_the_models_describe() -> None:
    assert list(differences()) == []


def test_a_column_or_constraint_of_another_version_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE jumun_orders_order ADD COLUMN older text")
        cursor.execute("ALTER TABLE jumun_outbox_job RENAME COLUMN attempts TO tries")
        cursor.execute("DROP INDEX jumun_inbox_due")
    assert sorted(differences()) == [
        "jumun_orders_order.older",
        "jumun_outbox_job.attempts",
        "jumun_outbox_job.tries",
        "jumun_payments_inboxevent.jumun_inbox_due",
    ]
