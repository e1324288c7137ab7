from typing import Any

from django.core.checks import CheckMessage, Error, register

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
