"""Tax identifiers with their checksums: the Korean business registration number and the EU's VAT identifier. No Django.

Numbers of other countries are taken as they are written.
"""

from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.kr import brn

from jumun.errors import OrderRefused

EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
LENGTH_MAX = 32


class InvalidTaxId(OrderRefused, ValueError):
    """A tax identifier that cannot be one: of another length, or mistyped, which its check digit tells."""


def is_vat_id(tax_id: str, country: str) -> bool:
    """Whether it is, or is meant to be, a VAT identifier of the EU, which begins with its country's letters."""
    return country in EU and tax_id[:2].isalpha()


def normalized(tax_id: str, country: str) -> str:
    """The identifier as its country writes it: "120-81-47521", "DE136695976"; empty if it is. Raises `InvalidTaxId`.

    In the EU a number without letters is a national one, which has no checksum that all countries share.
    """
    compact = " ".join(tax_id.split())
    if not compact:
        return ""
    if len(compact) > LENGTH_MAX or not compact.isprintable():
        raise InvalidTaxId(f"{tax_id[:LENGTH_MAX]!r} is no tax identifier.")
    try:
        if country == "KR":
            return _business_number(compact)
        return vat.validate(compact) if is_vat_id(compact, country) else compact
    except ValidationError as error:
        kind = "business registration number" if country == "KR" else "VAT identifier"
        raise InvalidTaxId(f"{tax_id!r} is no {kind}: {error}") from error


def _business_number(text: str) -> str:
    number = brn.validate(text)
    # Which stdnum leaves to the authority's service. National Tax Service: weights 1 3 7 1 3 7 1 3 5, and the tens of
    # the last product count too.
    digits = [int(digit) for digit in number]
    weighted = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False))
    if (weighted + digits[8] * 5 // 10 + digits[9]) % 10:
        raise InvalidChecksum()
    formatted: str = brn.format(number)
    return formatted
