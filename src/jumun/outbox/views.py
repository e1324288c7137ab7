from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jumun.outbox.lanes import Lane
from jumun.outbox.status import oldest_waiting_s
from jumun.outbox.warnings import current_warnings


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """The database answers; for how many seconds the oldest due row has been waiting, of all and by lane (0: none), and
    in ``warnings`` the codes of what else is wrong, if anything is, see `jumun.outbox.warnings`.
    """
    connection.ensure_connection()
    now = timezone.now()
    lanes = {lane.value: oldest_waiting_s(now, lane) for lane in Lane}
    warnings = [code for code, _ in current_warnings()]
    told = {"warnings": warnings} if warnings else {}
    return JsonResponse({"ok": True, "oldest_waiting_s": max(lanes.values()), "lanes": lanes, **told})
