"""A mail server that is busy now and then; what it takes lies in files."""

import os
import random
import smtplib
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend
from django.core.mail.message import EmailMessage

SEED = "JUMUN_CHAOS_SEED"
BUSY_PROBABILITY = 0.05


class FlakyBackend(EmailBackend):
    """Django's own for files, which refuses a message before it has taken anything of it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if random.Random(f"{os.environ[SEED]} mail {_next_number()}").random() < BUSY_PROBABILITY:
            raise smtplib.SMTPServerDisconnected("busy")
        return super().send_messages(email_messages) or 0


def _next_number() -> int:
    """The number of a delivery among those of all workers: each adds a byte to one file, and sees where it has gone."""
    counted = os.open(Path(settings.DATA_DIR) / "mails-tried", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        os.write(counted, b".")
        return os.lseek(counted, 0, os.SEEK_CUR)
    finally:
        os.close(counted)
