from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import connections

from jumun.db.append_only import lifted
from jumun.invoices.models import Invoice
from jumun.invoices.numbers import TEST_PREFIX


class Command(flush.Command):
    """Django's command without the triggers, which would refuse it; only for databases without real invoices.

    Django's test cases call it between tests.
    """

    def handle(self, **options: Any) -> None:
        database = options["database"]
        connection = connections[database]
        if Invoice._meta.db_table not in connection.introspection.table_names():
            super().handle(**options)
            return
        if Invoice.objects.using(database).exclude(number__startswith=TEST_PREFIX).exists():
            raise CommandError("There are invoices for real money in this database: it is not emptied.")
        with lifted(connection):
            super().handle(**options)
