from typing import Any

from django.utils.translation import gettext_lazy as _

from jumun import installed


class PaymentsConfig(installed.InstalledApp):
    name = "jumun.payments"
    label = "jumun_payments"
    verbose_name = _("Payments")

    def ready(self) -> None:
        from jumun.outbox.queues import register_queue
        from jumun.outbox.signals import worker_started
        from jumun.outbox.warnings import register_warnings
        from jumun.payments import checks  # noqa: F401
        from jumun.payments.models import InboxEvent
        from jumun.payments.webhooks.process import process
        from jumun.payments.webhooks.reception import warnings

        register_queue(InboxEvent, process)
        register_warnings(warnings)
        worker_started.connect(_preload, dispatch_uid="jumun.payments")


def _preload(**_: Any) -> None:
    from jumun.payments.stripe import gateway

    gateway.preload()
