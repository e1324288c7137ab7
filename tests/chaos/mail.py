"""A mail server that is busy now and then; what it takes lies in files."""

import random
import smtplib
from collections.abc import Sequence

from django.core.mail.backends.filebased import EmailBackend
from django.core.mail.message import EmailMessage

BUSY_PROBABILITY = 0.05


class FlakyBackend(EmailBackend):
    """Django's own for files, which refuses a message before it has taken anything of it."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if random.random() < BUSY_PROBABILITY:
            raise smtplib.SMTPServerDisconnected("busy")
        return super().send_messages(email_messages) or 0
