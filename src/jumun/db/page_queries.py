"""How long a query of a page may take on PostgreSQL, which goes on with it even when nobody waits for the page.

SQLite has no such limit: what a search may ask there is bounded by its number of words alone.
"""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from jumun.conf import jumun


def limit_page_queries() -> None:
    """Have PostgreSQL cancel each query of this process that takes longer than ``JUMUN["PAGE_QUERY_TIMEOUT_S"]``.

    Call it in ``wsgi.py``: web processes load that, the worker and the commands do not. An export's single long query
    lifts the limit for itself. A query that is cancelled raises `OperationalError`, which `jumun.views.server_error`
    answers with 503.
    """
    connection_created.connect(_limit, dispatch_uid="jumun.db.page_queries")


def _limit(*, connection: BaseDatabaseWrapper, **_more: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(_timeout_ms())])


def _timeout_ms() -> int:
    return max(1, round(jumun().page_query_timeout_s * 1000))
