"""Sends every mail of the store, with one frame, one rule for the Message-ID and one timeout."""

import re
import smtplib
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parseaddr
from typing import Any
from urllib.parse import quote

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation
from django.utils.encoding import punycode
from django.utils.functional import Promise

from jumun.conf import jumun
from jumun.errors import MailRefused

# Without EMAIL_TIMEOUT Django would wait for ever.
TIMEOUT_S = 10.0
# Allowed before the @ of a Message-ID, beside letters and digits: the "atext" of RFC 5322, and dots.
ATEXT = "!#$&'*+/=?^_{|}~-."
DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# RFC 5321: replies from 500 on are permanent failures.
PERMANENT = 500


def send(
    template: str,
    *,
    to: str,
    subject: Promise,
    subject_values: Mapping[str, str],
    language: str,
    name: str,
    context: Mapping[str, Any],
    pdf: tuple[str, bytes] | None = None,
) -> None:
    """Send ``jumun/mail/<template>.txt``, and ``.html`` if there is one, in ``language``.

    ``name`` is the cause of the mail and the same at every attempt. It makes the Message-ID, by which mail programs
    recognise a repeated mail. ``pdf`` is a file name and its content.

    Raises `MailRefused` for an address that no attempt can reach, and other errors of the mail server, to be retried.
    """
    context = {**context, "seller": jumun().seller}
    text, html = get_template(f"jumun/mail/{template}.txt"), _template_or_none(f"jumun/mail/{template}.html")
    with translation.override(language):
        message = EmailMultiAlternatives(
            subject=str(subject) % subject_values,
            body=text.render(context),
            to=[_deliverable(to)],
            headers={"Message-ID": message_id(name)},
        )
        if html:
            message.attach_alternative(html.render(context), "text/html")
    if pdf:
        message.attach(*pdf, "application/pdf")
    _hand_over(message)


def message_id(name: str) -> str:
    """``<name@domain of the seller>`` in the ASCII that RFC 5322 allows."""
    domain = _ascii_domain(parseaddr(jumun().seller.email)[1]) or "localhost"
    # No dot at either end or beside another dot.
    left = re.sub(r"^\.|\.$|(?<=\.)\.", "%2E", quote(name, safe=ATEXT))
    return f"<{left}@{domain}>"


def _deliverable(address: str) -> str:
    """``address`` if a mail can carry it. Raises `MailRefused`: most servers want ASCII before the @."""
    addr_spec = parseaddr(address)[1]
    local = addr_spec.rpartition("@")[0]
    if not (local and local.isascii() and _ascii_domain(addr_spec) and address.isprintable()):
        raise MailRefused("this address cannot be written into a mail")
    return address


def _ascii_domain(addr_spec: str) -> str:
    """The domain in punycode (RFC 3492); empty if it cannot be a domain."""
    try:
        domain = punycode(addr_spec.rpartition("@")[2])
    except UnicodeError:
        return ""
    return domain if DOMAIN.fullmatch(domain) else ""


def _template_or_none(name: str) -> Any:
    try:
        return get_template(name)
    except TemplateDoesNotExist:
        return None


def _hand_over(message: EmailMultiAlternatives) -> None:
    """Send the mail. An error while the connection is closed, after the server has taken the mail, is not a failure."""
    connection = _connection()
    try:
        if isinstance(connection, SmtpBackend):
            connection.timeout = connection.timeout or TIMEOUT_S
            # Opened here, so that it is closed here.
            connection.open()
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as refusal:
        ((code, reply),) = refusal.recipients.values()
        if code < PERMANENT:
            raise
        raise MailRefused(
            f"the mail server refuses the recipient: {code} {reply.decode(errors='replace')}"
        ) from refusal
    finally:
        with suppress(Exception):
            connection.close()


def _connection() -> BaseEmailBackend:
    # Django 6.1 has MAILERS instead, which 5.2 does not know.
    mailers = getattr(mail, "mailers", None)
    return mailers.default if mailers else mail.get_connection()
