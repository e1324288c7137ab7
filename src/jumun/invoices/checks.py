from typing import Any

from django.core.checks import CheckMessage, Error, register

from jumun.conf import UnknownSetting, jumun
from jumun.invoices.numbers import PREFIX, PREFIX_MAX_CHARS, TEST_PREFIX


@register()
def check_prefix(**_: Any) -> list[CheckMessage]:
    """Real numbers cannot be taken for those of test payments."""
    try:
        prefixes = {"INVOICE_PREFIX": jumun().invoice_prefix, "CREDIT_NOTE_PREFIX": jumun().credit_note_prefix}
    except UnknownSetting:  # told by jumun.E001
        return []
    messages: list[CheckMessage] = [
        Error(
            f'JUMUN["{name}"] is {prefix!r}.',
            hint=f"Up to {PREFIX_MAX_CHARS} of A-Z, 0-9 and hyphens between them; {TEST_PREFIX} is for test payments.",
            id="jumun.E021",
        )
        for name, prefix in prefixes.items()
        if not _is_fit(prefix)
    ]
    if prefixes["INVOICE_PREFIX"] == prefixes["CREDIT_NOTE_PREFIX"]:
        messages.append(
            Error("Invoices and credit notes have the same prefix, and so the same numbers.", id="jumun.E022")
        )
    return messages


def _is_fit(prefix: str) -> bool:
    return bool(
        PREFIX.fullmatch(prefix) and len(prefix) <= PREFIX_MAX_CHARS and not f"{prefix}-".startswith(TEST_PREFIX)
    )
