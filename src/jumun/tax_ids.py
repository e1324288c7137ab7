"""Tax identifiers with their checksums: the Korean business registration number and the EU's VAT identifier. No Django.

Numbers of other countries are kept as they are written.
"""

from stdnum.eu import vat
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.kr import brn

from jumun import text
from jumun.errors import OrderRefused

EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
# Places with a country code of their own where businesses have VAT identifiers of France or Finland: Monaco, the
# overseas departments of France, and Åland (Directive 2006/112/EC, articles 6 and 7).
_IN_VAT_AREA = EU | frozenset("MC GF GP MQ RE YT AX".split())
# Northern Ireland, whose trade in goods follows the EU's rules. Its businesses have addresses in GB (Directive (EU)
# 2020/1756).
_NORTHERN_IRELAND = "XI"
LENGTH_MAX = 32


class InvalidTaxId(OrderRefused, ValueError):
    """A tax identifier that cannot be one: of another length, or mistyped, which its check digit tells."""


def is_vat_id(tax_id: str, country: str) -> bool:
    """Whether it is, or is meant to be, a VAT identifier of the EU, which begins with two letters.

    Elsewhere only what passes the checks of its country is one: a Swiss company may be registered in Germany.
    """
    letters = tax_id[:2].upper()
    if country in _IN_VAT_AREA:
        return letters.isalpha()
    return letters == _NORTHERN_IRELAND or bool(vat.is_valid(tax_id))


def normalized(tax_id: str, country: str) -> str:
    """The identifier as its country writes it: "120-81-47521", "EL094259216"; empty if it is. Raises `InvalidTaxId`.

    In the EU a number without letters is a national one, which has no checksum that all countries share.
    """
    compact = " ".join(text.code(tax_id).split())
    if not compact:
        return ""
    if len(compact) > LENGTH_MAX:
        raise InvalidTaxId(f"at most {LENGTH_MAX} characters, not {len(compact)}", field="tax_id")
    try:
        if country == "KR":
            return _business_number(compact)
        return _vat_id(compact) if is_vat_id(compact, country) else compact
    except ValidationError as error:
        kind = "business registration number" if country == "KR" else "VAT identifier"
        raise InvalidTaxId(f"{compact!r} is not a {kind}: {error}", field="tax_id") from error


def _vat_id(tax_id: str) -> str:
    number: str = vat.validate(tax_id)
    # Greece writes EL, for Ellada, and the EU looks it up under that alone (Directive 2006/112/EC, article 215).
    return number.replace("GR", "EL", 1) if number.startswith("GR") else number


def _business_number(tax_id: str) -> str:
    number = brn.validate(tax_id)
    # Which stdnum leaves to the authority's service. National Tax Service: weights 1 3 7 1 3 7 1 3 5, and the tens of
    # the last product count too.
    digits = [int(digit) for digit in number]
    weighted = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5), strict=False))
    if (weighted + digits[8] * 5 // 10 + digits[9]) % 10:
        raise InvalidChecksum()
    formatted: str = brn.format(number)
    return formatted
