import json

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from jumun.backoffice import markup
from jumun.backoffice.readonly import QueueAdmin
from jumun.orders.masking import masked
from jumun.outbox.models import Job

RUN_AT = markup.moment_column("run_at", _("not before"))
CREATED_AT = markup.moment_column("created_at", _("created at"))
FINISHED_AT = markup.moment_column("finished_at", _("finished at"))
STATE = markup.badge_column("state", _("state"))
LAST_ERROR = markup.masked_column("last_error", _("last error"))


@admin.register(Job)
class JobAdmin(QueueAdmin):
    list_display = ("key", STATE, "attempts", RUN_AT, FINISHED_AT, "error")
    search_fields = ("key",)
    ordering = ("-id",)
    fields = (
        *("kind", "lane", "key", "arguments", "state", "attempts", "deaths"),
        *(RUN_AT, CREATED_AT, FINISHED_AT, LAST_ERROR),
    )
    readonly_fields = fields

    @admin.display(description=_("last error"))
    def error(self, job: Job) -> str:
        return masked(job.last_error)[:80] or markup.NOTHING

    @admin.display(description=_("arguments"))
    def arguments(self, job: Job) -> SafeString:
        return markup.source(json.dumps(job.args, indent=2, ensure_ascii=False))
