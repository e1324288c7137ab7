"""Every mail of the store goes out here: one frame, one rule for its Message-ID, one time limit."""

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

# Where the project sets no EMAIL_TIMEOUT, Django would wait for ever.
TIMEOUT_S = 10.0
# What may stand before the @ of a Message-ID: an "atext" of RFC 5322, or a dot. Letters and digits are always left.
ATEXT = "!#$&'*+/=?^_{|}~-."
DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
# RFC 5321: an answer from here on is for good.
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
    """Send ``jumun/mail/<template>.txt``, with ``.html`` beside it where there is one, in ``language``.

    ``name`` is the cause of the mail, the same for every try: it makes the Message-ID, by which a mail server or a
    reader recognises a repeated mail. ``pdf`` is a file name and its content.

    Raises `MailRefused` for an address that no try can reach, and what the mail server says, to be tried again.
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
    """``<name@domain of the seller>`` as RFC 5322 allows it: ASCII, whatever the script of either."""
    domain = _ascii_domain(parseaddr(jumun().seller.email)[1]) or "localhost"
    # No dot first, last or beside another.
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
    """The domain in punycode (RFC 3492); empty where there is none that a name server could know."""
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
    """Give the mail to its server. A goodbye that fails after the server has taken the mail is not a failure."""
    connection = _connection()
    try:
        if isinstance(connection, SmtpBackend):
            connection.timeout = connection.timeout or TIMEOUT_S
            # Who opens it closes it.
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
