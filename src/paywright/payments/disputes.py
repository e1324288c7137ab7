"""Disputes: made by the cards that ask for one."""

from typing import Any

from paywright.cards import Card
from paywright.store import Transaction

Json = dict[str, Any]


def dispute_by_card(tx: Transaction, charge: Json, card: Card) -> None:
    raise NotImplementedError
