from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jumun.outbox.lease import State
from jumun.outbox.queues import registered_queues


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers, and how many seconds the oldest due row has been waiting (0 for none)."""
    connection.ensure_connection()
    now = timezone.now()
    due = [queue._default_manager.filter(state=State.READY, run_at__lte=now) for queue in registered_queues()]
    waiting = [rows.aggregate(oldest=Min("run_at"))["oldest"] for rows in due]
    oldest_s = max(((now - moment).total_seconds() for moment in waiting if moment), default=0.0)
    return JsonResponse({"ok": True, "oldest_waiting_s": round(oldest_s, 3)})
