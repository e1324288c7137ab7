"""``python -m shop.prepare``: migrate, load the demo data, and make the staff user where there is none.

The password comes in JUMUN_STAFF_PASSWORD. Prints one line of JSON: whether the user was made, and
what makes the database unfit for this version, which nothing else is then done to.
"""

import json
import os
from itertools import islice

STAFF_NAME = "staff"
DIFFERENCES_NAMED_MAX = 3


def main() -> None:
    """Do all three; each may have been done before."""
    import django
    from django.core.management import call_command

    django.setup()
    if unfit := migrate():
        print(json.dumps({"staff_made": False, "unfit": unfit}))
        return
    call_command("load_demo", verbosity=0)
    print(json.dumps({"staff_made": make_staff(os.environ["JUMUN_STAFF_PASSWORD"]), "unfit": ""}))


def migrate() -> str:
    """Bring the database up to date; return why that cannot be done, or nothing. Raises where it does not answer."""
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.exceptions import InconsistentMigrationHistory
    from django.db.migrations.recorder import MigrationRecorder

    from jumun.db.schema import newer_migrations
    from shop.schema import differences

    connection.ensure_connection()
    if newer := newer_migrations(MigrationRecorder(connection).applied_migrations()):
        return ", ".join(newer[:DIFFERENCES_NAMED_MAX])
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, InconsistentMigrationHistory) as error:
        return " ".join(str(error).split())
    return ", ".join(islice(differences(), DIFFERENCES_NAMED_MAX))


def make_staff(password: str) -> bool:
    """Make the first user of the admin; False where somebody can log in there already."""
    from django.contrib.auth import get_user_model

    users = get_user_model().objects
    if users.filter(is_superuser=True).exists():
        return False
    users.create_superuser(STAFF_NAME, "staff@example.com", password)
    return True


if __name__ == "__main__":
    main()
