"""Make ``tables.json`` from an OpenAPI document of Stripe: ``python -m paywright.spec.build FILE``.

Only what the server needs is kept: the shape of every operation's parameters (equal
subtrees once, under ``shared``), each object's nullable members, and which members expand.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]

STRING_LENGTH_MAX = 5000
"""Stripe's usual bound; only other bounds are written into the table."""

KINDS = (
    "account balance balance_transaction charge checkout.session coupon customer discount dispute dispute_evidence"
    " event item payment_intent payment_method payout price product promotion_code refund"
    " shipping_rate tax_rate webhook_endpoint"
).split()

EXPANDED_ONLY = {"item": ("discounts", "taxes")}
"""Members Stripe sends only when they are asked for, which the document does not mark."""


def build(document: Json) -> Json:
    """Return the tables of one OpenAPI document."""
    shared = _Shared()
    parameters = {
        f"{method.upper()} {path}": shared.compact(_request_schema(operation))
        for path, methods in sorted(document["paths"].items())
        for method, operation in sorted(methods.items())
    }
    schemas = document["components"]["schemas"]
    return {
        "parameters": parameters,
        "results": {
            f"{method.upper()} {path}": _result(operation)
            for path, methods in sorted(document["paths"].items())
            for method, operation in sorted(methods.items())
        },
        "shared": shared.found,
        "objects": {kind: _nullable(schemas[kind]) for kind in KINDS},
        "expansions": _expansions(schemas),
    }


def _request_schema(operation: Json) -> Json:
    query = {p["name"]: p["schema"] for p in operation.get("parameters", []) if p["in"] == "query"}
    required = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query" and p.get("required")]
    form = operation.get("requestBody", {}).get("content", {})
    body = next(iter(form.values()))["schema"] if form else {}
    return {
        "type": "object",
        "properties": {**query, **body.get("properties", {})},
        "required": required + body.get("required", []),
    }


def _result(operation: Json) -> list[str]:
    """What an operation answers: ``[kind]``, or ``["list", kind]``."""
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    edge = _edge(schema) or {}
    return ["list", *edge["list"]] if "list" in edge else list(edge.get("in", ()))


class _Shared:
    """Subtrees that occur more than once, kept once under a number."""

    def __init__(self) -> None:
        self.found: list[Json] = []
        self._index: dict[str, int] = {}

    def compact(self, schema: Json) -> Json:
        small: Json = {}
        if "anyOf" in schema:
            small["anyOf"] = [self.compact(option) for option in schema["anyOf"]]
        elif "properties" in schema:
            small["properties"] = {
                name: self._refer(self.compact(member)) for name, member in schema["properties"].items()
            }
            if schema.get("required"):
                small["required"] = schema["required"]
        elif "items" in schema:
            small["items"] = self._refer(self.compact(schema["items"]))
        elif schema.get("additionalProperties"):
            small["map"] = True
        elif "enum" in schema:
            small["enum"] = schema["enum"]
        else:
            small["type"] = schema.get("type", "string")
        if schema.get("maxLength", STRING_LENGTH_MAX) != STRING_LENGTH_MAX:
            small["maxLength"] = schema["maxLength"]
        return small

    def _refer(self, small: Json) -> Json:
        text = json.dumps(small, sort_keys=True)
        if len(text) < 40:
            return small
        if text not in self._index:
            self._index[text] = len(self.found)
            self.found.append(small)
        return {"ref": self._index[text]}


def _nullable(schema: Json) -> list[str]:
    """Members that are null when unset; sub-lists are left out because they come only when expanded."""
    return sorted(
        name for name, member in schema["properties"].items() if member.get("nullable") and "properties" not in member
    )


def _expansions(schemas: Json) -> Json:
    """For each schema: member -> ``{"id": [kinds]}``, ``{"list": schema}`` or ``{"in": schema}``."""
    graph: Json = {}
    pending = list(KINDS)
    while pending:
        name = pending.pop()
        if name in graph:
            continue
        graph[name] = {}
        for member, schema in schemas[name].get("properties", {}).items():
            edge = _edge(schema)
            if edge and member in EXPANDED_ONLY.get(name, ()):
                edge = {"list": _targets(edge)}
            if edge:
                graph[name][member] = edge
                pending += [target for target in _targets(edge) if target in KINDS or "in" in edge]
    return _pruned(graph)


def _edge(schema: Json) -> Json | None:
    if "x-expansionResources" in schema:
        return {"id": sorted({_name(r) for r in schema["x-expansionResources"]["oneOf"]})}
    properties = schema.get("properties", {})
    if properties.get("object", {}).get("enum") == ["list"]:
        items = properties["data"]["items"]
        options = items.get("anyOf", [items])
        return {"list": sorted(_name(o) for o in options if "$ref" in o)}
    inner = schema.get("items", schema)
    options = [_name(o) for o in inner.get("anyOf", [inner]) if "$ref" in o]
    return {"in": options} if options else None


def _targets(edge: Json) -> list[str]:
    return next(iter(edge.values()))


def _pruned(graph: Json) -> Json:
    """Drop plain members below which nothing can be expanded."""
    useful = {name for name, edges in graph.items() if any("in" not in edge for edge in edges.values())}
    grown = True
    while grown:
        more = {name for name, edges in graph.items() if any(set(_targets(e)) & useful for e in edges.values())}
        grown = not more <= useful
        useful |= more
    return {
        name: {m: e for m, e in edges.items() if "in" not in e or set(_targets(e)) & useful}
        for name, edges in sorted(graph.items())
        if name in useful
    }


def _name(reference: Json) -> str:
    return str(reference["$ref"]).rsplit("/", 1)[1]


def read(path: Path) -> Json:
    """Read an OpenAPI document, plain or gzipped."""
    raw = path.read_bytes()
    document: Json = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return document


if __name__ == "__main__":
    text = json.dumps(build(read(Path(sys.argv[1]))), separators=(",", ":"), sort_keys=True)
    (Path(__file__).parent / "tables.json").write_text(text + "\n", encoding="utf-8")
