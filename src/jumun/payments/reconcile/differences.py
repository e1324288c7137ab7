"""How the difference between two states of the books is told."""

from collections.abc import Iterator
from dataclasses import replace

from jumun.payments.models import BalanceTransaction, Difference
from jumun.payments.reconcile.books import Books, Key, Row, is_ours
from jumun.payments.reconcile.found import Found

Kind = Difference.Kind

# Told as consequences of another difference, and by themselves only where there is none.
_FOLLOWING = ("order", "checkout", "document", "return")


def differences(before: Books, after: Books, order_number: str, *, repaired: bool) -> Iterator[Found]:
    """One for each thing that is not the same. What an order's state, its payment page, documents and money that goes
    back become is told with the difference that they follow from.
    """
    changed = [key for key in after if before.get(key) != after[key]]
    waiting = [key for key in changed if _waits(after[key])]
    following = [key for key in changed if key.part in _FOLLOWING]
    leading = [key for key in changed if key.part not in {*_FOLLOWING, "set aside", "transaction"}]
    if waiting:
        # Money that was set aside is told as that, and not once more as a payment.
        following += [key for key in leading if key.part == "payment"]
        leading = [key for key in leading if key.part != "payment"]
    consequences = [_consequence(key, before.get(key), after[key]) for key in following]
    for key in waiting:
        found: Found = after[key]["found"]
        yield replace(
            found,
            problem=_with(found.problem, consequences),
            # Money that waits for a decision is not put right by being set aside.
            repaired=repaired and found.kind == Kind.FRAUD_WARNING,
        )
        consequences = []
    if not waiting and not leading:
        leading, consequences = following, []
    for key in leading:
        problem = _with(_problem(before.get(key), after[key]), consequences)
        yield Found(
            kind=_kind(key, before), object_id=key.name, order_number=order_number, problem=problem, repaired=repaired
        )
        consequences = []
    for key in changed:
        if key.part == "transaction":
            yield _transaction(key, before, after, order_number, repaired=repaired)


def _waits(row: Row) -> bool:
    return row.get("waits") == "yes"


def _kind(key: Key, before: Books) -> str:
    return f"{key.part}_{'differs' if key in before else 'missing'}"


def _transaction(key: Key, before: Books, after: Books, order_number: str, *, repaired: bool) -> Found:
    """A movement of the balance; one of another shop's sales, or a fee of Stripe's own, is told apart."""
    row = after[key]
    problem = _problem(before.get(key), row)
    is_payout = row["category"].rpartition(" ")[2] in BalanceTransaction.PAYOUT
    if order_number or is_payout or is_ours(row["of"]):
        kind = _kind(key, before)
        return Found(kind=kind, object_id=key.name, order_number=order_number, problem=problem, repaired=repaired)
    object_id = key.name if row["of"] == "-" else row["of"]
    return Found(kind=Kind.NOT_OURS, object_id=object_id, problem=problem, repaired=repaired)


def _problem(old: Row | None, new: Row) -> str:
    if old is None:
        return f"not here; at Stripe: {', '.join(f'{name} {value}' for name, value in new.items())}"
    changed = [name for name in new if old[name] != new[name]]
    here = ", ".join(f"{name} {old[name]}" for name in changed)
    return f"{here} here; {', '.join(str(new[name]) for name in changed)} at Stripe"


def _consequence(key: Key, old: Row | None, new: Row) -> str:
    if key.part == "document":
        return f"{key.name} over {new['issued']}"
    if key.part == "return":
        return f"{new['amount']} goes back to the customer"
    name = "payment page" if key.part == "checkout" else key.part
    if old is None:
        return f"{name} {key.name} with {', '.join(f'{field} {value}' for field, value in new.items())}"
    changed = [f"{field} {old[field]} → {new[field]}" for field in new if old[field] != new[field]]
    return f"{name} {', '.join(changed)}"


def _with(problem: str, consequences: list[str]) -> str:
    return f"{problem}. With it: {'; '.join(consequences)}" if consequences else problem
