from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

MIDDLEWARE = "jumun.actor.actor_middleware"


@register()
def check_actor_middleware(**_: Any) -> list[CheckMessage]:
    """Without the middleware an order's timeline cannot tell who acted."""
    if MIDDLEWARE in settings.MIDDLEWARE:
        return []
    return [
        Warning(
            f'MIDDLEWARE lacks "{MIDDLEWARE}": orders\' timelines do not tell who did what.',
            hint="Add it after django.contrib.auth.middleware.AuthenticationMiddleware.",
            id="jumun.W003",
        )
    ]
