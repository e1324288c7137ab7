"""Checks the arguments of `Order.place` and `Order.correct` before they reach the database. SQLite would store a name
of any length, and PostgreSQL would refuse it with an error that names no field.

Each function returns the value as it is stored, or raises `OrderRefused` with the field's name. The columns define how
long a text may be and whether it may be blank.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.db.models import Field, Model
from django.utils.functional import Promise

from jumun import email_addresses, money, tax_ids, text
from jumun.countries import country_codes
from jumun.errors import AmountOutOfRange, EmptyOrder, OrderRefused, TooManyLines
from jumun.orders.customer_and_items import LINES_MAX, TAX_CATEGORIES, Customer, Item

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1
# A rate below 0.1 % is a percentage written by mistake: no country taxes so little.
TAX_RATE_PPM_MIN = 1_000
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_SEPARATORS = str.maketrans("", "", " -.()/")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")

if TYPE_CHECKING:
    Column = Field[Any, Any]
else:
    Column = Field  # takes no type argument at run time


def checked_customer(customer: Customer, order: type[Model]) -> Customer:
    """``customer`` as the columns of ``order`` store it."""
    if not isinstance(customer, Customer):
        raise OrderRefused(f"a Customer, not {_kind(customer)}", field="customer")

    def checked(name: str, value: object, *, keep_lines: bool = False) -> str:
        return _text(order, name, value, keep_lines=keep_lines)

    country = _country(text.code(_typed("country", customer.country)))
    return Customer(
        name=checked("name", customer.name),
        email=checked("email", email_addresses.normalized(_typed("email", customer.email))),
        address=checked("address", customer.address, keep_lines=True),
        postal_code=checked("postal_code", text.code(_typed("postal_code", customer.postal_code))),
        city=checked("city", customer.city),
        country=country,
        phone=checked("phone", _phone(_typed("phone", customer.phone))),
        tax_id=checked("tax_id", tax_ids.normalized(_typed("tax_id", customer.tax_id), country)),
    )


def checked_lines(lines: Iterable[Item], customer: Customer, line: type[Model]) -> list[Item]:
    """``lines`` as the columns of ``line`` store them. Raises `EmptyOrder`, `TooManyLines` and `AmountOutOfRange`."""
    try:
        items = list(islice(lines, LINES_MAX + 1))
    except TypeError as error:
        raise OrderRefused(f"a list of Items, not {_kind(lines)}", field="lines") from error
    if not items:
        raise EmptyOrder("an order needs at least one line")
    if len(items) > LINES_MAX:
        raise TooManyLines(f"more than {LINES_MAX} lines, which is all that Stripe takes")
    return [_checked_line(item, position, customer, line) for position, item in enumerate(items, start=1)]


def checked_currency(currency: object) -> str:
    """The ISO 4217 code in capitals."""
    try:
        return money.currency_code(_typed("currency", currency))
    except money.MoneyError as error:
        raise OrderRefused(f"an ISO 4217 code such as KRW, not {_shown(currency)}", field="currency") from error


def checked_language(language: object, order: type[Model]) -> str:
    """The language code, such as "ko" or "en-gb"."""
    found = _text(order, "language", language)
    if not _LANGUAGE.fullmatch(found):
        raise OrderRefused(f"a language code such as ko or en-gb, not {_shown(found)}", field="language")
    return found


def checked_form_token(token: object, order: type[Model]) -> str | None:
    if token is None:
        return None
    found = _text(order, "form_token", token)
    if not found or found != token:
        raise OrderRefused("a text such as secrets.token_urlsafe() makes, or None", field="form_token")
    return found


def checked_discount(discount_minor: object) -> int:
    return _whole("discount_minor", discount_minor, minimum=0, maximum=BIGINT_MAX)


def checked_bool(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise OrderRefused(f"True or False, not {_kind(value)}", field=name)
    return value


def _checked_line(item: Item, position: int, customer: Customer, line: type[Model]) -> Item:
    if not isinstance(item, Item):
        raise OrderRefused(f"line {position} is not an Item, but {_kind(item)}", field="lines")
    found = replace(
        item,
        sku=_text(line, "sku", item.sku, position),
        name=_text(line, "name", item.name, position),
        unit_price_minor=_whole("unit_price_minor", item.unit_price_minor, position, minimum=0, maximum=BIGINT_MAX),
        quantity=_whole("quantity", item.quantity, position, minimum=1, maximum=INTEGER_MAX),
        discount_minor=_whole("discount_minor", item.discount_minor, position, minimum=0, maximum=BIGINT_MAX),
        tax_rate_ppm=_tax_rate(item.tax_rate_ppm, position),
    )
    # The database computes this product too.
    if found.unit_price_minor * found.quantity > BIGINT_MAX:
        raise AmountOutOfRange("too much for so many pieces", field="unit_price_minor", position=position)
    _check_tax_category(found, position, customer)
    return found


def _check_tax_category(item: Item, position: int, customer: Customer) -> None:
    if item.tax_category is None:
        return
    if item.tax_category not in TAX_CATEGORIES or (item.tax_category == "S") != (item.tax_rate_ppm > 0):
        message = f"{_shown(item.tax_category)} does not go with a rate of {item.tax_rate_ppm} ppm"
        raise OrderRefused(message, field="tax_category", position=position)
    if item.tax_category == "AE" and not customer.tax_id:
        message = f"reverse charge, as in line {position}, needs the tax identifier of the customer, who pays the tax"
        raise OrderRefused(message, field="tax_id")


def _text(
    model: type[Model], name: str, value: object, position: int | None = None, *, keep_lines: bool = False
) -> str:
    """``value`` as the column ``name`` of ``model`` stores it."""
    column: Column = model._meta.get_field(name)  # type: ignore[assignment]
    found = text.normalized(_typed(name, value, position), keep_lines=keep_lines)
    if not (found or column.blank):
        raise OrderRefused("must not be blank", field=name, position=position)
    if column.max_length and len(found) > column.max_length:
        message = f"at most {column.max_length} characters, not {len(found)}"
        raise OrderRefused(message, field=name, position=position)
    return found


def _typed(name: str, value: object, position: int | None = None) -> str:
    """``value``, if it is a text that every database can store."""
    if isinstance(value, Promise):  # a lazy translation
        value = str(value)
    if not isinstance(value, str):
        raise OrderRefused(f"a text, not {_kind(value)}", field=name, position=position)
    if text.is_damaged(value):
        raise OrderRefused("contains NUL or half of a surrogate pair", field=name, position=position)
    return value


def _whole(name: str, value: object, position: int | None = None, *, minimum: int, maximum: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise OrderRefused(f"a whole number (int), not {_kind(value)}", field=name, position=position)
    if not minimum <= value <= maximum:
        raise AmountOutOfRange(f"from {minimum} to {maximum}", field=name, position=position)
    return int(value)


def _tax_rate(rate_ppm: object, position: int) -> int:
    found = _whole("tax_rate_ppm", rate_ppm, position, minimum=0, maximum=money.PPM)
    if 0 < found < TAX_RATE_PPM_MIN:
        message = f"parts per million, and 10 % is 100_000: {found} is {found / 10_000:g} %"
        raise AmountOutOfRange(message, field="tax_rate_ppm", position=position)
    return found


def _country(country: str) -> str:
    if country.upper() not in country_codes():
        raise OrderRefused(f"an ISO 3166-1 alpha-2 code such as KR, not {_shown(country)}", field="country")
    return country.upper()


def _phone(phone: str) -> str:
    found = text.code(phone).translate(_PHONE_SEPARATORS)
    if found and not _E164.fullmatch(found):
        raise OrderRefused("an E.164 number such as +821012345678, or nothing", field="phone")
    return found


def _kind(value: object) -> str:
    return type(value).__name__


def _shown(value: object) -> str:
    return repr(value[:20]) if isinstance(value, str) else _kind(value)
