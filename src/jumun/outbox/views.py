from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jumun.outbox.lanes import Lane
from jumun.outbox.status import oldest_waiting_s


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers; for how many seconds the oldest due row has been waiting, of all and by lane (0: none)."""
    connection.ensure_connection()
    now = timezone.now()
    lanes = {lane.value: oldest_waiting_s(now, lane) for lane in Lane}
    return JsonResponse({"ok": True, "oldest_waiting_s": max(lanes.values()), "lanes": lanes})
