from typing import Any

from django.core.checks import CheckMessage, Error, register

from jumun.conf import UnknownSetting, jumun
from jumun.invoices.numbers import PREFIX, PREFIX_MAX_CHARS, TEST_PREFIX


@register()
def check_prefix(**_: Any) -> list[CheckMessage]:
    """Real numbers cannot be taken for those of test payments."""
    try:
        prefix = jumun().invoice_prefix
    except UnknownSetting:  # told by jumun.E001
        return []
    if PREFIX.fullmatch(prefix) and len(prefix) <= PREFIX_MAX_CHARS and not f"{prefix}-".startswith(TEST_PREFIX):
        return []
    return [
        Error(
            f'JUMUN["INVOICE_PREFIX"] is {prefix!r}.',
            hint=f"Up to {PREFIX_MAX_CHARS} of A-Z, 0-9 and hyphens between them; {TEST_PREFIX} is for test payments.",
            id="jumun.E021",
        )
    ]
