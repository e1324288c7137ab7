"""``expand[]``: references become the objects they name (https://docs.stripe.com/api/expanding_objects)."""

from typing import Any

from paywright.api import errors
from paywright.api.sublists import breakdown, sublist
from paywright.spec import tables
from paywright.state.objects import public
from paywright.state.store import Transaction

Json = dict[str, Any]
Tree = dict[str, "Tree"]

LEVELS_MAX = 4
PAGED = ("line_items", "refunds", "sources", "subscriptions", "tax_ids")
"""Lists within objects that Stripe sends page by page."""
SENT_WHEN_ASKED = ("breakdown",)
"""Objects within objects that are left out unless expanded."""


def checked(paths: list[str], result: list[str]) -> Tree:
    """Return the paths as a tree, or raise for one that cannot be expanded.

    ``result`` is what the operation answers, as in ``tables()["results"]``.
    """
    tree: Tree = {}
    is_list = result[:1] == ["list"]
    kinds = set(result[1:] if is_list else result)
    for path in paths:
        parts = path.split(".")
        below = _without_data(parts[1:] if is_list and parts[0] == "data" else parts)
        if len(below) > LEVELS_MAX:
            raise errors.invalid_request(
                f"You cannot expand more than {LEVELS_MAX} levels of a property. Property: {path}"
            )
        if (is_list and parts[0] != "data") or not below or not _possible(below, kinds):
            raise _impossible(path, kinds if is_list and parts[0] != "data" else set())
        node = tree
        for part in below:
            node = node.setdefault(part, {})
    return tree


def _without_data(parts: list[str]) -> list[str]:
    """Drop ``data`` from paths such as ``line_items.data.price.product``: it does not count as a level."""
    return [
        part for before, part in zip(["", *parts], parts, strict=False) if (before in PAGED, part) != (True, "data")
    ]


def _impossible(path: str, list_kinds: set[str]) -> errors.ApiError:
    hint = f" You may want to try expanding 'data.{path}' instead." if _possible(path.split("."), list_kinds) else ""
    return errors.invalid_request(f"This property cannot be expanded ({path}).{hint}")


def _possible(parts: list[str], kinds: set[str]) -> bool:
    graph = tables()["expansions"]
    edge: Json = {}
    for part in parts:
        edges = [graph[kind][part] for kind in kinds if part in graph.get(kind, ())]
        if not edges:
            return False
        edge = edges[0]
        kinds = {target for found in edges for targets in found.values() for target in targets}
    return "in" not in edge or parts[-1] in SENT_WHEN_ASKED


def expanded(tx: Transaction, doc: Json, tree: Tree) -> Json:
    """Return the public form of a stored object with the tree's members expanded."""
    shown = public(doc)
    for member, below in tree.items():
        value = _member(tx, doc, member, shown.get(member), below)
        # A member that the object may omit is omitted, not null.
        if value is not None or member in shown:
            shown[member] = value
    return shown


def _member(tx: Transaction, doc: Json, member: str, value: Any, below: Tree) -> Any:
    if isinstance(value, str):
        target = tx.find(value)
        return expanded(tx, target, below) if target else value
    if isinstance(value, dict):
        asked = {name: breakdown(doc) for name in below if name in SENT_WHEN_ASKED}
        return expanded(tx, {**value, **asked}, below)
    if isinstance(value, list):
        return [_member(tx, doc, member, item, below) for item in value]
    found = sublist(tx, doc, member)
    if isinstance(found, list):
        return [expanded(tx, item, below) for item in found]
    if found is not None:
        found["data"] = [expanded(tx, item, below) for item in found["data"]]
    return found
