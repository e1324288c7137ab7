from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jumun.outbox.due_times import late_recurring
from jumun.outbox.lanes import Lane
from jumun.outbox.readiness import not_ready_reason
from jumun.outbox.status import oldest_waiting_s
from jumun.outbox.warnings import current_warnings


@require_safe
@never_cache
def healthz(_request: HttpRequest) -> JsonResponse:
    """Answers whenever the process runs."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 if the database answers, has this version's tables and accepts writes; otherwise 503 with the ``reason``.

    Also the worker's state, which does not change the status: how many seconds the oldest due row has waited, in total
    and by lane (0 if none is due), which recurring jobs are late, and the codes of `jumun.outbox.warnings`.
    """
    if reason := not_ready_reason():
        return JsonResponse({"ok": False, "reason": reason}, status=503)
    now = timezone.now()
    lanes = {lane.value: oldest_waiting_s(now, lane) for lane in Lane}
    warnings = [code for code, _ in current_warnings()]
    reported = {"warnings": warnings} if warnings else {}
    return JsonResponse(
        {
            "ok": True,
            "oldest_waiting_s": max(lanes.values()),
            "lanes": lanes,
            "late_recurring": late_recurring(now),
            **reported,
        }
    )
