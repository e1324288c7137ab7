"""What the terminal shows once the store runs: what is where, and what to try."""

import shlex
from collections.abc import Iterable, Iterator

from shop.run.configuration import ROOT, STAFF_NAME, Configuration
from shop.terminal import _, padded, width


def welcome(configuration: Configuration, password: str | None) -> str:
    """The whole text; the staff user's password if it was made just now."""
    mails = _("Mails are written into {folder}. Ctrl-C ends everything.").format(folder=configuration.data / "mail")
    lines = [_("The store is open."), "", *_columns(_addresses(configuration, password))]
    return "\n" + "\n".join([*lines, "", *_try_this(configuration), "", mails, ""])


def _addresses(configuration: Configuration, password: str | None) -> Iterator[tuple[str, ...]]:
    yield _("Store"), f"{configuration.store_url}/"
    yield _("Admin"), f"{configuration.store_url}/admin/", _login(configuration, password)
    if configuration.paywright_url:
        yield "Paywright", f"{configuration.paywright_url}/", _("stands in for Stripe: no account, no real money")


def _login(configuration: Configuration, password: str | None) -> str:
    if password:
        return _("user {name}, password {password} (shown only now)").format(name=STAFF_NAME, password=password)
    elsewhere = configuration.data.resolve() != ROOT / "var"
    folder = f"--data {shlex.quote(str(configuration.data.resolve()))} " if elsewhere else ""
    command = f"./run {folder}manage changepassword {STAFF_NAME}"
    return _("user {name} (new password: {command})").format(name=STAFF_NAME, command=command)


def _try_this(configuration: Configuration) -> Iterator[str]:
    if configuration.paywright_url:
        yield _("Buy something and pay with one of these cards, with any CVC and any date in the future:")
    else:
        if configuration.livemode:
            yield _("STRIPE_SECRET_KEY is a live key: Stripe takes the payments, and cards are really charged.")
        else:
            yield _("STRIPE_SECRET_KEY is set: Stripe takes the payments, in test mode; Paywright is not started.")
        forward = f"stripe listen --all-snapshot --forward-to localhost:{configuration.port}/payment/webhooks/"
        yield _("Stripe's events arrive only while this runs in another terminal: {command}").format(command=forward)
    if not configuration.livemode:
        cards = {"4242 4242 4242 4242": _("paid"), "4000 0000 0000 0002": _("declined")}
        cards["4000 0025 0000 3155"] = _("3D Secure needed")
        yield from _columns(cards.items())


def _columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(width(row[column]) for row in rows) for column in (0, 1)]
    for row in rows:
        aligned = [padded(cell, to) for cell, to in zip(row, widths, strict=False)]
        yield "  " + "   ".join([*aligned, *row[2:]]).rstrip()
