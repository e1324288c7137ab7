"""Pages of objects: newest first, by cursor (https://docs.stripe.com/api/pagination)."""

from typing import Any

from orjson import loads

from paywright.api import errors
from paywright.state.filters import FILTERS, expression
from paywright.state.store import NOUNS, Transaction

Json = dict[str, Any]

LIMIT_DEFAULT = 10
LIMIT_MAX = 100
_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def limit_of(params: Json) -> int:
    limit = params.get("limit") or LIMIT_DEFAULT
    if params.get("limit") is not None and params["limit"] < 1:
        raise errors.too_small("limit")
    if limit > LIMIT_MAX:
        raise errors.too_large("limit", LIMIT_MAX)
    return int(limit)


def check_cursors(params: Json) -> None:
    if params.get("starting_after") and params.get("ending_before"):
        raise errors.invalid_request(
            "Received both starting_after and ending_before parameters. Please pass in only one."
        )


def page(tx: Transaction, kind: str, url: str, params: Json, *, where: list[tuple[str, Any]] | None = None) -> Json:
    """Return one page of ``kind``; ``where`` adds conditions as (SQL, value)."""
    limit = limit_of(params)
    check_cursors(params)
    conditions: list[tuple[str, Any]] = [*_filters(kind, params), *_created(params), *(where or [])]
    backwards = bool(params.get("ending_before"))
    cursor = params.get("ending_before") or params.get("starting_after")
    if cursor:
        conditions += [_beyond(tx, kind, cursor, backwards)]
    rows = _select(tx, kind, conditions, limit + 1, backwards)
    data = [loads(row[0]) for row in rows[:limit]]
    if backwards:
        data.reverse()
    return {"object": "list", "url": url, "has_more": len(rows) > limit, "data": data}


def _select(
    tx: Transaction, kind: str, conditions: list[tuple[str, Any]], limit: int, backwards: bool
) -> list[tuple[str]]:
    order = "ASC" if backwards else "DESC"
    sql = "".join(f" AND {condition}" for condition, _ in conditions)
    values = [value for _, found in conditions for value in (found if isinstance(found, tuple) else (found,))]
    # ``kind`` and the conditions are our own constants, so that the partial indexes match; values are bound.
    return tx.sql.execute(
        f"SELECT doc FROM object WHERE kind = '{kind}'{sql} ORDER BY created {order}, seq {order} LIMIT ?",  # noqa: S608
        [*values, limit],
    ).fetchall()


def _filters(kind: str, params: Json) -> list[tuple[str, Any]]:
    found = []
    for member in FILTERS.get(kind, ()):
        value: Any = params
        for part in member.lstrip("_").split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None and not isinstance(value, dict):
            found.append((f"{expression(member)} = ?", int(value) if isinstance(value, bool) else value))
    return found


def _created(params: Json) -> list[tuple[str, Any]]:
    created = params.get("created")
    if created is None:
        return []
    if isinstance(created, int):
        return [("created = ?", created)]
    return [(f"created {_COMPARISONS[name]} ?", value) for name, value in created.items()]


def _beyond(tx: Transaction, kind: str, cursor: str, backwards: bool) -> tuple[str, Any]:
    row = tx.sql.execute("SELECT created, seq FROM object WHERE id = ? AND kind = ?", (cursor, kind)).fetchone()
    if row is None:
        param = "ending_before" if backwards else "starting_after"
        raise errors.no_such(NOUNS.get(kind, kind), cursor, param=param)
    return (f"(created, seq) {'>' if backwards else '<'} (?, ?)", (row[0], row[1]))


def slice_page(items: list[Json], url: str, params: Json) -> Json:
    """Return one page of a list that is stored inside its object, in the order of that list."""
    limit = limit_of(params)
    check_cursors(params)
    places = {item["id"]: place for place, item in enumerate(items)}
    for name in ("starting_after", "ending_before"):
        if params.get(name) and params[name] not in places:
            raise errors.no_such("line item", params[name], param=name)
    if params.get("ending_before"):
        before = items[: places[params["ending_before"]]]
        return {"object": "list", "url": url, "has_more": len(before) > limit, "data": before[-limit:]}
    after = items[places[params["starting_after"]] + 1 :] if params.get("starting_after") else items
    return {"object": "list", "url": url, "has_more": len(after) > limit, "data": after[:limit]}
