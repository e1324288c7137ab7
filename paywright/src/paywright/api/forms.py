"""Bracket parameters: ``a[b]=c&items[0][price]=x&expand[]=y`` to nested dicts.

Arrays stay dicts keyed by their index ("0", "1", ...), because only the schema of
``paywright.api.parameters`` knows which of them are arrays.
"""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from paywright.api.errors import ApiError, invalid_request

Raw: TypeAlias = "str | dict[str, Raw]"

FIELDS_MAX = 5_000
DEPTH_MAX = 12
_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def parse(text: str) -> dict[str, Raw]:
    """Return the nested parameters of a form body or query string; raise ApiError when malformed."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except UnicodeDecodeError:
        raise invalid_request("Invalid request: parameters must be UTF-8.") from None
    except ValueError:
        raise invalid_request(f"Too many parameters: at most {FIELDS_MAX} are read.") from None
    tree: dict[str, Raw] = {}
    for name, value in pairs:
        _put(tree, _path(name), value, name)
    return tree


def _path(name: str) -> list[str]:
    match = _NAME.match(name)
    if match is None:
        raise invalid_request(f"Invalid parameter name: {name[:80]!r}")
    path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(path) > DEPTH_MAX:
        raise invalid_request(f"Parameter is nested too deeply: {name[:80]!r}")
    return path


def _put(tree: dict[str, Raw], path: list[str], value: str, name: str) -> None:
    node = tree
    for position, key in enumerate(path[:-1]):
        child = node.setdefault(key or _slot(node, path[position + 1 :]), {})
        if isinstance(child, str):
            raise _conflict(name)
        node = child
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise _conflict(name)
    node[last] = value


def _slot(node: dict[str, Raw], below: list[str]) -> str:
    """``a[][x][y]=1&a[][x][z]=2&a[][x][y]=3``: a repeated member begins the next element, as in Rack."""
    if not node:
        return "0"
    last = str(len(node) - 1)
    return str(len(node)) if _holds(node.get(last), below) else last


def _holds(node: "Raw | None", path: list[str]) -> bool:
    """Whether ``path`` already has a value. ``""`` in the path appends, so it never has one."""
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return True


def _conflict(name: str) -> ApiError:
    return invalid_request(f"Parameter given both as a value and as an object: {name[:80]!r}")
