import json
import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, connection
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.recorder import MigrationRecorder

from jumun.db.schema import newer_migrations
from shop.demo.load import load_demo
from shop.run.configuration import STAFF_NAME

DIFFERENCES_NAMED_MAX = 3


class Command(BaseCommand):
    help = (
        "Migrate, load the demo catalogue, and make the staff user with the password JUMUN_STAFF_PASSWORD if there is "
        "none. Print one line of JSON: whether the user was made, and what makes the database unfit for this version."
    )
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        done = {"unfit": migrate(), "staff_made": False}
        if not done["unfit"]:
            load_demo()
            done["staff_made"] = make_staff(os.environ["JUMUN_STAFF_PASSWORD"])
        self.stdout.write(json.dumps(done))


def migrate() -> str:
    """Bring the database up to date; return why that cannot be done, or nothing. Raises where it does not answer."""
    connection.ensure_connection()
    if newer := newer_migrations(MigrationRecorder(connection).applied_migrations()):
        return ", ".join(newer[:DIFFERENCES_NAMED_MAX])
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, InconsistentMigrationHistory) as error:
        return " ".join(str(error).split())
    return ", ".join(islice(differences(), DIFFERENCES_NAMED_MAX))


def differences() -> Iterator[str]:
    """What Jumun's tables lack or have in excess of this version's models, as ``table.name``.

    Django only knows which migrations were applied, by name.
    """
    look = connection.introspection
    with connection.cursor() as cursor:
        tables = look.table_names(cursor)
        for model in apps.get_models(include_auto_created=True):
            options, table = model._meta, model._meta.db_table
            if not options.app_label.startswith("jumun") or not options.managed or options.proxy:
                continue
            if table not in tables:
                yield table
                continue
            described = {str(field.column) for field in options.local_concrete_fields}
            found = {row.name for row in look.get_table_description(cursor, table)}
            named = {str(part.name) for part in (*options.constraints, *options.indexes)}
            lacking = named - look.get_constraints(cursor, table).keys()
            yield from (f"{table}.{name}" for name in sorted((described ^ found) | lacking))


def make_staff(password: str) -> bool:
    """Make the first user of the admin; False where somebody can log in there already."""
    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return False
    users.create_superuser(STAFF_NAME, "staff@example.com", password)
    return True
