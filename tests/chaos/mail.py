"""A mail server that is busy now and then, and for a while hangs."""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from tests.invoices.mail_server import MailServer

BUSY_PROBABILITY = 0.05
BUSY = b"421 4.3.2 busy\r\n"


class Post(MailServer):
    """``busy`` is the share of visits that are refused; ``seed`` decides which, by their number."""

    def __init__(self, *, seed: int, busy: float = BUSY_PROBABILITY) -> None:
        super().__init__()
        self._seed = seed
        self._busy = busy
        self._lives = threading.Event()
        self._lives.set()
        self._numbers = count(1)

    @property
    def environment(self) -> dict[str, str]:
        """For a store that sends its mails here."""
        return {
            "JUMUN_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "JUMUN_EMAIL_HOST": "127.0.0.1",
            "JUMUN_EMAIL_PORT": str(self.port),
        }

    def hang(self) -> None:
        """From now on, take connections and say nothing."""
        self._lives.clear()

    def live(self) -> None:
        """Serve again. Those who were kept waiting are cut off."""
        self._lives.set()

    def finish_request(self, request: Any, client_address: Any) -> None:
        if not self._lives.is_set():
            self._lives.wait()
        elif random.Random(f"{self._seed} mail {next(self._numbers)}").random() < self._busy:
            request.sendall(BUSY)
        else:
            super().finish_request(request, client_address)

    def message_ids(self) -> list[str]:
        """Of every mail that was accepted, as often as it was."""
        return [str(mail["Message-ID"]) for mail in list(self.accepted)]

    def keep_in(self, folder: Path) -> None:
        """Write every mail that was accepted into a file of its own."""
        folder.mkdir(exist_ok=True)
        for number, mail in enumerate(self.accepted, start=1):
            (folder / f"{number}.eml").write_bytes(mail.as_bytes())


@contextmanager
def post(*, seed: int, busy: float = BUSY_PROBABILITY) -> Iterator[Post]:
    """A running one, for the length of a ``with`` block."""
    with Post(seed=seed, busy=busy) as server:
        thread = threading.Thread(target=server.serve_forever, name="mail server", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.live()
            server.shutdown()
