"""The languages that Jumun's pages are translated into, as far as a project offers them."""

from django.conf import settings
from django.utils.translation import get_language_info

TRANSLATED = ("en", "ko")
LOCALE_MIDDLEWARE = "django.middleware.locale.LocaleMiddleware"


def offered() -> list[tuple[str, str]]:
    """Code and own name of each language of ``LANGUAGES`` that Jumun has.

    A variant such as "en-gb" counts where the plain language is not offered.
    """
    codes = [code for code, _name in settings.LANGUAGES]
    known = [code for code in codes if code in TRANSLATED or _is_only_variant(code, codes)]
    return [(code, get_language_info(code)["name_local"].capitalize()) for code in known]


def switchable() -> list[tuple[str, str]]:
    """`offered`, or nothing if a language switch would have no effect: one language only, or no `LocaleMiddleware`."""
    languages = offered() if LOCALE_MIDDLEWARE in settings.MIDDLEWARE else []
    return languages if len(languages) > 1 else []


def _is_only_variant(code: str, codes: list[str]) -> bool:
    plain, variant, _ = code.partition("-")
    same = [other for other in codes if other.partition("-")[0] == plain]
    return bool(variant) and plain in TRANSLATED and plain not in codes and code == same[0]
