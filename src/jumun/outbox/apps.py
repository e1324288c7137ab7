from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from jumun import installed


class OutboxConfig(installed.InstalledApp):
    name = "jumun.outbox"
    label = "jumun_outbox"
    verbose_name = _("Background work")

    def ready(self) -> None:
        from jumun.outbox import checks  # noqa: F401
        from jumun.outbox.models import Job
        from jumun.outbox.queues import register_queue

        register_queue(Job, Job.run)
        autodiscover_modules("jobs", "audits")
