import signal
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jumun.outbox.models import Job
from jumun.outbox.worker import drain, work


class Command(BaseCommand):
    help = "Process received events and jobs. Run one on SQLite, as many as needed on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="process what is due, then end")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["once"]:
            Job.ensure_recurring()
            self.stdout.write(f"{drain()} processed")
            return
        stop = threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.stdout.write("working")
        work(stop)
