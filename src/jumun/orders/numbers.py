"""The two identifiers of an order: a number for people and a reference that nobody can guess."""

import secrets
from hashlib import sha256
from typing import overload

from jumun.business_day import business_day

# Crockford's base 32: no I, L, O or U, so a number can be read out on the telephone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARS = 8
REFERENCE_CHARS = 22


def new_number() -> str:
    """``20261123-7K3M9XQD``: the day in the shop's time zone and 40 random bits.

    Random, not counted: a counter would tell competitors the shop's sales and make every order wait for one
    row.
    """
    random_part = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARS))
    return f"{business_day():%Y%m%d}-{random_part}"


def new_reference() -> str:
    """128 random bits in URL-safe base 64: knowing it is the right to see the order."""
    return secrets.token_urlsafe(16)


@overload
def hashed_token(token: str) -> str: ...
@overload
def hashed_token(token: None) -> None: ...
def hashed_token(token: str | None) -> str | None:
    """The hash of a form's token that is stored: a reader of the database cannot send the form."""
    return None if token is None else sha256(token.encode(errors="surrogatepass")).hexdigest()
