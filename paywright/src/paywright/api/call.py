"""The argument of a resource's function."""

from dataclasses import dataclass, field
from typing import Any

from paywright.api.expand import Tree
from paywright.state.store import Transaction

Json = dict[str, Any]


@dataclass
class Call:
    """One API call: checked parameters, the ids in its path, and the open transaction."""

    tx: Transaction
    params: Json
    path: dict[str, str]
    url: str
    api_version: str
    expand: Tree = field(default_factory=dict)
