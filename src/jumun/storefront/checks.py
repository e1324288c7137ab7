from typing import Any

from django.core.checks import CheckMessage, Error, register

from jumun.conf import InvalidSetting, jumun
from jumun.storefront import human_check


@register()
def check_order_guard(**_: Any) -> list[CheckMessage]:
    """Import the order guard when Django starts, not when the first customer orders."""
    try:
        path = jumun().order_guard
        if path:
            human_check.load(path)
    except InvalidSetting:  # jumun.E001 reports it
        return []
    except ImportError as error:
        return [
            Error(
                f'JUMUN["ORDER_GUARD"] cannot be used: {error}.',
                hint='The dotted path of a function, such as "shop.guard.is_human", that takes the request.',
                id="jumun.E036",
            )
        ]
    return []
