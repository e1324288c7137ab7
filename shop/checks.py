import os
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from jumun.conf import stripe_setting


@register()
def check_started_by_run(**_: Any) -> list[CheckMessage]:
    """The store that ``./run`` starts keeps its keys in its data folder, where ``manage.py`` does not look."""
    if stripe_setting("STRIPE_SECRET_KEY"):
        return []
    return [
        Error(
            "There is no STRIPE_SECRET_KEY in the environment or in .env.",
            hint="For the store that ./run starts without one: ./run manage COMMAND, as in ./run manage audit.",
            id="shop.E001",
        )
    ]


@register()
def check_secret_key(**_: Any) -> list[CheckMessage]:
    """Each process of a store without a given key would make up its own."""
    if os.environ.get("JUMUN_SECRET_KEY"):
        return []
    return [
        Warning(
            "JUMUN_SECRET_KEY is unset: every process makes up a key, so carts and logins are lost between them.",
            hint="Set it to 50 random characters, the same for all processes; ./run keeps one in its data folder.",
            id="shop.W002",
        )
    ]
