"""A time limit for the queries of pages on PostgreSQL, which would continue them even when nobody waits any more.

SQLite has no such limit; there only the number of words bounds a search.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from jumun.conf import jumun


def limit_page_queries() -> None:
    """Make PostgreSQL cancel every query of this process that takes longer than ``JUMUN["PAGE_QUERY_TIMEOUT_S"]``.

    Call it in ``wsgi.py``, which only web processes load. An export lifts the limit for its one long query. A canceled
    query raises `OperationalError`, which `jumun.views.server_error`
    answers with 503.
    """
    connection_created.connect(_limit, dispatch_uid="jumun.db.page_queries")


def _limit(*, connection: BaseDatabaseWrapper, **_more: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(_timeout_ms())])


def _timeout_ms() -> int:
    return max(1, round(jumun().page_query_timeout_s * 1000))
