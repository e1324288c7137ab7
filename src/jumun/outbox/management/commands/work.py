import signal
import sys
import threading
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from jumun.outbox.models import Job
from jumun.outbox.status import LATE_S, queue_statuses
from jumun.outbox.worker import drain, work


class Command(BaseCommand):
    help = "Process received events and jobs. Run one on SQLite, as many as needed on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="process what is due, then end")
        parser.add_argument(
            "--concurrency",
            type=int,
            metavar="N",
            help="threads for events, and as many for jobs (4; 1 on SQLite, where one writes at a time)",
        )
        parser.add_argument(
            "--status", action="store_true", help="tell what waits and what was given up; exit code 1 for either"
        )
        parser.add_argument(
            "--late", type=int, default=LATE_S, metavar="SECONDS", help=f"what counts as waiting too long ({LATE_S})"
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["status"]:
            self._status(options["late"])
            return
        if options["once"]:
            Job.ensure_recurring()
            self.stdout.write(f"{drain()} processed")
            return
        concurrency = options["concurrency"]
        if concurrency is None:
            concurrency = 1 if connection.vendor == "sqlite" else 4
        if concurrency < 1:
            raise CommandError("--concurrency takes a number of threads")
        self._work(concurrency)

    def _status(self, late_s: int) -> None:
        is_well = True
        for queue in queue_statuses():
            self.stdout.write(
                f"{queue.queue}: the oldest waits for {queue.oldest_waiting_s:.0f} s; "
                f"{queue.in_hand} in hand, {sum(queue.parked.values())} parked"
            )
            for kind in sorted(queue.waiting | queue.parked):
                told = f"{queue.waiting.get(kind, 0)} waiting, {queue.parked.get(kind, 0)} parked"
                self.stdout.write(f"  {kind}: {told}")
            is_well = is_well and not queue.parked and queue.oldest_waiting_s <= late_s
        if not is_well:
            sys.exit(1)

    def _work(self, concurrency: int) -> None:
        stop, told = threading.Event(), threading.Event()

        def end(_signal: int, _frame: FrameType | None) -> None:
            told.set()
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.stdout.write("working")
        work(stop, concurrency=concurrency)
        if not told.is_set():
            raise CommandError("a thread of the worker has died: see the log")
