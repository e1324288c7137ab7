"""New objects with every nullable member of Stripe's schema present, and their public form.

Members that begin with an underscore are the server's own and never leave it.
"""

from typing import Any

from paywright.spec import tables

Json = dict[str, Any]


def blank(kind: str, **members: Any) -> Json:
    """Return an object of ``kind`` with all nullable members null, then ``members``."""
    return {"object": kind, "livemode": False, **dict.fromkeys(tables()["objects"][kind]), **members}


def public(doc: Json) -> Json:
    """The object as clients see it."""
    return {name: value for name, value in doc.items() if not name.startswith("_")}
