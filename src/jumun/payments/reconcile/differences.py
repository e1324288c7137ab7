"""What a report says about rows that are not the same after a merge."""

from collections.abc import Iterator
from typing import Any

from jumun.payments.models import BalanceTransaction, Difference, Payment
from jumun.payments.reconcile.compared_rows import Books, Key, Row

Kind = Difference.Kind

# Consequences of another difference. They are reported with it, and on their own only where there is none.
_CONSEQUENCES = ("order", "checkout", "document", "return")


def differences(before: Books, after: Books, order_number: str, *, repaired: bool) -> Iterator[Difference]:
    """One for each row that changed, without a run. The first one names the consequences of all."""
    changed = [key for key in after if before.get(key) != after[key]]
    held = [key for key in changed if key.part == "held" and not after[key]["is_resolved"]]
    causes = [key for key in changed if key.part not in {*_CONSEQUENCES, "held", "transaction"}]
    consequences = [key for key in changed if key.part in _CONSEQUENCES]
    if held:
        # A held payment is reported once, as held.
        consequences += [key for key in causes if key.part == "payment"]
        causes = [key for key in causes if key.part != "payment"]
    elif not causes:
        causes, consequences = consequences, []
    found = [
        *(_held_difference(after[key]["difference"], repaired=repaired) for key in held),
        *(_changed_row(key, before, after, order_number, repaired=repaired) for key in causes),
    ]
    if found and consequences:
        found[0].problem += f". With it: {'; '.join(_consequence(key, before, after) for key in consequences)}"
    yield from found
    for key in changed:
        if key.part == "transaction":
            yield _transaction(key, before, after, order_number, repaired=repaired)


def payment_of_source(source: object) -> Payment | None:
    """Our payment whose charge, refund or dispute is the source of a balance transaction."""
    if not isinstance(source, str) or not source:
        return None
    names = ("charge_id", "refunds__refund_id", "disputes__dispute_id")
    found = (Payment.objects.filter(**{name: source}).first() for name in names)
    return next(filter(None, found), None)


def _held_difference(fields: dict[str, Any], *, repaired: bool) -> Difference:
    # Holding money for a decision repairs nothing.
    return Difference(**fields, repaired=repaired and fields["kind"] == Kind.FRAUD_WARNING)


def _changed_row(key: Key, before: Books, after: Books, order_number: str, *, repaired: bool) -> Difference:
    return Difference(
        kind=f"{key.part}_{'differs' if key in before else 'missing'}",
        object_id=key.name,
        order_number=order_number,
        problem=_problem(before.get(key), after[key]),
        repaired=repaired,
    )


def _transaction(key: Key, before: Books, after: Books, order_number: str, *, repaired: bool) -> Difference:
    """A movement of the balance. One of another shop's sale, or a fee of Stripe's own, is "not ours"."""
    row = after[key]
    difference = _changed_row(key, before, after, order_number, repaired=repaired)
    is_payout = row["category"].rpartition(" ")[2] in BalanceTransaction.PAYOUT
    if not (order_number or is_payout or payment_of_source(row["of"])):
        difference.kind = Kind.NOT_OURS
        difference.object_id = key.name if row["of"] == "-" else row["of"]
    return difference


def _problem(old: Row | None, new: Row) -> str:
    if old is None:
        return f"not here; at Stripe: {', '.join(f'{name} {value}' for name, value in new.items())}"
    changed = [name for name in new if old[name] != new[name]]
    here = ", ".join(f"{name} {old[name]}" for name in changed)
    return f"{here} here; {', '.join(str(new[name]) for name in changed)} at Stripe"


def _consequence(key: Key, before: Books, after: Books) -> str:
    old, new = before.get(key), after[key]
    if key.part == "document":
        return f"{key.name} over {new['issued']}"
    if key.part == "return":
        return f"{new['amount']} is refunded automatically"
    name = "payment page" if key.part == "checkout" else key.part
    if old is None:
        return f"{name} {key.name} with {', '.join(f'{field} {value}' for field, value in new.items())}"
    changed = [f"{field} {old[field]} → {new[field]}" for field in new if old[field] != new[field]]
    return f"{name} {', '.join(changed)}"
