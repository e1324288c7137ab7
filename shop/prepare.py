"""``python -m shop.prepare``: migrate, load the demo data, and make the staff user where there is none.

The password comes in JUMUN_STAFF_PASSWORD. Prints one line of JSON: whether the user was made.
"""

import json
import os

STAFF_NAME = "staff"


def main() -> None:
    """Do all three; each may have been done before."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_demo", verbosity=0)
    print(json.dumps({"staff_made": make_staff(os.environ["JUMUN_STAFF_PASSWORD"])}))


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
